import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Rig, startRig } from '../rig.ts';
import { addPlainTarget } from './plain-target.ts';
import { bind, describePortal, errorsOf, execute, parse, query, rowsOf, sync, type Wire, wireThrough } from './wire.ts';

/**
 * Somebody changes the database behind the gateway's back, after a statement was judged and before the server reads it: a lock holds the
 * statement in between, so no clock decides. What was judged is then not what runs. No labelled value may arrive.
 */
let rig: Rig;
let admin: pg.Client;
let watcher: pg.Client;
let secrets: readonly string[];

beforeAll(async () => {
  rig = await startRig();
  await addPlainTarget(rig);
  const connectionString = rig.postgres.url.replace(/postgres$/, 'crm');
  admin = new pg.Client({ connectionString });
  watcher = new pg.Client({ connectionString });
  await admin.connect();
  await watcher.connect();
  const { rows } = await admin.query<{ readonly v: string }>('select ssn as v from customers where id <= 20');
  secrets = rows.map(({ v }) => v);
});

afterAll(async () => {
  await admin.end();
  await watcher.end();
  await rig[Symbol.asyncDispose]();
});

const swap = (a: string, b: string): string =>
  `alter table customers rename column ${a} to between_us; alter table customers rename column ${b} to ${a};
   alter table customers rename column between_us to ${b}`;

/** Sends `messages`, which the server starts to read while the change is not committed, and goes on when it is. */
async function underChange(wire: Wire, change: string, ...messages: readonly Buffer[]): Promise<void> {
  await admin.query(`begin; ${change}`);
  wire.send(...messages);
  for (;;) {
    const { rows } = await watcher.query(
      "select from pg_stat_activity where usename = 'app' and wait_event_type = 'Lock'",
    );
    if (rows.length > 0) break;
  }
  await admin.query('commit');
}

const asked = 'select id, name from customers where id = 1';

test.each<readonly [name: string, before: readonly Buffer[], then: readonly Buffer[]]>([
  ['a Query', [], [query(asked)]],
  ['Parse and Execute, described', [], [parse('', asked), bind('', ''), describePortal(''), execute(), sync]],
  ['Parse and Execute without a description', [], [parse('', asked), bind('', ''), execute(), sync]],
  ['a statement that was prepared before', [parse('s', asked), sync], [bind('', 's'), execute(), sync]],
  [
    'a statement that ran before',
    [parse('s', asked), bind('', 's'), execute(), sync],
    [bind('', 's'), describePortal(''), execute(), sync],
  ],
  ['a name made by a subquery', [], [query('select id, x.name from (select id, name from customers) x where id = 1')]],
  ['a cursor', [], [query('begin; declare c cursor for ' + asked + '; fetch c; commit')]],
])('%s: a column that somebody exchanged meanwhile leaves redacted', async (_name, before, then) => {
  await using ana = await wireThrough(await loginOf('ana'));
  if (before.length > 0) {
    ana.send(...before);
    await ana.readies();
  }
  const logged = rig.log.length;
  await underChange(ana, swap('name', 'ssn'), ...then);
  try {
    const rows = rowsOf(await ana.readies());
    expect(rows.map(([id]) => id)).toEqual(['1']);
    expect(leaks(ana)).toEqual([]);
    const told = rig.log.slice(logged).filter((line) => line.includes('analysis and server disagree'));
    expect(told.join('\n')).toContain('public.customers.ssn (pii.ssn) by the server');
    expect(told.some((line) => secrets.some((secret) => line.includes(secret)))).toBe(false);
  } finally {
    await admin.query(swap('name', 'ssn'));
  }
});

test('the disagreement is counted', async () => {
  const { port } = rig.gateway.addresses.admin;
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`, {
    headers: { authorization: `Bearer ${await rig.token('otto')}` },
  });
  const text = await answer.text();
  expect(Number(/^sallyport_analysis_doubts_total\{target="crm"\} (\d+)$/m.exec(text)?.[1])).toBeGreaterThanOrEqual(1);
});

test('a table that was made anew meanwhile leaves redacted, whatever stands in it', async () => {
  await admin.query('create table anew (id int, v text); grant select on anew to app');
  await using ana = await wireThrough(await loginOf('ana'));
  expect(errorsOf(await ana.query('select v from anew'))).toEqual([]);
  const change =
    'drop table anew; create table anew as select id::int, ssn as v from customers where id = 1; grant select on anew to app';
  await underChange(ana, change, query('select v from anew'));
  try {
    expect(rowsOf(await ana.readies())).toHaveLength(1);
    expect(leaks(ana)).toEqual([]);
  } finally {
    await admin.query('drop table anew');
  }
});

test('an error of such a statement is redacted as well', async () => {
  await using ana = await wireThrough(await loginOf('ana'));
  const failing = 'select name, 1 / (id - 3) from customers where id <= 3 order by id';
  await underChange(ana, swap('name', 'ssn'), query(failing));
  try {
    const heard = await ana.readies();
    expect(errorsOf(heard)).toEqual(['22000']);
    expect(leaks(ana)).toEqual([]);
    expect(ana.heard.includes('division by zero')).toBe(false);
  } finally {
    await admin.query(swap('name', 'ssn'));
  }
});

test('where nothing is labelled nothing is doubted', async () => {
  await using ben = await wireThrough({ ...(await loginOf('ben')), database: 'plain' });
  await underChange(ben, swap('name', 'ssn'), query(asked));
  try {
    expect(rowsOf(await ben.readies())).toEqual([['1', secrets[0]]]);
  } finally {
    await admin.query(swap('name', 'ssn'));
  }
});

async function loginOf(principal: string) {
  return { port: rig.port, user: 'app', database: 'crm', password: await rig.token(principal) };
}

function leaks(wire: Wire): readonly string[] {
  const { heard } = wire;
  return secrets.filter((secret) => heard.includes(secret));
}
