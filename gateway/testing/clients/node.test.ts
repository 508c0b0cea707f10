import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ClientRig, expectWalk, running, startClientRig, type Walk } from './walk.ts';

let world: ClientRig;
let ca: string;

beforeAll(async () => {
  world = await startClientRig();
  ca = await readFile(world.rig.caFile, 'utf8');
});
afterAll(() => world[Symbol.asyncDispose]());

const denial = "update customers set city = 'x' where id = 1";
const masked = 'select ssn, email, card_number from customers where id = $1';
const types =
  "select $1::int4 + 1 as sum, true as truth, 1.5::float8 as float, array[1,2]::int4[] as list, '\\x00ff'::bytea as bytes, date '2024-02-29' as date";

describe('pg', () => {
  test('walks', async () => {
    await using ana = await pgClient('ana', 'crm', 'app');
    await using dora = await pgClient('dora', 'plain', 'postgres');
    await expectWalk(await pgWalk(ana.client, dora.client), world.admin);
  });

  test('binary results are what they are without a gateway, and masked ones stay readable', async () => {
    await using ana = await pgClient('ana', 'crm', 'app', true);
    const { postgres: target, passwords } = world.rig;
    const direct = new pg.Client({
      ...inBinary,
      host: target.host,
      port: target.port,
      database: 'crm',
      user: 'app',
      password: passwords.app,
    });
    await direct.connect();
    try {
      for (const text of [types.replace('$1', '41'), 'select * from orders where id <= 50 order by id'])
        expect((await ana.client.query(text)).rows).toEqual((await direct.query(text)).rows);
    } finally {
      await direct.end();
    }
    const { rows } = await ana.client.query<{ id: number; ssn: string; salary: unknown }>(
      'select id, ssn, salary from employees where id = $1',
      [1],
    );
    expect(rows).toMatchObject([{ id: 1, salary: null }]);
    expect(rows[0]?.ssn).toMatch(/^\*\*\*-\*\*-\d{4}$/);
  });

  test('many statements on one connection, one after the other in its queue', async () => {
    await using ana = await pgClient('ana', 'crm', 'app');
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => ana.client.query<{ n: number }>('select $1::int as n', [i])),
    );
    expect(answers.map(({ rows }) => rows[0]?.n)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });
});

/** `pg` asks for binary results by this, which its types do not know. */
const inBinary: object = { binary: true };

async function pgClient(principal: string, database: string, user: string, binary = false) {
  const client = new pg.Client({
    ...(await place(principal)),
    database,
    user,
    ssl: { ca },
    ...(binary ? inBinary : {}),
  });
  await client.connect();
  return { client, [Symbol.asyncDispose]: () => client.end() };
}

async function pgWalk(ana: pg.Client, dora: pg.Client): Promise<Walk> {
  const one = async (client: pg.Client): Promise<number> =>
    (await client.query<{ n: number }>('select 1 as n')).rows[0]?.n ?? 0;
  const { rows: selected } = await ana.query<[number, string]>({
    text: 'select id, name from customers where id <= 2 order by id',
    rowMode: 'array',
  });
  const three = [];
  for (let i = 0; i < 3; i++)
    three.push(...(await ana.query<string[]>({ name: 'masked', text: masked, values: [1], rowMode: 'array' })).rows);
  const { rows: typed } = await ana.query<{
    sum: number;
    truth: boolean;
    float: number;
    list: number[];
    bytes: Buffer;
  }>(types, [41]);
  const [t] = typed;
  // pg makes a date in local time of it.
  const date = await ana.query<{ d: string }>("select (date '2024-02-29')::text as d");
  const refusal = await pgError(ana.query(denial));
  const afterDenial = await one(ana);

  await dora.query('begin');
  await dora.query("insert into client_items values (2, 'two')");
  const inTransaction = [
    (await pgError(dora.query('delete from client_items'))).code ?? '',
    (await pgError(dora.query('select 1'))).code ?? '',
  ];
  await dora.query('rollback');
  const { rows: left } = await dora.query('select id from client_items');

  const sleeping = new pg.Query('select pg_sleep(30)');
  const cancelled = new Promise<string>((resolve) =>
    sleeping.once('error', (error: Error & { code?: string }) => resolve(error.code ?? '')),
  );
  dora.query(sleeping);
  await running(world.admin, 'select pg_sleep(30)');
  const canceller = new pg.Client({ ...(await place('dora')), database: 'plain', user: 'postgres' });
  // Not in its types: pg keeps the cancel request to itself.
  (canceller as pg.Client & { cancel(client: pg.Client, query: pg.Query): void }).cancel(dora, sleeping);
  const cancelCode = await cancelled;

  const heard = new Promise<string>((resolve) =>
    dora.once('notification', (message: pg.Notification) => resolve(message.payload ?? '')),
  );
  await dora.query('listen news');
  await dora.query("notify news, 'hello'");
  return {
    selected,
    masked: three,
    types: {
      sum: t?.sum ?? 0,
      truth: t?.truth ?? false,
      float: t?.float ?? 0,
      list: t?.list ?? [],
      bytes: t?.bytes.toString('hex') ?? '',
      date: date.rows[0]?.d ?? '',
    },
    denied: {
      sqlstate: refusal.code ?? '',
      message: refusal.message,
      detail: refusal.detail ?? '',
      hint: refusal.hint ?? '',
    },
    afterDenial,
    inTransaction,
    afterRollback: left.length,
    cancelled: [cancelCode, await one(dora)],
    notified: await heard,
  };
}

