import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Rig, startRig } from '../rig.ts';
import { filesWith } from './audited.ts';
import { bind, closeStatement, execute, flush, parse, query, run, sync, type Wire, wireThrough } from './wire.ts';

/** COPY TO STDOUT of labelled columns, through the default pack and against a real server: what leaves is what the SELECT would show. */
let rig: Rig;
let admin: pg.Client;
let secrets: readonly string[];

beforeAll(async () => {
  rig = await startRig();
  admin = new pg.Client({ connectionString: rig.postgres.url.replace(/postgres$/, 'crm') });
  await admin.connect();
  await admin.query('alter table customers add shouted text generated always as (upper(city)) stored');
  await admin.query(`create domain phone_number as text; create domain phone_numbers as phone_number[];
    alter table employees drop column if exists email cascade; alter table employees add email phone_numbers;
    update employees set email = '{secret-one,secret-two,NULL}'`);
  const { rows } = await admin.query<{ [column: string]: string }>(
    'select ssn, email, card_number, phone, notes from customers where id <= 3',
  );
  secrets = rows.flatMap((row) => Object.values(row)).filter((value) => value !== null);
});
afterAll(async () => {
  await admin?.end();
  await rig?.[Symbol.asyncDispose]();
});

async function open(principal = 'ana'): Promise<Wire> {
  return wireThrough({ port: rig.port, user: 'app', database: 'crm', password: await rig.token(principal) });
}

/** Payloads of the CopyData messages of one answer, and its error. */
async function copied(
  send: readonly Buffer[],
  readies = 1,
): Promise<{ data: Buffer[]; failure: string; heard: Buffer }> {
  await using wire = await open();
  wire.send(...send);
  const messages = await wire.readies(readies);
  const failed = messages.find(({ tag }) => tag === 'E');
  return {
    data: messages.filter(({ tag }) => tag === 'd').map(({ body }) => body),
    failure: failed?.body.toString() ?? '',
    heard: wire.heard,
  };
}

/** By a plain SELECT, masked, as text rows. */
async function selected(sql: string): Promise<readonly (readonly (string | null)[])[]> {
  await using wire = await open();
  const messages = await wire.query(sql);
  return messages
    .filter(({ tag }) => tag === 'D')
    .map(({ body }) => {
      const cells: (string | null)[] = [];
      for (let at = 2; at < body.length;) {
        const length = body.readInt32BE(at);
        cells.push(length < 0 ? null : body.toString('utf8', at + 4, at + 4 + length));
        at += 4 + Math.max(0, length);
      }
      return cells;
    });
}

const columns = 'id, ssn, email, card_number, phone, city';
const some = `select ${columns} from customers where id <= 3 order by id`;
const ways: readonly (readonly [string, (sql: string) => readonly [Buffer[], number]])[] = [
  ['a simple Query', (sql) => [[query(sql)], 1]],
  ['an Execute', (sql) => [[run(sql), sync], 1]],
  ['a Query of several statements', (sql) => [[query(`select 1; ${sql}; select 2`)], 1]],
  [
    'a statement prepared once and run five times',
    (sql) => [[parse('s', sql), ...Array.from({ length: 5 }, () => [bind('', 's'), execute(), sync]).flat()], 5],
  ],
  [
    'an Execute with binary results asked for',
    (sql) => [[parse('', sql), bind('', '', [], { results: [1] }), execute(), sync], 1],
  ],
  [
    'an Execute behind a Flush',
    (sql) => [[parse('t', sql), flush, bind('', 't'), execute(), closeStatement('t'), sync], 1],
  ],
];

