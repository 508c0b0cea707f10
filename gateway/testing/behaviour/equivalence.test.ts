import { afterAll, beforeAll, expect, test } from 'vitest';
import pg from 'pg';
import { type Rig, startRig } from '../rig.ts';
import { addPlainTarget } from './plain-target.ts';
import { play, type Step, step, stepUntil } from './script.ts';
import {
  bind,
  closePortal,
  closeStatement,
  copyData,
  copyDone,
  copyFail,
  describe as line,
  describePortal,
  describeStatement,
  execute,
  flush,
  parse,
  query,
  raw,
  run,
  sync,
  wireDirect,
  wireThrough,
  type WireMessage,
} from './wire.ts';

let rig: Rig;
let admin: pg.Client;

beforeAll(async () => {
  rig = await startRig({ crm: false });
  await addPlainTarget(rig);
  admin = new pg.Client({ connectionString: rig.postgres.url });
  await admin.connect();
  await admin.query('create table items (id int primary key, name text, price numeric(8,2))');
  await admin.query('create table parents (id int primary key)');
  await admin.query(
    'create table children (id int primary key, parent int references parents deferrable initially deferred)',
  );
  await admin.query(
    "create function shout(text) returns text language plpgsql as $$ begin raise notice 'heard %', $1 using detail = 'well'; return upper($1); end $$",
  );
});

afterAll(async () => {
  await admin.end();
  await rig[Symbol.asyncDispose]();
});

const begin = query('begin');
const rollback = query('rollback');
const four = Buffer.from([0, 0, 0, 4]);

