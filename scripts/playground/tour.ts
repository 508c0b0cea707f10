import { z } from 'zod';
import { generateCrm } from '../../gateway/testing/crm/generate.ts';
import { sallyport, sqlClient, type Client, type Ran } from './client.ts';
import type { World } from './world.ts';

/** What a step's output must and must not have in it. */
interface Expectation {
  readonly has?: readonly (string | RegExp)[];
  readonly lacks?: readonly string[];
  readonly exitCode?: number;
}

const holdTimeoutMs = 20_000;

/**
 * Does everything that the demo suggests, with a real client, and shows each command with its real output.
 * @returns how many steps came out otherwise than they should
 */
export async function runTour(world: World): Promise<number> {
  const client = sqlClient(world);
  const tour = new Tour();
  const secrets = generateCrm()
    .customers.slice(0, 5)
    .flatMap((c) => [String(c['ssn']), String(c['card_number']), String(c['email'])]);

  tour.title(`Allowed: ana reads what no rule protects (${client.name})`);
  tour.show(await client.sql('ana', ['select id, name, city from customers order by id limit 5']), {
    has: ['(5 rows)'],
    exitCode: 0,
  });

  tour.title('Masked: labelled columns leave the gateway changed, whoever asks in whatever format');
  tour.show(await client.sql('ana', ['select name, email, ssn, card_number from customers order by id limit 5']), {
    has: ['(5 rows)'],
    lacks: secrets,
    exitCode: 0,
  });

  tour.title('Denied: an agent forgets the WHERE clause. Its session goes on');
  tour.show(await client.sql('ops-agent', ['delete from customers', 'select count(*) from customers']), {
    has: ['ERROR:  denied by policy: delete on every row of public.customers [PG-002]', 'Add a WHERE clause.', '3200'],
  });

  tour.title('Held: an agent changes production, and a person lets it');
  await heldUpdate(tour, world, client);

  tour.title('Replayed: what the agent saw, as it saw it');
  await replay(tour, world);

  tour.title('Verified: nobody has changed the log');
  tour.show(
    await sallyport(world, 'otto', ['audit', 'query', '--identity', 'ops-agent', '--type', 'decision', '--limit', '5']),
    {
      has: ['PG-002', 'require_approval'],
      exitCode: 0,
    },
  );
  tour.show(await sallyport(world, undefined, ['audit', 'verify', '--config', world.configFile]), {
    has: ['verified: '],
    exitCode: 0,
  });
  return tour.end();
}

/** The agent waits in one terminal while ben decides in another. */
async function heldUpdate(tour: Tour, world: World, client: Client): Promise<void> {
  const statements = ["update orders set status = 'refunded' where id = 42"];
  let told = (): void => undefined;
  const waiting = new Promise<void>((resolve) => (told = resolve));
  const update = client.sql('ops-agent', statements, (text) => {
    if (text.includes('NOTICE')) told();
  });
  const over = await Promise.race([waiting, update, pause(holdTimeoutMs)]);
  if (over) return tour.show(over, { has: ['a notice that the statement is held, before its result'] });

  tour.command(client.show('ops-agent', statements), '(waits)');
  const listed = await sallyport(world, 'ben', ['approvals', 'list']);
  tour.show(listed, { has: ['ops-agent', 'update'], exitCode: 0 });
  const id = /^([0-7][0-9A-HJKMNP-TV-Z]{25})\b/m.exec(listed.output)?.[1] ?? '';
  tour.show(await sallyport(world, 'ben', ['approvals', 'approve', id, '--reason', 'ticket 4711']), {
    has: ['approved (1 of 1)'],
    exitCode: 0,
  });
  const done = await Promise.race([update, pause(holdTimeoutMs)]);
  const output = done?.output ?? '(nothing came back)';
  tour.show(
    { shown: '# and in the terminal of the agent', output, exitCode: done?.exitCode ?? 1 },
    { has: ['NOTICE', 'UPDATE 1'], exitCode: 0 },
  );
}

async function replay(tour: Tour, world: World): Promise<void> {
  const sessions = await sallyport(world, 'otto', ['sessions', 'list', '--principal', 'ops-agent', '--json']);
  const list = z.array(z.object({ id: z.string(), denials: z.number() })).safeParse(parsed(sessions.output));
  const denied = list.data?.find((s) => s.denials > 0)?.id;
  if (denied === undefined) return tour.show(sessions, { has: ['a session of ops-agent with a denial'] });
  tour.show(await sallyport(world, 'otto', ['sessions', 'replay', denied]), {
    has: ['delete from customers', 'PG-002', 'select count(*) from customers'],
    exitCode: 0,
  });
}

/** Prints the steps and counts those that came out wrong. */
class Tour {
  #step = 0;
  #wrong = 0;

  title(text: string): void {
    this.#step += 1;
    process.stdout.write(`\n${bold(`${String(this.#step)}. ${text}`)}\n`);
  }

  command(shown: string, output: string): void {
    process.stdout.write(`\n  $ ${shown}\n${output.trimEnd().replace(/^/gm, '  ')}\n`);
  }

  show(ran: Ran, expected: Expectation): void {
    this.command(ran.shown, ran.output);
    const missing = (expected.has ?? []).filter(
      (h) => !(typeof h === 'string' ? ran.output.includes(h) : h.test(ran.output)),
    );
    const leaked = (expected.lacks ?? []).filter((text) => ran.output.includes(text));
    const exit = expected.exitCode === undefined || expected.exitCode === ran.exitCode;
    if (missing.length + leaked.length === 0 && exit) return;
    this.#wrong += 1;
    for (const text of missing) process.stdout.write(`  ✗ expected: ${String(text)}\n`);
    if (leaked.length > 0) process.stdout.write(`  ✗ ${String(leaked.length)} values came out unmasked\n`);
    if (!exit)
      process.stdout.write(`  ✗ expected exit code ${String(expected.exitCode)}, got ${String(ran.exitCode)}\n`);
  }

  end(): number {
    const said =
      this.#wrong === 0
        ? 'Everything came out as it should.'
        : `${String(this.#wrong)} came out otherwise than it should.`;
    process.stdout.write(`\n${bold(said)}\n`);
    return this.#wrong;
  }
}

function bold(text: string): string {
  return process.stdout.isTTY ? `\x1b[1m${text}\x1b[0m` : text;
}

function pause(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, ms, undefined).unref());
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
