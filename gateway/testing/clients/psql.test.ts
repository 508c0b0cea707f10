import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientRig, provided, running, runProgram, startClientRig, unusable } from './walk.ts';

let world: ClientRig;
let dir: string;
let psql: string | undefined;
let why = '';
let psql18: Awaited<ReturnType<typeof provided>>;

beforeAll(async () => {
  const missing = await unusable('psql', '--version');
  if (missing === undefined) psql = 'psql';
  else why = missing;
  [psql18, world, dir] = await Promise.all([
    provided('psql18.sh'),
    startClientRig(),
    mkdtemp(join(tmpdir(), 'sallyport-psql-')),
  ]);
}, 180_000);

afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
  await world[Symbol.asyncDispose]();
});

interface Person {
  readonly principal: 'ana' | 'dora' | 'ops-agent';
  readonly database: 'crm' | 'plain';
  readonly user: 'app' | 'postgres';
}
const ana: Person = { principal: 'ana', database: 'crm', user: 'app' };
const dora: Person = { principal: 'dora', database: 'plain', user: 'postgres' };
const agent: Person = { principal: 'ops-agent', database: 'crm', user: 'app' };

/** What psql asks the catalog for, in statements of its own. */
const described = [
  '\\d',
  '\\d customers',
  '\\d+ orders',
  '\\dt',
  '\\di',
  '\\ds',
  '\\dv',
  '\\dn',
  '\\df',
  '\\dT',
  '\\dp customers',
  '\\du',
  '\\l',
  '\\conninfo',
  '\\encoding',
];

describe('psql as the system has it', () => {
  test('reads, masked, in clear and by COPY', async (context) => {
    const { stdout, stderr, code } = await run(context, ana, [
      '-c',
      'select name from customers where id = 1',
      '-c',
      'select ssn, email, card_number from customers where id = 1',
      '-c',
      '\\copy (select id, city from customers where id <= 2 order by id) to stdout csv',
      '-c',
      'explain (costs off) select name from customers where id = 1',
    ]);
    const { rows } = await world.admin.query<{ [column: string]: string }>(
      'select name, ssn, email, city from customers where id <= 2 order by id',
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`${rows[0]?.['name'] ?? ''}\n***-**-`);
    expect(stdout).not.toContain(rows[0]?.['ssn']);
    expect(stdout).not.toContain(rows[0]?.['email']);
    expect(stdout).toContain(`1,${rows[0]?.['city'] ?? ''}\n2,${rows[1]?.['city'] ?? ''}\n`);
  });

  test('prints a denial as its own error, with detail and hint, and goes on', async (context) => {
    const { stdout, stderr } = await run(context, dora, [
      '-c',
      'delete from client_items',
      '-c',
      '\\errverbose',
      '-c',
      'select 7',
    ]);
    expect(stderr).toMatch(
      /^ERROR: {2}denied by policy: delete on every row of public\.client_items \[PG-002\]\nDETAIL: {2}request \S{26} revision \S+\nHINT: {2}Add a WHERE clause\.\n/,
    );
    expect(stdout).toContain('7\n');
  });

  test('runs a file, stops at the first error when told, and its transaction is gone', async (context) => {
    const file = join(dir, 'script.sql');
    await writeFile(
      file,
      "\\set ON_ERROR_STOP on\nbegin;\ninsert into client_items values (5, 'five');\ndelete from client_items;\ncommit;\nselect 'not reached';\n",
    );
    const { stdout, code } = await run(context, dora, ['-f', file]);
    expect(code).toBe(3);
    expect(stdout).not.toContain('not reached');
    expect((await world.admin.query('select 1 from client_items where id = 5')).rows).toEqual([]);
  });

  // psql 15 asks for a column of pg_database that servers from 17 on do not have: \l fails without a gateway as well.
  test.each(described.filter((command) => command !== '\\l'))('%s works for a reader under masks', async (command) => {
    if (psql === undefined) return;
    const { stderr, code } = await start(psql, ana, ['-c', command]);
    expect(stderr).not.toContain('ERROR');
    expect(code).toBe(0);
  });

  test('\\copy brings a file in and takes it out again', async (context) => {
    const [from, to] = [join(dir, 'in.csv'), join(dir, 'out.csv')];
    const rows = Array.from({ length: 2_000 }, (_, i) => `${String(i + 1_000)},"row ""${String(i)}"""\n`).join('');
    await writeFile(from, rows);
    const { stdout, stderr } = await run(context, dora, [
      '-c',
      `\\copy client_items from '${from}' csv`,
      '-c',
      `\\copy (select * from client_items where id >= 1000 order by id) to '${to}' csv force quote name`,
      '-c',
      'delete from client_items where id >= 1000',
    ]);
    expect(stderr).toBe('');
    expect(stdout).toBe('COPY 2000\nCOPY 2000\nDELETE 2000\n');
    expect(await readFile(to, 'utf8')).toBe(rows);
  });

  test('Ctrl-C cancels what runs, and the session goes on', async (context) => {
    const interrupt = psql === undefined ? undefined : running(world.admin, 'select pg_sleep(29)%');
    const { stderr } = await run(context, dora, [], {
      input: 'select pg_sleep(29);\n',
      ...(interrupt ? { interrupt } : {}),
    });
    expect(stderr).toContain('canceling statement due to user request');
  });

  test('says what a held statement waits for, and Ctrl-C gives it up', async (context) => {
    const { stderr } = await run(context, agent, [], {
      input: "update customers set city = 'x' where id = 1;\n",
      interruptWhen: /waiting for approval/,
    });
    expect(stderr).toMatch(/NOTICE: {2}waiting for approval from .* until .*\[PG-10\d\]/);
    expect(stderr).toMatch(/HINT: {2}.*approv/);
    expect(stderr).toContain('ERROR:  approval cancelled');
    expect((await world.admin.query("select 1 from customers where id = 1 and city = 'x'")).rows).toEqual([]);
  });

  test('hears a notification', async (context) => {
    const { stdout } = await run(context, dora, ['-c', 'listen ch', '-c', "notify ch, 'hi'"]);
    expect(stdout).toContain('Asynchronous notification "ch" with payload "hi" received');
  });

  test('tells a wrong token from a right one', async (context) => {
    if (psql === undefined) return context.skip(why);
    const { stderr, code } = await runProgram(psql, [conninfo(ana), '-c', 'select 1'], {
      env: { PGPASSWORD: 'eyJhbGciOiJub25lIn0.e30.' },
    });
    expect(code).toBe(2);
    expect(stderr).toMatch(/FATAL: {2}.*token/);
  });
});

