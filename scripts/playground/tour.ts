import { generateCrm } from '../../gateway/testing/crm/generate.ts';
import { sallyport, sqlClient } from './client.ts';
import { showHeld, showReplay } from './held.ts';
import { Tour } from './steps.ts';
import { tourOfHost } from './tour-ssh.ts';
import type { World } from './world.ts';

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
  const update = ["update orders set status = 'refunded' where id = 42"];
  await showHeld(tour, world, {
    shown: client.show('ops-agent', update),
    start: (onOutput) => client.sql('ops-agent', update, onOutput),
    waits: 'NOTICE',
    listed: ['ops-agent', 'update'],
    approver: 'ben',
    reason: 'ticket 4711',
    has: ['UPDATE 1'],
  });

  tour.title('Replayed: what the agent saw, as it saw it');
  await showReplay(tour, world, 'crm', (session) => session.denials > 0, [
    ...['delete from customers', 'PG-002', 'select count(*) from customers'],
  ]);

  await tourOfHost(tour, world);

  tour.title('Verified: nobody has changed the log');
  const refused = ['audit', 'query', '--identity', 'ops-agent', '--type', 'decision', '--effect', 'deny'];
  tour.show(await sallyport(world, 'otto', refused), {
    has: ['PG-002', ...('port' in world.ssh ? ['SSH-002'] : [])],
    exitCode: 0,
  });
  tour.show(await sallyport(world, undefined, ['audit', 'verify', '--config', world.configFile]), {
    has: ['verified: '],
    exitCode: 0,
  });
  return tour.end();
}
