import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fileURLToPath } from 'node:url';
import { type Rig, rigPrincipals, startRig } from '../rig.ts';
import { reconfigure } from './plain-target.ts';
import { play, type Step, step, stepUntil } from './script.ts';
import {
  bind,
  closePortal,
  closeStatement,
  describePortal,
  describeStatement,
  errorsOf,
  execute,
  flush,
  parse,
  query,
  rowsOf,
  run,
  sync,
  type Wire,
  wireDirect,
  wireThrough,
} from './wire.ts';

/**
 * Ana reads, and what is labelled leaves masked. Each script tries to make the gateway take one statement for another. Played direct it shows
 * the secret, or it would prove nothing; played through the gateway no byte of it may arrive.
 */
let rig: Rig;
let admin: pg.Client;
/** What must not be seen: every labelled value of the first customers and employees. */
let canaries: readonly Buffer[];

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

beforeAll(async () => {
  rig = await startRig({
    policies: [here('rules')],
    principals: [
      ...rigPrincipals,
      { name: 'ada', kind: 'human', groups: ['dba', 'everything'] },
      { name: 'sue', kind: 'human', groups: ['support'] },
    ],
  });
  // Schema changes need an approval in production only.
  await reconfigure(rig, (targets) => targets.map((target) => ({ ...target, labels: { env: 'dev' } })));
  admin = new pg.Client({ connectionString: rig.postgres.url.replace(/postgres$/, 'crm') });
  await admin.connect();
  const { rows } = await admin.query<{ readonly v: string }>(`
    select unnest(array[ssn, email, card_number, phone, notes]) as v from customers where id <= 20
    union select unnest(array[ssn, email, salary::text]) from employees where id <= 20`);
  canaries = rows.flatMap(({ v }) => (v === null ? [] : [Buffer.from(v)]));
});

afterAll(async () => {
  await admin.end();
  await rig[Symbol.asyncDispose]();
});

const secret = 'select ssn from customers where id = 1';
const harmless = 'select name as ssn from customers where id = 1';
const begin = query('begin');
const bad = parse('', 'select nosuch');

