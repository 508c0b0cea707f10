import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { scan } from '../leak/scan.ts';
import { type Rig, startRig } from '../rig.ts';
import { filesWith } from './audited.ts';
import { bind, copyDone, execute, parse, query, raw, sync, type Wire, wireDirect, wireThrough } from './wire.ts';

/** Types that are no text and no number, through the default pack: nothing of a value leaves, and the server takes what leaves for one of the type. */
const types: readonly (readonly [name: string, type: string, value: string])[] = [
  ['i', 'interval', '11 years 7 mons 23 days 05:43:21.987'],
  ['m', 'money', '918273645.12'],
  ['b', 'bit(40)', '1011001110001111000011111000001111110000'],
  ['v', 'varbit', '10110011100011110000111110000011111100001'],
  ['ip', 'inet', '203.0.113.77/31'],
  ['net', 'cidr', '2001:db8:71:4d::/64'],
  ['mac', 'macaddr', '08:00:2b:71:4d:5a'],
  ['mac8', 'macaddr8', '08:00:2b:71:4d:5a:6b:7c'],
  ['x', 'xml', '<name>ⰀⰁⰂⰃ</name>'],
  ['h', 'hstore', 'ⰀⰁⰂ=>ⰃⰄⰅ'],
  ['r', 'int8range', '[918273645,918273999)'],
  ['tr', 'words', '[ⰀⰁⰂ,ⰃⰄⰅ)'],
  ['mr', 'int8multirange', '{[918273645,918273999)}'],
  ['c', 'person', '(918273645,"ⰀⰁⰂ, ""ⰃⰄⰅ""")'],
  ['e', 'mood', 'ⰀⰁⰂⰃ'],
  ['n', 'numeric(8,2)', '918273.64'],
  ['ips', 'inet[]', '{203.0.113.77,NULL}'],
  ['cs', 'person[]', '{"(918273645,ⰀⰁⰂ)"}'],
  ['rs', 'int8range[]', '{"[918273645,918273999)"}'],
];
/** A label of each method. */
const labels = { redact: 'pii.name', partial: 'pii.ssn', tokenize: 'pii.email', hash: 'pii.iban' } as const;
const methods = ['redact', 'partial', 'tokenize', 'hash'] as const;

let rig: Rig;
let admin: pg.Client;
let data: string;
/** Each value as the server writes it, in text and in binary. */
const needles: Buffer[] = [];

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'sallyport-types-'));
  await mkdir(join(data, 'columns/crm'), { recursive: true });
  const columns = methods.flatMap((method) =>
    types.map(([name]) => [`public.odd_${method}.${name}`, [labels[method]]] as const),
  );
  await writeFile(join(data, 'columns/crm/data.yaml'), stringify(Object.fromEntries(columns)));
  rig = await startRig({ policies: [data] });
  admin = new pg.Client({ connectionString: rig.postgres.url.replace(/postgres$/, 'crm') });
  await admin.connect();
  await admin.query(`create extension hstore; create type mood as enum ('ⰀⰁⰂⰃ', 'well');
    create type person as (id int, name text); create type words as range (subtype = text, collation = "C");
    create table back (${types.map(([name, type]) => `${name} ${type}`).join(', ')})`);
  for (const method of methods) {
    await admin.query(`create table odd_${method} (like back); grant select on odd_${method} to app`);
    const values = types.map(([, type], i) => `$${String(i + 1)}::${type}`).join(', ');
    await admin.query(
      `insert into odd_${method} values (${values})`,
      types.map(([, , value]) => value),
    );
  }
  await using direct = await wireDirect(own());
  for (const format of [0, 1] as const) {
    direct.send(parse('', 'select * from odd_redact'), bind('', '', [], { results: [format] }), execute(), sync);
    for (const value of valuesOf(await direct.readies())) if (value && value.length >= 4) needles.push(value);
  }
});
afterAll(async () => {
  await admin?.end();
  await rig?.[Symbol.asyncDispose]();
  await rm(data, { recursive: true, force: true });
});

const own = () => ({ port: rig.postgres.port, user: 'postgres', database: 'crm', password: rig.postgres.password });

async function through(): Promise<Wire> {
  return wireThrough({ port: rig.port, user: 'app', database: 'crm', password: await rig.token('ana') });
}

/** The values of the only row. */
function valuesOf(messages: Awaited<ReturnType<Wire['readies']>>): readonly (Buffer | null)[] {
  const body = messages.find(({ tag }) => tag === 'D')?.body;
  if (!body) throw new Error('no row');
  const values: (Buffer | null)[] = [];
  for (let at = 2; at < body.length;) {
    const length = body.readInt32BE(at);
    values.push(length < 0 ? null : body.subarray(at + 4, at + 4 + length));
    at += 4 + Math.max(0, length);
  }
  return values;
}

function leaks(heard: Buffer): readonly string[] {
  const found = needles.filter((needle) => heard.includes(needle)).map((needle) => needle.toString('hex'));
  return [...found, ...scan(heard, 'a', { texts: [], numbers: [] }).map(({ form, piece }) => `${form} ${piece}`)];
}

/** What the masked table says, by column, as text. */
async function shown(table: string): Promise<Readonly<Record<string, string | null>>> {
  const columns = types.map(([name]) => `${name}::text`).join(', ');
  const { rows } = await admin.query<Readonly<Record<string, string | null>>>(`select ${columns} from ${table}`);
  if (rows.length !== 1) throw new Error(`${String(rows.length)} rows came back`);
  return rows[0] ?? {};
}

describe.each(methods)('by %s', (method) => {
  const sql = `select * from odd_${method}`;
  let wanted: Readonly<Record<string, string | null>>;

  test.each([0, 1] as const)(
    'nothing of a value leaves in format %i, and the server reads what does',
    async (format) => {
      await using wire = await through();
      wire.send(parse('', sql), bind('', '', [], { results: [format] }), execute(), sync);
      const values = valuesOf(await wire.readies());
      expect(leaks(wire.heard)).toEqual([]);
      await using direct = await wireDirect(own());
      const parameters = types.map(([, type], i) => `$${String(i + 1)}::${type}`).join(', ');
      direct.send(
        query('truncate back'),
        parse('', `insert into back values (${parameters})`),
        bind('', '', values, { parameters: [format] }),
        execute(),
        sync,
      );
      await direct.readies(2);
      const said = await shown('back');
      wanted ??= said;
      expect(said).toEqual(wanted);
      // Of an enum there is no neutral member; of all others something of the type is left.
      expect(Object.entries(said).filter(([, value]) => value === null)).toEqual([['e', null]]);
    },
  );

  test.each(['text', 'csv', 'binary'])('COPY in %s brings the same, and loads', async (format) => {
    await using wire = await through();
    const messages = await wire.query(`copy (${sql}) to stdout (format ${format})`);
    expect(leaks(wire.heard)).toEqual([]);
    const copied = messages.filter(({ tag }) => tag === 'd').map(({ body }) => raw('d', body));
    await using direct = await wireDirect(own());
    await direct.query('truncate back');
    direct.send(query(`copy back from stdin (format ${format})`), ...copied, copyDone);
    await direct.readies();
    expect(await shown('back')).toEqual(wanted);
  });
});

test('and nothing of them stands in a recording or a log', async () => {
  await rig.gateway[Symbol.asyncDispose]();
  const texts = types.map(([, , value]) => value);
  expect(await filesWith(join(rig.dir, 'recordings'), texts)).toEqual([]);
  expect(await filesWith(join(rig.dir, 'audit'), texts)).toEqual([]);
});
