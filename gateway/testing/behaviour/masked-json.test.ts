import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Rig, startRig } from '../rig.ts';
import { filesWith } from './audited.ts';
import { bind, execute, parse, query, sync, type Wire, type WireMessage, wireThrough } from './wire.ts';

/** Labels on paths of JSON documents, through the default pack and against a real server: what nobody labelled comes out as it is. */
let rig: Rig;
let admin: pg.Client;

const document =
  '{"id": 1.50, "address": {"city": "Berlin", "phone": "+49 170 1234567"}, "contacts": [{"email": "canary@example.com"}, {"email": null}], "big": 98765432109876543210}';
const tricky =
  '{ "address":{"\\u0070hone":"+49 170 1234567"}, "ADDRESS" : [ {"Phone":"+49 170 1234567"} ] , "address": "+49 170 1234567","z":1e2 }';
const canaries = ['170 1234567', '1234567', 'canary'];

beforeAll(async () => {
  rig = await startRig({ policies: [fileURLToPath(new URL('json-labels', import.meta.url))] });
  admin = new pg.Client({ connectionString: rig.postgres.url.replace(/postgres$/, 'crm') });
  await admin.connect();
  await admin.query('alter table customers add profile jsonb, add raw json');
  await admin.query('create view profiles as select id, profile from customers; grant select on profiles to app');
  await admin.query('update customers set profile = $1, raw = $2 where id = 1', [document, tricky]);
});
afterAll(async () => {
  await admin?.end();
  await rig?.[Symbol.asyncDispose]();
});

async function open(): Promise<Wire> {
  return wireThrough({ port: rig.port, user: 'app', database: 'crm', password: await rig.token('ana') });
}

async function answer(...send: readonly Buffer[]): Promise<{ messages: readonly WireMessage[]; heard: Buffer }> {
  await using wire = await open();
  wire.send(...send);
  return { messages: await wire.readies(), heard: wire.heard };
}

const firstValue = (messages: readonly WireMessage[]): Buffer =>
  messages.find(({ tag }) => tag === 'D')?.body.subarray(6) ?? Buffer.alloc(0);

test('only the labelled values are masked, in text and in binary', async () => {
  const sql = 'select profile from customers where id = 1';
  const { messages } = await answer(query(sql));
  const said = firstValue(messages).toString();
  const [, email = ''] = /"email": "([a-z]{6}@[a-z]{7}\.[a-z]{3})"/.exec(said) ?? [];
  expect(email).not.toBe('canary@example.com');
  const stored =
    (await admin.query<{ p: string }>('select profile::text p from customers where id = 1')).rows[0]?.p ?? '';
  expect(said).toBe(stored.replace('canary@example.com', email).replace('+49 170 1234567', '+** *** *****67'));
  const binary = await answer(parse('', sql), bind('', '', [], { results: [1] }), execute(), sync);
  expect(firstValue(binary.messages).toString()).toBe(`\x01${said}`);
});

test('COPY writes the same documents', async () => {
  const said = firstValue((await answer(query('select profile from customers where id = 1'))).messages).toString();
  const copied = async (format: string) => {
    const sql = `copy (select profile from customers where id = 1) to stdout (format ${format})`;
    return (await answer(query(sql))).messages.find(({ tag }) => tag === 'd')?.body;
  };
  expect(String(await copied('text'))).toBe(`${said}\n`);
  expect(String(await copied('csv'))).toBe(`"${said.replaceAll('"', '""')}"\n`);
  expect((await copied('binary'))?.subarray(25).toString()).toBe(`\x01${said}`);
});

test('of json every byte stays that is not a labelled value, however its names are written', async () => {
  const { messages } = await answer(query('select raw from customers where id = 1'));
  const hidden = '"+** *** *****67"';
  expect(firstValue(messages).toString()).toBe(
    `{ "address":{"\\u0070hone":${hidden}}, "ADDRESS" : [ {"Phone":${hidden}} ] , "address": ${hidden},"z":1e2 }`,
  );
});

test.each([
  'select * from customers where id = 1',
  'select profile, raw from customers',
  'select profile from profiles where id = 1',
  'select profile::text from customers where id = 1',
  "select profile -> 'address' from customers where id = 1",
  "select profile #>> '{address,phone}' from customers where id = 1",
  "select profile['address']['phone'] from customers where id = 1",
  "select jsonb_path_query(profile, '$.**') from customers where id = 1",
  'select e.* from customers, jsonb_each_text(profile) e where id = 1',
  'select to_jsonb(c) from customers c where id = 1',
  'select jsonb_agg(profile) from customers',
  'select array[profile] from customers where id = 1',
  "select id from customers where profile @> '{}'",
  "select jsonb_set(profile, '{x}', '1') from customers where id = 1",
  'copy customers to stdout',
  'copy profiles to stdout',
])('nothing labelled leaves: %s', async (sql) => {
  const { heard } = await answer(query(sql));
  expect(canaries.filter((canary) => heard.includes(canary))).toEqual([]);
  const extended = await answer(parse('', sql), bind('', '', [], { results: [1] }), execute(), sync);
  expect(canaries.filter((canary) => extended.heard.includes(canary))).toEqual([]);
});

test('nothing labelled is in any file of the gateway', async () => {
  await rig.gateway[Symbol.asyncDispose]();
  expect(await filesWith(rig.dir, ['170 1234567', 'canary@example.com'])).toEqual([]);
});
