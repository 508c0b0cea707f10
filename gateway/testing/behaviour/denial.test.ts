import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fileURLToPath } from 'node:url';
import { type Rig, startRig } from '../rig.ts';
import { addPlainTarget } from './plain-target.ts';
import { play, type Step, step, stepUntil } from './script.ts';
import {
  bind,
  copyData,
  copyDone,
  describe as line,
  errorsOf,
  execute,
  flush,
  parse,
  query,
  reportFields,
  rowsOf,
  run,
  sync,
  wireDirect,
  wireThrough,
  type WireMessage,
} from './wire.ts';

/**
 * A denial has to leave everything as the server would have left it, had it refused the statement itself. So each script is played twice: through
 * the gateway with a statement that policy denies, and direct with one that the server refuses at the same place.
 */
let rig: Rig;
let admin: pg.Client;

beforeAll(async () => {
  rig = await startRig({ crm: false, policies: [fileURLToPath(new URL('rules', import.meta.url))] });
  await addPlainTarget(rig);
  admin = new pg.Client({ connectionString: rig.postgres.url });
  await admin.connect();
  await admin.query('create table items (id int primary key, name text); create sequence ticks');
});

afterAll(async () => {
  await admin.end();
  await rig[Symbol.asyncDispose]();
});

type Way = 'direct' | 'through';

const begin = query('begin');
const rollback = query('rollback');
const count = query('select id from items order by id');
const insert = (id: number) => run(`insert into items values (${String(id)}, 'x')`);

/** What is refused: by policy on the one way, by the server on the other. */
const refused = {
  'a simple Query': (way: Way) => [query(way === 'through' ? 'delete from items' : 'selec')],
  'a Query of several statements': (way: Way) => [
    query(
      `insert into items values (90, 'm'); ${way === 'through' ? 'update items set name = null' : 'selec'}; select 1`,
    ),
  ],
  'a Parse': (way: Way) => [parse('', way === 'through' ? 'delete from items' : 'selec'), bind('', ''), execute()],
  'an Execute': (way: Way) => [
    parse('', 'select name ~ $1::text from items'),
    bind('', '', [way === 'through' ? 'forbidden' : '(']),
    execute(),
  ],
} as const;

interface Surroundings {
  readonly name: string;
  /** @param no what is refused, without a Sync */
  readonly steps: (no: readonly Buffer[], simple: boolean) => readonly Step[];
}

/** Ends the extended messages; a Query needs nothing. */
const ended = (no: readonly Buffer[], simple: boolean): readonly Buffer[] => (simple ? no : [...no, sync]);

const surroundings: readonly Surroundings[] = [
  { name: 'idle', steps: (no, simple) => [step(...ended(no, simple))] },
  {
    name: 'twice, and something good between',
    steps: (no, simple) => [step(...ended(no, simple)), step(run('select 1'), sync), step(...ended(no, simple))],
  },
  {
    name: 'in a transaction',
    steps: (no, simple) => [
      step(begin),
      step(insert(80), sync),
      step(...ended(no, simple)),
      step(query('select 1')),
      step(run('select 2'), sync),
      step(rollback),
    ],
  },
  {
    name: 'in a transaction that is then committed',
    steps: (no, simple) => [step(begin), step(insert(80), sync), step(...ended(no, simple)), step(query('commit'))],
  },
  {
    name: 'in a transaction with a savepoint',
    steps: (no, simple) => [
      step(begin),
      step(insert(80), sync),
      step(query('savepoint a')),
      step(...ended(no, simple)),
      step(query('rollback to a')),
      step(insert(81), sync),
      step(query('commit')),
    ],
  },
  {
    name: 'in a failed transaction',
    steps: (no, simple) => [
      step(begin),
      step(query('select 1/0')),
      step(...ended(no, simple)),
      step(query('select 1')),
      step(rollback),
    ],
  },
  {
    name: 'in an implicit transaction with earlier work',
    steps: (no, simple) => [step(insert(80), ...ended(no, simple)), step(run('select 1'), sync)],
  },
  {
    name: 'in an implicit transaction whose earlier work was answered',
    steps: (no, simple) => [stepUntil('C', insert(80), flush), step(...ended(no, simple)), step(run('select 1'), sync)],
  },
  {
    name: 'in an implicit transaction with later work',
    steps: (no, simple) =>
      simple ? [step(...no, query('select 1'))] : [step(...no, insert(82), sync), step(run('select 1'), sync)],
  },
  {
    name: 'in a segment that begins a transaction',
    steps: (no, simple) => [
      step(run('begin'), insert(80), ...ended(no, simple)),
      step(run('select 1'), sync),
      step(run('rollback'), sync),
    ],
  },
  {
    name: 'behind work in flight',
    steps: (no, simple) => [
      step(
        run('select pg_sleep(0.03)'),
        sync,
        insert(80),
        sync,
        ...ended(no, simple),
        run('select 1'),
        sync,
        query('select 2'),
      ),
    ],
  },
  {
    name: 'behind Queries in flight',
    steps: (no, simple) => [
      step(
        query('select pg_sleep(0.03)'),
        query("insert into items values (80, 'x')"),
        ...ended(no, simple),
        query('select 1'),
      ),
    ],
  },
  {
    name: 'behind a failure in flight',
    steps: (no, simple) => [step(run('select 1/0'), sync, ...ended(no, simple), run('select 1'), sync)],
  },
  {
    name: 'behind BEGIN in flight',
    steps: (no, simple) => [
      step(begin, insert(80), sync, ...ended(no, simple), run('select 1'), sync, rollback, run('select 2'), sync),
    ],
  },
  {
    name: 'behind COMMIT in flight',
    steps: (no, simple) => [
      step(begin),
      step(insert(80), sync),
      step(query('commit'), ...ended(no, simple), run('select 1'), sync),
    ],
  },
  {
    name: 'several times in one write',
    steps: (no, simple) => [step(...ended(no, simple), ...ended(no, simple), insert(80), sync, ...ended(no, simple))],
  },
];