const scripts: readonly (readonly [name: string, ...steps: Step[]])[] = [
  // --- simple query
  ['a select', step(query('select * from items order by id'))],
  [
    'several statements',
    step(query("select 1; select 'two' as b, 2.5::numeric; update items set name = 'x' where id = 1")),
  ],
  [
    'an error in the middle of several',
    step(query("insert into items values (50, 'a', 1); select 1/0; select 2")),
    step(query('select count(*) from items')),
  ],
  ['an empty query', step(query('')), step(query('  ;  ; ')), step(query('-- only a comment'))],
  ['empty statements between others', step(query(';;select 1;;select 2;;'))],
  ['a syntax error', step(query('selec 1')), step(query('select 1'))],
  [
    'a syntax error behind good statements',
    step(query("insert into items values (51, 'b', 1); selec 1")),
    step(query('select count(*) from items')),
  ],
  ['a syntax error behind letters of several bytes', step(query("select 'äöü€😀' selec 1 1"))],
  ['a column that is not there', step(query('select nosuch from items')), step(query('select 1'))],
  ['a table that is not there', step(query('select * from nosuch'))],
  ['a notice with detail', step(query("select shout('äh')"))],
  ['warnings', step(query('commit')), step(begin), step(begin), step(rollback)],
  ['an own BEGIN within several', step(query('begin; select 1; savepoint a; select 2; commit; select 3'))],
  [
    'a ROLLBACK within several',
    step(query("insert into items values (52, 'c', 1); rollback; select count(*) from items")),
  ],
  [
    'a transaction that fails and is rolled back',
    step(begin),
    step(query('select 1/0')),
    step(query('select 1')),
    step(query('rollback')),
    step(query('select 2')),
  ],
  [
    'COMMIT of a failed transaction',
    step(begin),
    step(query('select 1/0')),
    step(query('commit')),
    step(query('select 2')),
  ],
  ['a syntax error in a transaction', step(begin), step(query('selec 1')), step(query('select 1')), step(rollback)],
  ['an empty query in a failed transaction', step(begin), step(query('select 1/0')), step(query('')), step(rollback)],
  [
    'savepoints',
    step(begin),
    step(query('savepoint a')),
    step(query('select 1/0')),
    step(query('rollback to a')),
    step(query('select 1')),
    step(query('release a')),
    step(query('commit')),
  ],
  [
    'COMMIT AND CHAIN',
    step(query('begin isolation level serializable')),
    step(query('commit and chain')),
    step(query('show transaction_isolation')),
    step(rollback),
  ],
  [
    'a deferred constraint that fails at COMMIT',
    step(begin),
    step(query('insert into children values (1, 99)')),
    step(query('commit')),
    step(query('select count(*) from children')),
  ],
  [
    'a deferred constraint that fails at the end of a Query',
    step(query('insert into children values (1, 99); select 1')),
    step(query('select 2')),
  ],
  [
    'settings that are told',
    step(query("set timezone = 'Asia/Tokyo'")),
    step(query('show timezone')),
    step(query('reset timezone')),
  ],
  [
    'SET LOCAL',
    step(begin),
    step(query("set local datestyle = 'German'")),
    step(query("select date '2024-02-03'")),
    step(rollback),
    step(query("select date '2024-02-03'")),
  ],
  [
    'names that are in the way',
    step(query('create temp table items (other text)')),
    step(query('select * from items')),
    step(query('drop table items')),
    step(query('select count(*) from items')),
  ],
  [
    'a table made in a transaction',
    step(begin),
    step(query('create table fresh (a int)')),
    step(query('insert into fresh values (1) returning *')),
    step(rollback),
    step(query('select * from fresh')),
  ],
  ['a thousand rows', step(query("select g, repeat('x', g % 50) from generate_series(1, 1000) g"))],
  ['a row of a megabyte', step(query("select repeat('y', 1000000)"))],
  ['DISCARD ALL', step(query('prepare d as select 1')), step(query('discard all')), step(query('execute d'))],

  // --- SQL's own PREPARE and cursors
  [
    'PREPARE and EXECUTE',
    step(query('prepare p1(int) as select $1 + 1 as n')),
    step(query('execute p1(41)')),
    step(query('deallocate p1')),
    step(query('execute p1(1)')),
  ],
  [
    'PREPARE twice',
    step(query('prepare p2 as select 1')),
    step(query('prepare p2 as select 2')),
    step(query('execute p2')),
  ],
  ['PREPARE in a Query that fails', step(query('prepare p3 as select 3; select 1/0')), step(query('execute p3'))],
  [
    'PREPARE and protocol share their names',
    step(query('prepare p4 as select 4 as four')),
    step(bind('', 'p4'), describePortal(''), execute(), sync),
    step(parse('p4', 'select 5'), sync),
    step(closeStatement('p4'), sync),
    step(query('execute p4')),
  ],
  [
    'EXECUTE of a protocol statement',
    step(parse('p5', 'select $1::int * 2'), sync),
    step(query('execute p5(21)')),
    step(query('deallocate all')),
    step(bind('', 'p5', ['1']), sync),
  ],
  [
    'a cursor',
    step(begin),
    step(query('declare c scroll cursor for select id from items order by id')),
    step(query('fetch 2 from c')),
    step(query('fetch backward 1 from c')),
    step(query('move forward all in c')),
    step(query('fetch prior from c')),
    step(query('close c')),
    step(query('fetch c')),
    step(rollback),
  ],
  [
    'a cursor WITH HOLD',
    step(query('declare h cursor with hold for select id from items order by id')),
    step(query('fetch 1 from h')),
    step(begin),
    step(query('fetch 1 from h')),
    step(rollback),
    step(query('fetch 1 from h')),
    step(query('close h')),
  ],
  [
    'a cursor WITH HOLD of a transaction that is rolled back',
    step(begin),
    step(query('declare r cursor with hold for select 1')),
    step(rollback),
    step(begin),
    step(parse('', 'select 2'), bind('r', ''), execute('r'), sync),
    step(rollback),
  ],
  [
    'a binary cursor',
    step(begin),
    step(query('declare b binary cursor for select id, name from items order by id')),
    step(query('fetch all b')),
    step(rollback),
  ],
  ['a cursor without a transaction', step(query('declare n cursor for select 1')), step(query('fetch n'))],

  // --- extended query
  [
    'parse, bind, describe, execute',
    step(
      parse('', 'select id, name from items where id = $1'),
      bind('', '', ['1']),
      describePortal(''),
      execute(),
      sync,
    ),
  ],
  [
    'a statement described',
    step(parse('s1', 'select name, price from items where id = $1 and name <> $2'), describeStatement('s1'), sync),
    step(bind('', 's1', ['2', 'z']), execute(), sync),
    step(bind('', 's1', ['1', null]), execute(), sync),
  ],
  [
    'a description without rows',
    step(
      parse('s2', 'update items set name = $2 where id = $1'),
      describeStatement('s2'),
      bind('', 's2', ['1', 'y']),
      describePortal(''),
      execute(),
      sync,
    ),
  ],
  [
    'binary both ways',
    step(
      parse('', 'select $1::int4 + 1, id, price from items order by id', [23]),
      bind('', '', [four], { parameters: [1], results: [1] }),
      describePortal(''),
      execute(),
      sync,
    ),
  ],
  [
    'formats one by one',
    step(
      parse('', 'select id, name, price from items order by id'),
      bind('', '', [], { results: [1, 0, 1] }),
      describePortal(''),
      execute(),
      sync,
    ),
  ],
  [
    'too few parameters',
    step(parse('', 'select $1::int, $2::int'), bind('', '', ['1']), execute(), sync),
    step(query('select 1')),
  ],
  ['a parameter that is no number', step(parse('', 'select $1::int'), bind('', '', ['nope']), execute(), sync)],
  [
    'a wrong number of result formats',
    step(parse('', 'select 1, 2'), bind('', '', [], { results: [0, 0, 0] }), execute(), sync),
  ],
  [
    'a named statement twice',
    step(parse('s3', 'select 3'), sync),
    step(parse('s3', 'select 4'), sync),
    step(bind('', 's3'), execute(), sync),
  ],
  [
    'a named statement used many times',
    step(parse('s4', 'select $1::text'), bind('', 's4', ['a']), execute(), bind('', 's4', ['b']), execute(), sync),
    step(bind('', 's4', ['c']), execute(), sync),
  ],
  [
    'the unnamed statement replaced',
    step(parse('', 'select 1 as a'), parse('', 'select 2 as b'), bind('', ''), describePortal(''), execute(), sync),
  ],
  [
    'the unnamed statement after a simple Query',
    step(parse('', 'select 1'), sync),
    step(query('select 2')),
    step(bind('', ''), execute(), sync),
  ],
  [
    'the unnamed statement after an error of the server',
    step(parse('', 'select 1'), sync),
    step(parse('', 'select nosuch'), sync),
    step(bind('', ''), execute(), sync),
  ],
  [
    'the unnamed statement after a syntax error',
    step(parse('', 'select 1'), sync),
    step(parse('', 'selec 2'), sync),
    step(bind('', ''), execute(), sync),
  ],
  ['a statement that nobody made', step(bind('', 'nobody'), execute(), sync), step(describeStatement('nobody'), sync)],
  ['a portal that nobody made', step(execute('nobody'), sync), step(describePortal('nobody'), sync)],
  ['Close of unknown names', step(closeStatement('nobody'), closePortal('nobody'), sync)],
  [
    'Close and again',
    step(
      parse('s5', 'select 5'),
      closeStatement('s5'),
      parse('s5', 'select 6'),
      bind('', 's5'),
      execute(),
      closeStatement('s5'),
      sync,
    ),
    step(bind('', 's5'), sync),
  ],
  [
    'a closed statement lives on in its portal',
    step(begin),
    step(
      parse('s6', 'select id from items order by id'),
      bind('q6', 's6'),
      closeStatement('s6'),
      execute('q6', 1),
      sync,
    ),
    step(execute('q6'), sync),
    step(rollback),
  ],
  ['several statements in one Parse', step(parse('', 'select 1; select 2'), sync), step(query('select 1'))],
  [
    'an empty statement',
    step(parse('', ''), bind('', ''), describePortal(''), execute(), sync),
    step(parse('e', ' ; '), describeStatement('e'), sync),
  ],
  [
    'row limits',
    step(begin),
    step(parse('', 'select g from generate_series(1, 5) g'), bind('w', ''), execute('w', 2), sync),
    step(execute('w', 2), sync),
    step(execute('w', 2), sync),
    step(execute('w', 2), sync),
    step(rollback),
  ],
  [
    'row limits within one segment',
    step(
      parse('', 'select g from generate_series(1, 5) g'),
      bind('', ''),
      execute('', 2),
      execute('', 2),
      execute('', 0),
      execute('', 0),
      sync,
    ),
  ],
  [
    'a limit that is exactly met',
    step(parse('', 'select g from generate_series(1, 2) g'), bind('', ''), execute('', 2), execute('', 2), sync),
  ],
  ['a negative limit', step(parse('', 'select g from generate_series(1, 3) g'), bind('', ''), execute('', -1), sync)],
  [
    'a portal dies with its transaction',
    step(parse('s7', 'select 7'), bind('q7', 's7'), sync),
    step(execute('q7'), sync),
  ],
  [
    'a portal name twice',
    step(begin),
    step(parse('s8', 'select 8'), bind('q8', 's8'), bind('q8', 's8'), sync),
    step(rollback),
  ],
  [
    'FETCH of a protocol portal',
    step(begin),
    step(parse('', 'select id from items order by id'), bind('q9', ''), sync),
    step(query('fetch 1 from q9')),
    step(execute('q9', 1), sync),
    step(query('close q9')),
    step(execute('q9'), sync),
    step(rollback),
  ],
  [
    'Execute of a cursor',
    step(begin),
    step(query('declare c2 cursor for select id from items order by id')),
    step(describePortal('c2'), execute('c2', 1), execute('c2'), sync),
    step(rollback),
  ],
  [
    'a portal over a savepoint',
    step(begin),
    step(parse('s10', 'select g from generate_series(1, 4) g'), bind('q10', 's10'), execute('q10', 1), sync),
    step(query('savepoint a')),
    step(query('select 1/0')),
    step(query('rollback to a')),
    step(execute('q10', 1), sync),
    step(rollback),
  ],
  [
    'a portal made behind a savepoint',
    step(begin),
    step(query('savepoint a')),
    step(parse('s11', 'select 11'), bind('q11', 's11'), sync),
    step(query('rollback to a')),
    step(execute('q11'), sync),
    step(rollback),
  ],

  // --- errors at every stage, and what they skip
  [
    'an error at Parse',
    step(parse('', 'select nosuch'), bind('', ''), execute(), parse('', 'select 1'), sync),
    step(run('select 2'), sync),
  ],
  [
    'an error at Parse by syntax',
    step(parse('', 'selec'), bind('', ''), execute(), parse('x1', 'select 1'), sync),
    step(bind('', 'x1'), sync),
  ],
  [
    'an error at Bind',
    step(parse('x2', 'select $1::int'), bind('', 'x2', ['z']), execute(), parse('x3', 'select 1'), sync),
    step(bind('', 'x3'), sync),
    step(bind('', 'x2', ['3']), execute(), sync),
  ],
  [
    'an error at Execute',
    step(
      parse('x4', 'select 1/$1::int'),
      bind('', 'x4', ['0']),
      execute(),
      parse('x5', 'select 1'),
      closeStatement('x4'),
      sync,
    ),
    step(bind('', 'x5'), sync),
    step(bind('', 'x4', ['1']), execute(), sync),
  ],
  [
    'an error in the middle of rows',
    step(run('select 1/(3-g) from generate_series(1, 5) g'), sync),
    step(query('select 1')),
  ],
  [
    'work of a segment is undone by its error',
    step(run("insert into items values (60, 'a', 1)"), run('select 1/0'), sync),
    step(query('select count(*) from items')),
  ],
  [
    'work of a segment is undone by a later syntax error',
    step(run("insert into items values (60, 'a', 1)"), parse('', 'selec'), sync),
    step(query('select count(*) from items')),
  ],
  [
    'work of a segment is undone by an unknown statement',
    step(run("insert into items values (60, 'a', 1)"), bind('', 'nobody'), sync),
    step(query('select count(*) from items')),
  ],
  [
    'work of a segment stays without an error',
    step(run("insert into items values (61, 'a', 1)"), run("insert into items values (62, 'a', 1)"), sync),
    step(query('select count(*) from items')),
  ],
  [
    'a deferred constraint that fails at Sync',
    step(run('insert into children values (2, 99)'), run('select 1'), sync),
    step(query('select count(*) from children')),
  ],
  [
    'an error in a transaction block',
    step(run('begin'), run('select 1/0'), run('select 1'), sync),
    step(run('select 2'), sync),
    step(run('rollback'), sync),
    step(run('select 3'), sync),
  ],
  [
    'a syntax error in a transaction block',
    step(run('begin'), sync),
    step(parse('', 'selec'), sync),
    step(run('select 2'), sync),
    step(run('rollback'), sync),
  ],
  [
    'Parse and Bind in a failed transaction',
    step(begin),
    step(query('select 1/0')),
    step(parse('y1', 'select 1'), sync),
    step(parse('y2', 'rollback'), bind('', 'y2'), execute(), sync),
    step(query('select 1')),
  ],
  [
    'Describe in a failed transaction',
    step(parse('y3', 'select 1'), sync),
    step(begin),
    step(query('select 1/0')),
    step(describeStatement('y3'), sync),
    step(bind('', 'y3'), sync),
    step(rollback),
  ],

  // --- pipelines
  ['several Syncs in one write', step(run('select 1'), sync, run('select 2'), sync, run('select 3'), sync)],
  [
    'an error in one segment leaves the next alone',
    step(run('select 1'), sync, run('select 1/0'), run('select 2'), sync, run('select 3'), sync),
  ],
  [
    'a syntax error in one segment leaves the next alone',
    step(run('select 1'), sync, parse('', 'selec'), run('select 2'), sync, run('select 3'), sync),
  ],
  ['Queries in one write', step(query('select 1'), query('select 1/0'), query('select 2'))],
  [
    'a transaction in one write',
    step(
      begin,
      query("insert into items values (63, 'p', 1)"),
      query('select 1/0'),
      query('select 1'),
      query('rollback'),
      query('select count(*) from items'),
    ),
  ],
  [
    'BEGIN along with the first statement',
    step(run('begin'), parse('z1', 'select id from items where id = $1'), describeStatement('z1'), sync),
    step(bind('', 'z1', ['1']), execute(), sync),
    step(run('commit'), sync),
  ],
  [
    'a transaction within one segment',
    step(
      run('begin'),
      run("insert into items values (64, 'q', 1)"),
      run('commit'),
      run('select count(*) from items'),
      sync,
    ),
  ],
  [
    'a rollback within one segment',
    step(run("insert into items values (65, 'r', 1)"), run('rollback'), run('select count(*) from items'), sync),
  ],
  [
    'Query and extended messages in one write',
    step(
      query('select 1'),
      parse('z2', 'select 2'),
      bind('', 'z2'),
      execute(),
      sync,
      query('deallocate z2'),
      bind('', 'z2'),
      sync,
    ),
  ],
  [
    'a statement deallocated and made again in one write',
    step(parse('z3', 'select 3'), sync),
    step(query('deallocate z3'), parse('z3', 'select 33'), bind('', 'z3'), execute(), sync),
  ],
  [
    'a statement prepared in SQL and bound in one write',
    step(query('prepare z4 as select 44'), bind('', 'z4'), describePortal(''), execute(), sync),
  ],
  [
    'names changed by SQL within one segment',
    step(parse('z5', 'select 5'), sync),
    step(run('deallocate z5'), run('prepare z5 as select 55, 56'), bind('', 'z5'), describePortal(''), execute(), sync),
  ],
  [
    'settings changed within one segment',
    step(run("set timezone = 'UTC'"), run("select timestamptz '2024-01-01 00:00Z'"), run('reset timezone'), sync),
  ],
  [
    'the search path changed within one segment',
    step(
      run("insert into items values (66, 's', 1)"),
      run('set local search_path = pg_catalog'),
      run('select 1'),
      run('select 1/0'),
      sync,
    ),
    step(query('select count(*) from items')),
  ],
  [
    'the search path changed within a transaction',
    step(begin),
    step(query('set local search_path = pg_catalog')),
    step(query('select * from items')),
    step(rollback),
    step(query('select count(*) from items')),
  ],
  [
    'the search path changed between Parse and Bind',
    step(parse('', 'select 1'), sync),
    step(run('set search_path = public'), sync),
  ],
  [
    'the unnamed statement and a new search path',
    step(parse('u1', 'set search_path = public, pg_temp'), parse('', 'select count(*) from items'), sync),
    step(bind('', 'u1'), execute(), bind('', ''), execute(), sync),
    step(query('reset search_path')),
  ],
  [
    'a schema change within one segment',
    step(
      run('create table fresh2 (a int)'),
      run('insert into fresh2 values (1)'),
      run('select * from fresh2'),
      run('drop table fresh2'),
      sync,
    ),
  ],

  // --- Flush
  [
    'Flush after each message',
    stepUntil('1', parse('', 'select 1'), flush),
    stepUntil('2', bind('', ''), flush),
    stepUntil('T', describePortal(''), flush),
    stepUntil('C', execute(), flush),
    step(sync),
  ],
  [
    'Flush and then an error',
    stepUntil('C', run('select 1'), flush),
    stepUntil('E', run('select 1/0'), flush),
    step(run('select 2'), sync),
  ],
  [
    'Flush and then a syntax error',
    stepUntil('C', run('select 1'), flush),
    stepUntil('E', parse('', 'selec'), flush),
    step(run('select 2'), sync),
  ],
  ['Syncs alone', step(sync, sync, sync)],

  // --- COPY
  [
    'COPY out',
    step(query('copy items to stdout')),
    step(query('copy (select id from items order by id) to stdout (format csv, header)')),
  ],
  ['COPY out in binary', step(query('copy items to stdout (format binary)'))],
  ['COPY out by Execute', step(run('copy items to stdout'), run('select 1'), sync)],
  [
    'COPY out of something that fails',
    step(query('copy (select 1/(2-g) from generate_series(1, 3) g) to stdout')),
    step(query('select 1')),
  ],
  [
    'COPY in',
    stepUntil('G', query('copy items from stdin')),
    stepUntil(1, copyData('70\tseventy\t1.50\n71\tse'), copyData('ventyone\t\\N\n'), copyDone),
    step(query('select count(*) from items')),
  ],
  [
    'COPY in, csv, several statements',
    stepUntil('G', query('copy items from stdin (format csv); select count(*) from items')),
    stepUntil(1, copyData('72,a,1\n'), copyDone),
  ],
  [
    'COPY in that the client gives up',
    stepUntil('G', query('copy items from stdin')),
    stepUntil(1, copyData('73\ta\t1\n'), copyFail('changed my mind')),
    step(query('select count(*) from items')),
  ],
  [
    'COPY in with a bad row',
    stepUntil('G', query('copy items from stdin')),
    stepUntil(1, copyData('nope\ta\t1\n'), copyData('74\ta\t1\n'), copyDone),
    step(query('select 1')),
  ],
  [
    'COPY in with a bad row in a transaction',
    step(begin),
    stepUntil('G', query('copy items from stdin')),
    stepUntil(1, copyData('nope\ta\t1\n'), copyDone),
    step(query('select 1')),
    step(rollback),
  ],
  [
    'COPY in by Execute',
    stepUntil('G', parse('', 'copy items from stdin'), bind('', ''), execute(), flush),
    stepUntil(1, copyData('75\ta\t1\n'), copyDone, sync),
    step(query('select count(*) from items')),
  ],
  [
    'COPY in by Execute with a Sync that comes too early',
    stepUntil('G', parse('', 'copy items from stdin'), bind('', ''), execute(), sync),
    stepUntil(1, copyData('76\ta\t1\n'), copyDone, sync),
    step(query('select count(*) from items')),
  ],
  [
    'COPY in by Execute that the client gives up',
    stepUntil('G', parse('', 'copy items from stdin'), bind('', ''), execute(), flush),
    stepUntil(1, copyData('77\ta\t1\n'), copyFail('no'), sync),
    step(query('select 1')),
  ],
  [
    'COPY in by Execute with a bad row',
    stepUntil('G', parse('', 'copy items from stdin'), bind('', ''), execute(), flush),
    stepUntil(1, copyData('nope\n'), copyDone, sync),
    step(query('select 1')),
  ],
  [
    'COPY in with all its data in one write',
    stepUntil(1, query('copy items from stdin'), copyData('78\ta\t1\n'), copyDone),
    step(query('select count(*) from items')),
  ],
  ['COPY data that nobody asked for', stepUntil(0, copyData('1\n'), copyDone), step(query('select 1'))],

  // --- the rest
  [
    'LISTEN and NOTIFY',
    step(query('listen ch')),
    step(query("notify ch, 'hello'")),
    step(begin),
    step(query("select pg_notify('ch', 'later')")),
    step(query('commit')),
    step(query('unlisten *')),
  ],
  [
    'large objects',
    step(begin),
    step(query("select lo_put(lo_create(4711), 0, 'abc')")),
    step(query('select lo_get(4711)')),
    step(query('select lo_unlink(4711)')),
    step(rollback),
  ],
  [
    'EXPLAIN',
    step(query('explain (costs off) select * from items where id = 1')),
    step(run('explain (costs off) select 1'), sync),
  ],
  [
    'types of all kinds',
    step(
      parse(
        '',
        "select true, 1::int2, 1.5::float8, 'x'::bytea, null::text, array[1,2], '{\"a\":1}'::jsonb, interval '1 day', '2024-01-01'::date, '00000000-0000-0000-0000-000000000001'::uuid, row(1,'a'), inet '10.0.0.1'",
      ),
      bind('', '', [], { results: [1] }),
      describePortal(''),
      execute(),
      sync,
    ),
  ],
  ['a DO block', step(query("do $$ begin raise notice 'from do'; raise warning 'and more'; end $$"))],
  [
    'RAISE with everything',
    step(
      query(
        "do $$ begin raise exception 'boom' using detail = 'd', hint = 'h', errcode = 'P1234', column = 'c', table = 't', schema = 's', constraint = 'k', datatype = 'y'; end $$",
      ),
    ),
  ],
];