async function pgError(query: Promise<unknown>): Promise<pg.DatabaseError> {
  const error: unknown = await query.then(
    () => new Error('nothing was denied'),
    (reason: unknown) => reason,
  );
  if (error instanceof pg.DatabaseError) return error;
  throw error;
}

describe('postgres', () => {
  test('walks', async () => {
    const heldBack = await place('ana');
    const ana = postgres({ ...heldBack, database: 'crm', user: 'app', max: 1, ssl: { ca }, onnotice: () => undefined });
    const dora = postgres({
      ...(await place('dora')),
      database: 'plain',
      user: 'postgres',
      max: 1,
      ssl: { ca },
      onnotice: () => undefined,
    });
    try {
      await expectWalk(await postgresWalk(ana, dora), world.admin);
    } finally {
      await Promise.all([ana.end({ timeout: 2 }), dora.end({ timeout: 2 })]);
    }
  });

  test('its simple queries are masked like its prepared ones', async () => {
    const ana = postgres({ ...(await place('ana')), database: 'crm', user: 'app', max: 1, ssl: { ca } });
    try {
      const [simple] = await ana.unsafe('select ssn from customers where id = 1').simple();
      const [prepared] = await ana`select ssn from customers where id = ${1}`;
      expect(simple).toEqual(prepared);
      expect(simple?.['ssn']).toMatch(/^\*\*\*-\*\*-\d{4}$/);
    } finally {
      await ana.end({ timeout: 2 });
    }
  });
});

interface N {
  readonly n: number;
}

async function postgresWalk(ana: postgres.Sql, dora: postgres.Sql): Promise<Walk> {
  const rows = await ana`select id, name from customers where id <= 2 order by id`.values();
  const three: string[][] = [];
  for (let i = 0; i < 3; i++)
    three.push(
      ...(await ana`select ssn, email, card_number from customers where id = ${1}`.values()).map((row) =>
        row.map(String),
      ),
    );
  const [t] = await ana<
    { sum: number; truth: boolean; float: number; list: number[]; bytes: Buffer; date: Date }[]
  >`select ${41}::int4 + 1 as sum, true as truth, 1.5::float8 as float, array[1,2]::int4[] as list, '\\x00ff'::bytea as bytes, date '2024-02-29' as date`;
  const refusal = await postgresError(ana.unsafe(denial));
  const [one] = await ana<N[]>`select 1 as n`;

  const inTransaction: string[] = [];
  await dora
    .begin(async (sql) => {
      await sql`insert into client_items values (2, 'two')`;
      inTransaction.push((await postgresError(sql.unsafe('delete from client_items'))).code);
      inTransaction.push((await postgresError(sql`select 1`)).code);
      throw new Error('roll back');
    })
    .catch(() => undefined);
  const left = await dora`select id from client_items`;

  const sleeping = dora.unsafe('select pg_sleep(30)');
  const cancelled = postgresError(sleeping);
  await running(world.admin, 'select pg_sleep(30)');
  sleeping.cancel();
  const code = (await cancelled).code;
  const [after] = await dora<N[]>`select 1 as n`;

  const heard = Promise.withResolvers<string>();
  const listening = await dora.listen('news', heard.resolve);
  await dora.notify('news', 'hello');
  const notified = await heard.promise;
  await listening.unlisten();

  await pipeline(
    Readable.from(['11,a\n12,b\n', '13,\n']),
    await dora`copy client_items from stdin (format csv)`.writable(),
  );
  const [copied] = await dora<N[]>`select count(*)::int as n from client_items where id > 10`;
  let out = '';
  for await (const chunk of await dora`copy (select * from client_items where id > 10 order by id) to stdout (format csv)`.readable())
    out += String(chunk);
  await dora`delete from client_items where id > 10`;

  let fetched = 0;
  for await (const part of dora`select generate_series(1, 1000) as n`.cursor(150)) fetched += part.length;
  const sent = await Promise.all([ana<N[]>`select 1 as n`, ana<N[]>`select 2 as n`, ana<N[]>`select 3 as n`]);
  return {
    selected: rows.map((row) => [Number(row[0]), String(row[1])] as const),
    masked: three,
    types: {
      sum: t?.sum ?? 0,
      truth: t?.truth ?? false,
      float: t?.float ?? 0,
      list: t?.list ?? [],
      bytes: t?.bytes.toString('hex') ?? '',
      date: t?.date.toISOString().slice(0, 10) ?? '',
    },
    denied: {
      sqlstate: refusal.code,
      message: refusal.message,
      detail: refusal.detail ?? '',
      hint: refusal.hint ?? '',
    },
    afterDenial: one?.n ?? 0,
    inTransaction,
    afterRollback: left.length,
    cancelled: [code, after?.n ?? 0],
    notified,
    copied: [copied?.n ?? 0, out],
    cursor: fetched,
    pipelined: sent.map(([row]) => row?.n ?? 0),
  };
}

async function postgresError(query: PromiseLike<unknown>): Promise<postgres.PostgresError> {
  const error: unknown = await Promise.resolve(query).then(
    () => new Error('nothing was denied'),
    (reason: unknown) => reason,
  );
  if (error instanceof postgres.PostgresError) return error;
  throw error;
}

async function place(principal: string) {
  return { host: 'localhost', port: world.rig.port, password: await world.rig.token(principal) };
}
