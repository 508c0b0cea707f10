import { type ChildProcess, spawn } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { expect, test } from 'vitest';
import { noteSigner } from '../../audit/note.ts';
import { queryLog } from '../../audit/query.ts';
import { verifyLog } from '../../audit/verify.ts';
import { type Rig, startRig } from '../rig.ts';
import { addPlainTarget } from './plain-target.ts';

/** Rounds take about two seconds each: all 50 when asked for by SALLYPORT_HEAVY. */
const rounds = process.env['SALLYPORT_HEAVY'] === undefined ? 12 : 50;
const clients = 4;
const cli = join(import.meta.dirname, '../../cli/main.ts');

test(`killed ${String(rounds)} times under load, the gateway has logged everything that took effect, and its log verifies`, async () => {
  await using rig = await startRig({ crm: false });
  await addPlainTarget(rig);
  // From here on the gateway is a process of its own, on the same files.
  await rig.gateway.close();
  await using admin = await openClient(rig.postgres.url);
  await admin.client.query('create table killed (id int primary key)');
  const token = await rig.token('dora');
  const load: Load = {
    url: `postgres://postgres:${token}@127.0.0.1:${String(rig.port)}/plain`,
    next: 0,
    committed: new Set<number>(),
    ends: [],
  };

  for (let round = 0; round < rounds; round++) {
    const gateway = await serve(rig);
    const before = load.committed.size;
    const working = Array.from({ length: clients }, () => work(load));
    const over = Promise.all(working);
    let isOver = false;
    void over.then(() => (isOver = true));
    while (load.committed.size === before) {
      if (isOver) throw new Error(`nobody could insert anything: ${load.ends.join('; ')}`);
      await sleep(10);
    }
    // Time passes: the end may come at any moment.
    await sleep(Math.random() * 400);
    gateway.kill('SIGKILL');
    await once(gateway, 'close');
    await over;

    const logged = await loggedInserts(rig);
    const unlogged = [...load.committed].filter((id) => !logged.has(id));
    expect(unlogged, 'committed by the client’s knowledge and not in the log').toEqual([]);
    const { rows } = await admin.client.query<{ id: number }>('select id from killed');
    expect(
      rows.filter(({ id }) => !logged.has(id)),
      'in the table and not in the log',
    ).toEqual([]);
    const { ok, problems } = await verifyLog(join(rig.dir, 'audit'), await verifierKey(rig));
    expect({ ok, problems }).toEqual({ ok: true, problems: [] });
  }
}, 1_200_000);

interface Load {
  readonly url: string;
  next: number;
  /** What a client was told is committed. */
  readonly committed: Set<number>;
  /** Why each client stopped. */
  readonly ends: string[];
}

/** Inserts and selects until the gateway is gone, by simple and by extended query. */
async function work(load: Load): Promise<void> {
  try {
    await using connection = await openClient(load.url);
    const { client } = connection;
    for (;;) {
      const id = load.next++;
      const text = `insert into killed values (${String(id)})`;
      await (id % 2 === 0 ? client.query(text) : client.query({ text, name: `i${String(id)}` }));
      load.committed.add(id);
      await client.query('select count(*) from killed');
    }
  } catch (error) {
    load.ends.push(String(error));
    // The gateway was killed: whatever was not answered by then is not known to be committed.
  }
}

async function openClient(url: string): Promise<{ readonly client: pg.Client } & AsyncDisposable> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return { client, [Symbol.asyncDispose]: () => client.end().catch(() => undefined) };
}

/** Resolves when it listens. */
async function serve(rig: Rig): Promise<ChildProcess> {
  const child = spawn(process.execPath, [cli, 'serve', '--config', join(rig.dir, 'changed.yaml')]);
  let said = '';
  const listening = new Promise<void>((resolve, reject) => {
    const listen = (chunk: Buffer): void => {
      said += chunk.toString();
      if (said.includes('sallyport: PostgreSQL on')) resolve();
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.once('close', (code) => reject(new Error(`the gateway ended with ${String(code)}: ${said}`)));
  });
  await listening;
  return child;
}

async function loggedInserts(rig: Rig): Promise<ReadonlySet<number>> {
  const query = { type: 'decision', effect: 'allow', action: 'insert', limit: 1_000_000 } as const;
  const { entries } = await queryLog(join(rig.dir, 'audit'), query, { indexPath: null });
  return new Set(entries.map(({ event }) => Number(/values \((\d+)\)/.exec(event.command)?.[1])));
}

async function verifierKey(rig: Rig): Promise<string> {
  return noteSigner('rig.example/audit', createPrivateKey(await readFile(join(rig.dir, 'audit.key')))).verifierKey;
}