const attacks: readonly (readonly [name: string, ...steps: Step[]])[] = [
  ['plainly', step(query(secret)), step(run(secret), sync)],
  [
    'a Close and a Parse skipped by an error at Parse',
    step(parse('s', secret), sync),
    step(bad, closeStatement('s'), parse('s', harmless), sync, bind('', 's'), execute(), sync),
  ],
  [
    'a Close and a Parse skipped by an error at Execute',
    step(parse('s', secret), sync),
    step(run('select 1/0'), closeStatement('s'), parse('s', harmless), sync, bind('', 's'), execute(), sync),
  ],
  [
    'a Close skipped, and the answer awaited',
    step(parse('s', secret), sync),
    step(bad, closeStatement('s'), parse('s', harmless), sync),
    step(bind('', 's'), execute(), sync),
  ],
  [
    'a Close of the unnamed statement skipped, and a new one behind it',
    step(parse('', harmless), sync),
    step(parse('n', 'select nosuch'), closeStatement(''), sync, parse('', secret), sync),
    step(bind('', ''), execute(), sync),
  ],
  [
    'the unnamed statement replaced behind an error',
    step(parse('', harmless), sync),
    step(run('select 1/0'), sync, parse('', secret), sync, bind('', ''), execute(), sync),
  ],
  [
    'the unnamed statement replaced where an error skips it',
    step(parse('', secret), sync),
    step(bind('', 'nobody'), parse('', harmless), sync, bind('', ''), execute(), sync),
  ],
  [
    'a second Parse of a name that is taken',
    step(parse('s', secret), sync),
    step(parse('s', harmless), sync, bind('', 's'), execute(), sync),
  ],
  [
    'three definitions, the second skipped',
    step(parse('s', harmless), sync),
    step(closeStatement('s'), parse('s', secret), sync, bad, closeStatement('s'), parse('s', harmless), sync),
    step(bind('', 's'), execute(), sync),
  ],
  [
    'PREPARE in flight',
    step(parse('s', harmless), sync),
    step(query(`deallocate s; prepare s as ${secret}`), bind('', 's'), execute(), sync),
  ],
  [
    'PREPARE in flight by Execute',
    step(parse('s', harmless), sync),
    step(run('deallocate s'), run(`prepare s as ${secret}`), bind('', 's'), execute(), sync),
  ],
  [
    'PREPARE in flight and a description',
    step(parse('s', harmless), sync),
    step(
      query(`deallocate s; prepare s as ${secret}`),
      describeStatement('s'),
      bind('', 's'),
      describePortal(''),
      execute(),
      sync,
    ),
  ],
  [
    'DEALLOCATE ALL in flight',
    step(parse('s', harmless), sync),
    step(query('deallocate all'), parse('s', secret), bind('', 's'), execute(), sync),
  ],
  [
    'DISCARD ALL in flight',
    step(parse('s', harmless), sync),
    step(query('discard all'), query(`prepare s as ${secret}`), bind('', 's'), execute(), sync),
  ],
  [
    'PREPARE in a Query that fails',
    step(parse('s', harmless), sync),
    step(query(`deallocate s; prepare s as ${secret}; select 1/0`)),
    step(bind('', 's'), execute(), sync),
  ],
  [
    'PREPARE in a transaction that is rolled back',
    step(parse('s', harmless), sync),
    step(query(`begin; deallocate s; prepare s as ${secret}; rollback`)),
    step(bind('', 's'), execute(), sync),
  ],
  [
    'PREPARE twice in one Query',
    step(query(`prepare s as ${harmless}; deallocate s; prepare s as ${secret}; execute s`)),
  ],
  [
    'EXECUTE of a statement that is exchanged',
    step(query(`prepare s as ${harmless}`)),
    step(parse('e', 'execute s'), describeStatement('e'), sync),
    step(query(`deallocate s; prepare s as ${secret}`)),
    step(bind('', 'e'), execute(), sync),
  ],
  [
    'EXECUTE of a protocol statement',
    step(parse('s', secret), sync),
    step(query('execute s')),
    step(run('execute s'), sync),
  ],
  [
    'a Query behind an error that nobody has seen yet',
    step(parse('s', secret), sync),
    stepUntil('Z', parse('x', 'select nosuch'), query(`deallocate s; prepare s as ${harmless}`), sync),
    step(bind('', 's'), execute(), sync),
  ],
  [
    'DECLARE in place of a portal',
    step(begin),
    step(parse('n', harmless), bind('c', 'n'), sync),
    step(query(`close c; declare c cursor for ${secret}`), execute('c'), sync),
    step(query('rollback')),
  ],
  [
    'Bind in place of a cursor',
    step(begin),
    step(query(`declare c cursor for ${harmless}`)),
    step(parse('s', secret), closePortal('c'), bind('c', 's'), sync, query('fetch c')),
    step(query('rollback')),
  ],
  [
    'a Close of a cursor skipped',
    step(begin),
    step(query(`declare c cursor with hold for ${secret}`)),
    step(query('commit')),
    step(bad, closePortal('c'), sync),
    step(query('fetch c')),
    step(query('close c')),
  ],
  [
    'FETCH of a portal',
    step(begin),
    step(parse('', secret), bind('p', ''), sync),
    step(query('fetch 1 from p')),
    step(query('rollback')),
  ],
  [
    'FETCH of a portal by Execute',
    step(begin),
    step(parse('', secret), bind('p', '', [], { results: [1] }), sync),
    step(run('fetch 1 from p'), sync),
    step(query('rollback')),
  ],
  [
    'a binary cursor',
    step(begin),
    step(query(`declare c binary cursor for ${secret}`)),
    step(query('fetch c')),
    step(run('fetch backward 1 from c'), sync),
    step(query('rollback')),
  ],
  [
    'FETCH described for another cursor',
    step(begin),
    step(query('declare c cursor for select id from customers order by id')),
    step(parse('f', 'fetch c'), describeStatement('f'), sync),
    step(query(`close c; declare c cursor for ${secret}`)),
    step(bind('', 'f'), execute(), sync),
    step(query('rollback')),
  ],
  [
    'a cursor exchanged in one Query',
    step(query(`begin; declare c cursor for ${harmless}; close c; declare c cursor for ${secret}; fetch c; rollback`)),
  ],
  [
    'a portal kept by a savepoint',
    step(begin),
    step(parse('s', secret), parse('n', harmless), bind('p', 's'), sync),
    step(query('savepoint a')),
    step(bad, closePortal('p'), bind('p', 'n'), sync),
    step(query('rollback to a')),
    step(execute('p'), sync),
    step(query('rollback')),
  ],
  [
    'a cursor WITH HOLD over a rollback',
    step(query(`declare h cursor with hold for ${secret}`)),
    step(begin),
    step(query('close h')),
    step(query(`declare h cursor with hold for ${harmless}`)),
    step(query('rollback')),
    step(query(`declare h2 cursor with hold for ${secret}`)),
    step(query('fetch h2')),
  ],
  [
    'a portal by rows',
    step(begin),
    step(parse('', 'select ssn from customers where id <= 3 order by id'), bind('p', ''), execute('p', 1), sync),
    step(execute('p', 1), sync),
    stepUntil('C', execute('p'), flush),
    step(sync),
    step(query('rollback')),
  ],
  ['without a description, in binary', step(parse('', secret), bind('', '', [], { results: [1] }), execute(), sync)],
  [
    'a description of something else before it',
    step(
      parse('n', 'select id from customers'),
      describeStatement('n'),
      parse('s', secret),
      bind('', 's'),
      execute(),
      sync,
    ),
  ],
  [
    'many columns, of which some are closed',
    step(parse('', 'select * from customers where id = 1'), bind('', '', [], { results: [1] }), execute(), sync),
  ],
];

