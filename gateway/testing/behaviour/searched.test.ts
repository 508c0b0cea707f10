import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Rig, rigPrincipals, startRig } from '../rig.ts';
import { filesWith } from './audited.ts';
import { query, wireThrough } from './wire.ts';

/** Nobody has labelled any of it. Card numbers from the ranges that are kept for tests. */
const setUp = `
  create table remarks (id int primary key, remark text, short varchar(60), doc jsonb, number bigint);
  insert into remarks values
    (1, 'pay with 4242 4242 4242 4242 today', '5555555555554444', '{"card": "4242424242424242"}', 4000056655665556),
    (2, 'nothing to see', null, '{"card": "none"}', 2),
    (3, '4242 4242 4242 4241 and ada@example.com', 'x', '["ada@example.com"]', 3);
  grant select on remarks to app;`;
const found = ['4242 4242 4242 4242', '5555555555554444', '"4242424242424242"', 'ada@example.com'];

let rig: Rig;
beforeAll(async () => {
  const sara = { name: 'sara', kind: 'human', groups: ['readers', 'searched'] } as const;
  rig = await startRig({
    principals: [...rigPrincipals, sara],
    policies: [fileURLToPath(new URL('searching', import.meta.url))],
  });
  const admin = new pg.Client({ connectionString: rig.postgres.url.replace(/\/postgres$/, '/crm') });
  await admin.connect();
  await admin.query(setUp);
  await admin.end();
});
afterAll(() => rig[Symbol.asyncDispose]());

async function through<T>(person: string, use: (client: pg.Client) => Promise<T>, binary = false): Promise<T> {
  const [password, ssl] = [await rig.token(person), { ca: rig.ca }];
  // `binary` is not in the types, and in the client all the same.
  const options: pg.ClientConfig & { readonly binary: boolean } = {
    host: 'localhost',
    port: rig.port,
    user: 'app',
    database: 'crm',
    password,
    ssl,
    binary,
  };
  const client = new pg.Client(options);
  client.on('error', () => undefined); // the session is ended for us where a result is broken off
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

type Answer = Readonly<Record<string, unknown>>;
const rowsOf = (person: string, text: string, params: readonly unknown[] = [], binary = false) =>
  through(person, async (client) => (await client.query<Answer>(text, [...params])).rows, binary);

const wanted = [
  { remark: 'pay with *** today', short: '***', doc: {} },
  { remark: 'nothing to see', short: null, doc: { card: 'none' } },
  { remark: '4242 4242 4242 4241 and ***', short: 'x', doc: [] },
];
const question = 'select remark, short, doc from remarks where id > $1 order by id';
// In binary, the client hands out a document as text, with the version in front of it.
const read = (row: Answer): Answer =>
  typeof row['doc'] === 'string' ? { ...row, doc: JSON.parse(row['doc'].replace('\u0001', '')) as unknown } : row;

test('what is found is hidden, in text and in binary', async () => {
  expect(await rowsOf('sara', question, [0])).toEqual(wanted);
  expect((await rowsOf('sara', question, [0], true)).map(read)).toEqual(wanted);
  expect(await rowsOf('sara', question.replace('$1', '0'))).toEqual(wanted);
});

test('a number, and what is written otherwise, leaves: a second layer is no protection', async () => {
  const taken = `select number, left(short, 8) as a, translate(short, '5', 'x') as b from remarks where id = 1`;
  expect(await rowsOf('sara', taken)).toEqual([{ number: '4000056655665556', a: '55555555', b: 'xxxxxxxxxxxx4444' }]);
});

test('an error says what it says, but for what is found in it', async () => {
  await expect(rowsOf('sara', 'select short::uuid from remarks where id = 1')).rejects.toThrow(
    'invalid input syntax for type uuid: "***"',
  );
  await expect(rowsOf('sara', 'select 1/0')).rejects.toThrow('division by zero');
});

test('a label’s mask goes before what a detector finds', async () => {
  const [row] = await rowsOf('sara', 'select email from customers order by id limit 1');
  expect(row?.['email']).toMatch(/^[^*]+@[^*]+$/); // a token has the form of an address, and stays one
});

test.each(['text', 'csv', 'binary'])('COPY in %s leaves without what is found', async (format) => {
  await using wire = await wireThrough({
    port: rig.port,
    user: 'app',
    database: 'crm',
    password: await rig.token('sara'),
  });
  wire.send(query(`copy remarks (remark, doc) to stdout (format ${format})`));
  const messages = await wire.readies();
  const copied = Buffer.concat(messages.filter(({ tag }) => tag === 'd').map(({ body }) => body)).toString('latin1');
  expect(copied).toContain('pay with *** today');
  expect(copied).toContain('none');
  for (const text of found) expect(copied).not.toContain(text);
});

test('a COPY that cannot be searched is refused before it runs, and the session goes on', async () => {
  await through('sara', async (client) => {
    const copy = "copy remarks (remark) to stdout (encoding 'latin1')";
    await expect(client.query(copy)).rejects.toMatchObject({
      code: '42501',
      message: expect.stringContaining('on this COPY no mask can be put') as string,
      hint: expect.stringContaining('in text, CSV or binary, with UTF8') as string,
    });
    const { rows } = await client.query<Answer>('select short from remarks where id = 1');
    expect(rows).toEqual([{ short: '***' }]);
  });
});

test('whoever no rule names reads everything', async () => {
  const [row] = await rowsOf('ben', 'select remark from remarks where id = 1');
  expect(row).toEqual({ remark: 'pay with 4242 4242 4242 4242 today' });
});

test('what was found stands in no recording but that of the one who may read it', async () => {
  await rig.gateway[Symbol.asyncDispose](); // what is still being packed is packed
  const hits = await filesWith(join(rig.dir, 'recordings'), found);
  const ofBen = await filesWith(join(rig.dir, 'recordings'), ['"ben"']);
  expect(ofBen.length).toBe(1);
  expect(hits).toEqual(ofBen);
});