test.each(scripts.map(([name, ...steps]) => ({ name, steps })))(
  '$name: the same bytes direct and through the gateway',
  async ({ steps }) => {
    const direct = await reset().then(() => played(steps, 'direct'));
    const through = await reset().then(() => played(steps, 'through'));
    expect(through).toEqual(direct);
  },
);

test('a FunctionCall is refused where the server would run it', async () => {
  const abs = Buffer.concat([
    Buffer.from([0, 0, 0x05, 0x71, 0, 0, 0, 1]),
    four,
    Buffer.from('-123'),
    Buffer.from([0, 0]),
  ]);
  await using through = await wireThrough(await gatewayLogin());
  through.send(raw('F', abs), query('select 1'));
  const heard = (await through.readies(2)).map(line);
  expect(heard[0]).toContain('C=0A000');
  expect(
    heard
      .slice(1)
      .map((text) => text[0])
      .join(''),
  ).toBe('ZTDCZ');
});

async function reset(): Promise<void> {
  await admin.query(
    "truncate items, parents, children; insert into items values (1, 'one', 1.10), (2, 'two', null), (3, null, 3.30)",
  );
}

async function played(steps: readonly Step[], way: 'direct' | 'through'): Promise<readonly string[]> {
  const { port, user, password } = rig.postgres;
  await using wire =
    way === 'direct'
      ? await wireDirect({ port, user, password, database: 'postgres' })
      : await wireThrough(await gatewayLogin());
  return normalised(await play(wire, steps));
}

async function gatewayLogin() {
  return { port: rig.port, user: 'postgres', database: 'plain', password: await rig.token('dora') };
}

/**
 * Everything but what has to differ: who sent a notification, the numbers of tables that each run makes anew, and the place in the server's
 * source that an error came from, where it came from the gateway.
 */
function normalised(messages: readonly WireMessage[]): readonly string[] {
  return messages.map((message) => {
    const { tag, body } = message;
    const copy = Buffer.from(body);
    if (tag === 'A') copy.fill(0, 0, 4);
    if (tag === 'T') blankFreshOids(copy);
    return line({ tag, body: copy }).replace(tag === 'E' ? / F=\S+ L=\d+ R=\w+$/ : '', '');
  });
}

function blankFreshOids(body: Buffer): void {
  let at = 2;
  for (let column = 0; column < body.readUInt16BE(0); column++) {
    at = body.indexOf(0, at) + 1;
    if (body.readUInt32BE(at) >= 16_384) body.writeUInt32BE(1, at);
    at += 18;
  }
}