const rows = Object.entries(refused).flatMap(([what, no]) =>
  surroundings.map(({ name, steps }) => ({ what, name, no, steps, simple: what.includes('Query') })),
);

test.each(rows)(
  '$what denied $name: the client hears what it would have heard from the server',
  async ({ no, steps, simple }) => {
    const script = (way: Way) => [...steps(no(way), simple), step(count)];
    const direct = alike(await played('direct', script('direct')), ['42601', '2201B']);
    const through = alike(await played('through', script('through')), ['42501']);
    expect(through).toEqual(direct);
    // Else nothing was compared: in a failed transaction an Execute does not even get its Parse.
    expect(through).toContainEqual(expect.stringMatching(/^E (refused|.*C=25P02)/));
  },
);

test('behind a failure in its own segment a denial is not even mentioned', async () => {
  const heard = await played('through', [step(run('select 1/0'), parse('', 'delete from items'), sync), step(count)]);
  expect(errorsOf(heard)).toEqual(['22012']);
});

test('the denial says which rule, what to do and where to look', async () => {
  const heard = await played('through', [step(query('delete from items'))]);
  const [fields = new Map<string, string>()] = heard.filter(({ tag }) => tag === 'E').map(reportFields);
  expect(fields.get('S')).toBe('ERROR');
  expect(fields.get('M')).toBe('denied by policy: delete on every row of public.items [PG-002]');
  expect(fields.get('H')).toBe('Add a WHERE clause.');
  expect(fields.get('D')).toMatch(/^request [0-9A-HJKMNP-TV-Z]{26} revision [0-9a-f]+$/);
});

test('nothing of a Query of several statements runs when one of them is denied, not even what no rollback takes back', async () => {
  await played('through', [step(query("select nextval('ticks'); delete from items"))]);
  const { rows: ticks } = await admin.query('select is_called from ticks');
  expect(ticks).toEqual([{ is_called: false }]);
});

test('COPY data that follows a denied COPY is dropped, as the server drops it', async () => {
  const data = [copyData('1\tx\n'), copyDone];
  const direct = await played('direct', [step(query('copy nosuch from stdin'), ...data, count)]);
  const through = await played('through', [step(query("copy items from program 'true'"), ...data, count)]);
  expect(errorsOf(through)).toEqual(['42501']);
  expect(alike(through, ['42501'])).toEqual(alike(direct, ['42P01']));
});

test('a denied Execute leaves its statement and portal to be used again', async () => {
  const heard = await played('through', [
    step(begin),
    step(parse('s', 'select $1::text'), bind('p', 's', ['forbidden']), sync),
    step(query('savepoint a')),
    step(execute('p'), sync),
    step(query('rollback to a')),
    step(bind('q', 's', ['fine']), execute('q'), sync),
    step(rollback),
  ]);
  expect(errorsOf(heard)).toEqual(['42501']);
  expect(rowsOf(heard)).toContainEqual(['fine']);
});

async function played(way: Way, steps: readonly Step[]): Promise<readonly WireMessage[]> {
  await admin.query("truncate items; insert into items values (1, 'one')");
  const { port, user, password } = rig.postgres;
  await using wire =
    way === 'direct'
      ? await wireDirect({ port, user, password, database: 'postgres' })
      : await wireThrough({ port: rig.port, user, database: 'plain', password: await rig.token('dora') });
  return await play(wire, steps);
}

/** Messages as lines, with the refusals that are compared written alike. */
function alike(messages: readonly WireMessage[], sqlstates: readonly string[]): readonly string[] {
  return messages.map((message) => {
    if (message.tag !== 'E') return line(message);
    const refusal = sqlstates.includes(reportFields(message).get('C') ?? '');
    return refusal ? 'E refused' : line(message).replace(/ F=\S+ L=\d+ R=\w+$/, '');
  });
}