test.each(attacks.map(([name, ...steps]) => ({ name, steps })))('$name: no secret arrives', async ({ steps }) => {
  await using direct = await wireDirect({
    port: rig.postgres.port,
    user: 'app',
    database: 'crm',
    password: rig.passwords.app,
  });
  await play(direct, steps);
  expect(leaks(direct), 'played direct, the script shows a secret').not.toEqual([]);
  await using through = await wireThrough(await loginOf('ana'));
  await play(through, steps);
  expect(leaks(through)).toEqual([]);
});

test('a Close and a Parse that a denial skips have not happened', async () => {
  await using ana = await wireThrough(await loginOf('ana'));
  const heard = await play(ana, [
    step(parse('s', secret), sync),
    step(
      parse('', 'delete from orders'),
      closeStatement('s'),
      parse('s', harmless),
      sync,
      bind('', 's'),
      execute(),
      sync,
    ),
  ]);
  expect(errorsOf(heard)).toEqual(['42501']);
  expect(leaks(ana)).toEqual([]);
});

test('a secret is masked and not merely missing', async () => {
  await using wire = await wireThrough(await loginOf('ana'));
  const clear = await admin.query<{ readonly ssn: string; readonly email: string }>(
    'select ssn, email from customers where id = 1',
  );
  const [row] = rowsOf(await wire.query('select ssn, email, name from customers where id = 1'));
  const { ssn = '' } = clear.rows[0] ?? {};
  expect(row?.[0]).toHaveLength(ssn.length);
  expect(row?.[0]).not.toBe(ssn);
  expect(row?.[1]).toMatch(/@/);
});

// --- others change what names mean ---------------------------------------------------------------------------------------------------

test('a view that is exchanged between two Executes is read again', async () => {
  await using ada = await wireThrough(await loginOf('ada', 'postgres'));
  expect(
    errorsOf(await ada.query('create view v1 as select id, name as c from customers; grant select on v1 to app')),
  ).toEqual([]);
  await using ana = await wireThrough(await loginOf('ana'));
  ana.send(parse('s', 'select c from v1 where id = 1'), bind('', 's'), execute(), sync);
  expect(rowsOf(await ana.readies())).toHaveLength(1);
  expect(
    errorsOf(
      await ada.query('drop view v1; create view v1 as select id, ssn as c from customers; grant select on v1 to app'),
    ),
  ).toEqual([]);
  ana.send(bind('', 's'), execute(), sync);
  await ana.readies();
  expect(leaks(ana)).toEqual([]);
});

test('a schema that comes into the search path is seen at once', async () => {
  await using ada = await wireThrough(await loginOf('ada', 'postgres'));
  await using ana = await wireThrough(await loginOf('ana'));
  ana.send(parse('s', 'select name from customers where id = 1'), bind('', 's'), execute(), sync);
  expect(rowsOf(await ana.readies())).toHaveLength(1);
  expect(
    errorsOf(
      await ada.query(
        'create schema app; grant usage on schema app to app; create view app.customers as select id, ssn as name from public.customers; grant select on app.customers to app',
      ),
    ),
  ).toEqual([]);
  try {
    ana.send(bind('', 's'), execute(), sync, query('select name from customers where id = 1'));
    await ana.readies(2);
    expect(leaks(ana)).toEqual([]);
  } finally {
    await ada.query('drop schema app cascade');
  }
});

test('what a role finds by default is asked for at its log-in', async () => {
  await admin.query(
    'create schema other; create view other.customers as select id, ssn as name from public.customers; grant usage on schema other to app; grant select on other.customers to app; alter role app set search_path = other, public',
  );
  try {
    await using ana = await wireThrough(await loginOf('ana'));
    await ana.query('select name from customers where id = 1');
    expect(leaks(ana)).toEqual([]);
  } finally {
    await admin.query('alter role app reset search_path; drop schema other cascade');
  }
});

