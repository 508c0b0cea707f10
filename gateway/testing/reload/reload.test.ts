import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { apiClient } from '../../api/client.ts';
import { type Rig, rigPrincipals, startRig } from '../rig.ts';

/** One reload, seen by everybody whom it concerns: four busy readers, a held command, and somebody who has left. */
let rig: Rig;
const clients: pg.Client[] = [];

beforeAll(async () => {
  rig = await startRig({
    principals: [
      ...rigPrincipals,
      { name: 'rita', kind: 'human', groups: ['readers', 'reload-readers'] },
      { name: 'dave', kind: 'human', groups: ['developers', 'reload-developers'] },
      { name: 'lena', kind: 'human', groups: ['readers', 'reload-leavers'] },
    ],
  });
});
afterAll(async () => {
  await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
  await rig[Symbol.asyncDispose]();
});

async function connected(principal: string, user = 'app'): Promise<pg.Client> {
  const client = new pg.Client({
    host: 'localhost',
    port: rig.port,
    user,
    database: 'crm',
    password: await rig.token(principal),
    ssl: { ca: rig.ca },
  });
  await client.connect();
  clients.push(client);
  return client;
}

const admin = (principal: string) => {
  const { host, port } = rig.gateway.addresses.admin;
  return apiClient({ url: `http://${host}:${port}`, token: () => rig.token(principal) });
};

/** Rows, or the code and text of the error. */
async function outcome(client: pg.Client, sql: string): Promise<string> {
  try {
    await client.query(sql);
    return 'rows';
  } catch (error) {
    return error instanceof pg.DatabaseError ? `${error.code ?? ''} ${error.message}` : `lost: ${String(error)}`;
  }
}

test('a reload swaps between two commands: no session is dropped, held commands meet the new policy, who has left is out', async () => {
  const readers = await Promise.all(Array.from({ length: 4 }, () => connected('rita')));
  const lena = await connected('lena');
  const left = Promise.withResolvers<string>();
  lena.on('error', (error) => left.resolve(error.message)); // the message first, then the closed connection
  expect(await outcome(lena, 'select 1')).toBe('rows');

  // A command that waits for its approval.
  const dave = await connected('dave', 'owner');
  const held = outcome(dave, 'create table reload_test (id int)');
  const hold = await vi.waitFor(
    async () => {
      const listed = await admin('dora').approvals.list({ status: 'open' });
      if (!listed.ok) throw new Error(listed.problem.detail);
      const [first] = listed.value;
      if (!first) throw new Error('nothing is held');
      return first;
    },
    { timeout: 20_000, interval: 50 },
  );

  // Readers that never pause.
  let going = true;
  const seen = readers.map(() => [] as string[]);
  const busy = Promise.all(
    readers.map(async (client, i) => {
      while (going) seen[i]?.push(await outcome(client, 'select id from orders limit 1'));
    }),
  );
  await rig.publish([fileURLToPath(new URL('rules', import.meta.url))]);
  const after = await Promise.all(readers.map((client) => outcome(client, 'select id from orders limit 1')));
  going = false;
  await busy;

  // Rows, then denials, and nothing else: no error of another kind, and no row after the first denial.
  for (const outcomes of seen) {
    const turned = outcomes.findIndex((o) => o !== 'rows');
    const later = turned < 0 ? [] : outcomes.slice(turned);
    expect(turned).not.toBe(0);
    expect(later.filter((o) => !/^42501 .*orders are closed/s.test(o))).toEqual([]);
  }
  for (const one of after) expect(one).toMatch(/^42501 .*orders are closed/s);
  expect(await Promise.all(readers.map((client) => outcome(client, 'select id from customers limit 1')))).toEqual(
    readers.map(() => 'rows'),
  );

  // The approval comes after the reload, and does not bring the old policy back.
  await admin('dora').approvals.approve(hold.id, hold.digest, 'fine');
  expect(await held).toMatch(/^42501 .*the schema is frozen/s);
  expect(await outcome(dave, 'select 1')).toBe('rows');

  // Admission is asked again, and says no.
  expect(await left.promise).toContain('policy no longer admits it');
  await expect(connected('lena')).rejects.toThrow('has left');
}, 120_000);