describe.each(ways)('by %s', (_, sent) => {
  test('COPY shows what SELECT shows, in text and CSV', async () => {
    const rows = await selected(some);
    expect(rows).toHaveLength(3);
    const line = (cells: readonly (string | null)[], by: string, none: string) => cells.map((c) => c ?? none).join(by);
    const text = await copied(...sent(`copy (${some}) to stdout`));
    expect(text.data.slice(0, 3).map(String)).toEqual(rows.map((row) => `${line(row, '\t', '\\N')}\n`));
    const csv = await copied(...sent(`copy (${some}) to stdout (format csv, header)`));
    expect(csv.data.slice(0, 4).map(String)).toEqual([
      `${columns.replaceAll(' ', '')}\n`,
      ...rows.map((row) => `${line(row, ',', '')}\n`),
    ]);
  });

  test('COPY in binary is read back as what SELECT shows', async () => {
    const { data } = await copied(...sent(`copy (${some}) to stdout (format binary)`));
    const rows = await selected(some);
    const fields = data.slice(0, 3).map((body, i) => {
      const cells: (string | null)[] = [];
      for (let at = i === 0 ? 21 : 2; at < body.length;) {
        const length = body.readInt32BE(at);
        const value = body.subarray(at + 4, at + 4 + Math.max(0, length));
        cells.push(length < 0 ? null : cells.length === 0 ? String(value.readInt32BE(0)) : value.toString());
        at += 4 + value.length;
      }
      return cells;
    });
    expect(fields).toEqual(rows);
  });

  test.each([
    'copy customers to stdout',
    'copy customers to stdout csv header',
    'copy binary customers to stdout',
    'copy customers (ssn, email, notes) to stdout csv force quote *',
    'copy (table customers) to stdout',
    'copy (select * from customers union all select * from customers) to stdout',
    'copy (select upper(ssn), reverse(email) from customers) to stdout',
    'copy (select to_jsonb(c) from customers c) to stdout',
    "copy (select ssn from customers) to stdout (format csv, quote '1', escape '2', delimiter '3')",
    "copy (select ssn from customers) to stdout (delimiter '-')",
    "copy customers (ssn) to stdout (null '\\-')",
  ])('nothing labelled leaves: %s', async (sql) => {
    const { heard, failure } = await copied(...sent(sql));
    expect(failure).toBe('');
    expect(secrets.filter((secret) => heard.includes(secret))).toEqual([]);
  });

  test.each([
    ["copy customers (ssn) to stdout (null '078-05-1120')", 'PG-012'],
    ["copy customers (ssn) to stdout (null '')", 'PG-012'],
    ["copy customers (ssn) to stdout (encoding 'latin1')", 'PG-012'],
    ["copy customers to '/tmp/sallyport-leak'", 'PG-004'],
    ["copy customers to program 'cat'", 'PG-004'],
    ['copy (select ssn::int from customers) to stdout', 'PG-01'],
    ['copy (select ssn from customers order by ssn) to stdout', 'PG-010'],
  ])('denied: %s', async (sql, id) => {
    const { failure, heard, data } = await copied(...sent(sql));
    expect(failure).toContain(id);
    expect(data).toEqual([]);
    expect(secrets.filter((secret) => heard.includes(secret))).toEqual([]);
  });
});

test('a table without its generated columns keeps each mask on its column', async () => {
  const { data } = await copied([query('copy customers to stdout csv header')]);
  const [header = '', first = ''] = data.map(String);
  expect(header).not.toContain('shouted');
  const row = Object.fromEntries(
    header
      .trim()
      .split(',')
      .map((name, i) => [name, first.trim().split(',')[i] ?? '']),
  );
  expect(row['ssn']).toMatch(/^\*\*\*-\*\*-\d{4}$/);
  expect(row['city']).not.toBe('');
});

test('an array of a domain is masked element by element, by COPY as by SELECT', async () => {
  const [[cell] = []] = await selected('select email from employees where id = 1');
  expect(cell).toMatch(/^\{[a-z]{6}-[a-z]{3},[a-z]{6}-[a-z]{3},NULL\}$/);
  expect(cell).not.toContain('secret');
  const { data } = await copied([query('copy (select email from employees where id = 1) to stdout')]);
  expect(data.map(String)).toEqual([`${cell ?? ''}\n`]);
  const binary = await copied([query('copy (select email from employees where id = 1) to stdout binary')]);
  expect(binary.heard.includes('secret')).toBe(false);
});

test('those who read the labels get the server’s own bytes', async () => {
  const { rows } = await admin.query<{ ssn: string }>('select ssn from customers where id = 1');
  await using wire = await open('carl');
  const messages = await wire.query('copy (select ssn from customers where id = 1) to stdout');
  expect(messages.find(({ tag }) => tag === 'd')?.body.toString()).toBe(`${rows[0]?.ssn ?? ''}\n`);
});

test('nothing of what was copied masked is in any file of the gateway', async () => {
  await rig.gateway[Symbol.asyncDispose]();
  // Carl read one in clear: recordings have what their reader saw.
  const { rows } = await admin.query<{ ssn: string }>('select ssn from customers where id = 1');
  expect(
    await filesWith(
      rig.dir,
      secrets.filter((secret) => secret !== rows[0]?.ssn),
    ),
  ).toEqual([]);
});