describe('psql 18', () => {
  test('reads, masked, by \\bind and by a pipeline, and a denial leaves the session usable', async (context) => {
    if ('missing' in psql18) return context.skip(psql18.missing);
    const input = [
      'select ssn from customers where id = $1 \\bind 1 \\g',
      'select ssn from customers where id = $1 \\parse s',
      '\\bind_named s 1 \\g',
      '\\startpipeline',
      'select $1 \\bind one \\sendpipeline',
      'select $1 \\bind two \\sendpipeline',
      '\\flushrequest',
      '\\getresults',
      '\\endpipeline',
      "update customers set city = 'x' where id = 1;",
      'select 8;',
    ].join('\n');
    const { stdout, stderr } = await runProgram(psql18.path, ['-X', '-A', '-t', conninfo(ana, 'disable')], {
      env: { PGPASSWORD: await world.rig.token('ana') },
      input: `${input}\n`,
    });
    expect(stderr).toMatch(/^ERROR: {2}denied/);
    expect(stdout.replaceAll('\n\n', '\n')).toMatch(/^\*\*\*-\*\*-\d{4}\n\*\*\*-\*\*-\d{4}\none\ntwo\n8\n$/);
  });

  test.each(described)('%s works for a reader under masks', async (command) => {
    if ('missing' in psql18) return;
    const { stderr, code } = await runProgram(psql18.path, ['-X', conninfo(ana, 'disable'), '-c', command], {
      env: { PGPASSWORD: await world.rig.token('ana') },
    });
    expect(stderr).not.toContain('ERROR');
    expect(code).toBe(0);
  });

  test('speaks protocol 3.2, with its longer cancel key', async (context) => {
    if ('missing' in psql18) return context.skip(psql18.missing);
    const { stderr } = await runProgram(
      psql18.path,
      ['-X', `${conninfo(dora, 'disable')} max_protocol_version=3.2 min_protocol_version=3.2`],
      {
        env: { PGPASSWORD: await world.rig.token('dora') },
        input: 'select pg_sleep(28);\n',
        interrupt: running(world.admin, 'select pg_sleep(28)%'),
      },
    );
    expect(stderr).toContain('canceling statement due to user request');
  });
});

type Options = NonNullable<Parameters<typeof runProgram>[2]>;

async function run(
  context: { skip(note: string): never },
  person: Person,
  args: readonly string[],
  options: Options = {},
) {
  if (psql === undefined) return context.skip(why);
  return start(psql, person, args, options);
}

async function start(program: string, person: Person, args: readonly string[], options: Options = {}) {
  const env = { PGPASSWORD: await world.rig.token(person.principal) };
  return runProgram(program, ['-X', '-A', '-t', conninfo(person), ...args], { ...options, env });
}

function conninfo({ database, user }: Person, sslmode = 'verify-full'): string {
  const { port, caFile } = world.rig;
  return `host=localhost port=${String(port)} dbname=${database} user=${user} sslmode=${sslmode} sslrootcert=${caFile}`;
}