// --- rights -------------------------------------------------------------------------------------------------------------------------

const writes: readonly (readonly [name: string, ...messages: Buffer[]])[] = [
  ['PREPARE of a write', query('prepare w as delete from payments where id = 1'), query('execute w')],
  ['EXECUTE by Parse of a write', query('prepare w as delete from payments where id = 1'), run('execute w'), sync],
  ['a write under EXPLAIN', query('explain analyze delete from payments where id = 1')],
  ['a write in a CTE', query('with d as (delete from payments where id = 1 returning id) select * from d')],
  [
    'a write behind a harmless name',
    parse('s', 'select 1'),
    sync,
    bad,
    closeStatement('s'),
    sync,
    closeStatement('s'),
    parse('s', 'delete from payments where id = 1'),
    bind('', 's'),
    execute(),
    sync,
  ],
  [
    'a write behind a skipped definition',
    parse('s', 'select 1'),
    sync,
    run('select 1/0'),
    closeStatement('s'),
    parse('s', 'delete from payments where id = 1'),
    sync,
    bind('', 's'),
    execute(),
    sync,
  ],
  ['a write in COMMIT’s company', query('begin; select 1; commit; delete from payments where id = 1')],
  ['a write by DO', query("do $$ begin execute 'delete from payments where id = 1'; end $$")],
  [
    'a write by a function',
    query("select query_to_xml('delete from payments where id = 1 returning id', true, false, '')"),
  ],
];

test.each(writes.map(([name, ...messages]) => ({ name, messages })))(
  '$name is not run for a reader',
  async ({ messages }) => {
    await using ana = await wireThrough(await loginOf('ana'));
    await play(ana, [step(Buffer.concat(messages))]);
    const { rows } = await admin.query('select 1 from payments where id = 1');
    expect(rows).toHaveLength(1);
  },
);

test.each([
  ['a cast that fails', 'select ssn::int from customers where id = 1'],
  ['a row that fails a constraint', 'update customers set city = null where id = 1'],
  ['a row that is there twice', "update customers set email = (select 'x') , id = 2 where id = 1"],
  ['an upsert that fails', 'insert into customers select * from customers where id = 1'],
])('%s tells nothing of the row', async (_name, sql) => {
  await using sue = await wireThrough(await loginOf('sue'));
  const heard = await sue.query(sql);
  expect(errorsOf(heard)).toHaveLength(1);
  const { rows } = await admin.query<{ readonly v: string }>(
    'select unnest(array[ssn, card_number]) as v from customers where id <= 20',
  );
  expect(rows.filter(({ v }) => sue.heard.includes(v))).toEqual([]);
});

// --- new labels ---------------------------------------------------------------------------------------------------------------------
// The last test of this file: it changes the bundle.

test('labels of a new bundle hold for what was prepared and begun under the old one', async () => {
  await using ana = await wireThrough(await loginOf('ana'));
  const { rows } = await admin.query<{ readonly city: string }>('select city from customers where id <= 3 order by id');
  const cities = rows.map(({ city }) => [city]);
  const all = 'select city from customers where id <= 3 order by id';
  ana.send(begin, parse('s', all), bind('p', 's'), execute('p', 1), sync);
  expect(rowsOf(await ana.readies(2))).toEqual(cities.slice(0, 1));

  await rig.publish([here('rules'), here('relabelled')]);

  ana.send(execute('p', 1), sync);
  expect(rowsOf(await ana.readies())).not.toEqual(cities.slice(1, 2));
  ana.send(bind('q', 's'), execute('q'), sync);
  const masked = rowsOf(await ana.readies());
  expect(masked.every(([city], i) => city !== cities[i]?.[0])).toBe(true);
  await using fresh = await wireThrough(await loginOf('ana'));
  const after = rowsOf(await fresh.query(all));
  expect(after).toHaveLength(3);
  for (const [i, [city]] of after.entries()) expect(city).not.toBe(cities[i]?.[0]);
});

async function loginOf(principal: string, user = 'app') {
  return { port: rig.port, user, database: 'crm', password: await rig.token(principal) };
}

/** Secrets among the bytes that arrived. */
function leaks(wire: Wire): readonly string[] {
  const heard = wire.heard;
  return canaries.filter((canary) => heard.includes(canary)).map((canary) => canary.toString());
}
