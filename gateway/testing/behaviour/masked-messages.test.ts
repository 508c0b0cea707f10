import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Rig, startRig } from '../rig.ts';
import { settled } from '../settled.ts';
import { filesWith } from './audited.ts';
import { query, run, sync, type Wire, wireThrough } from './wire.ts';

/** Channels beside the rows: error texts with detail and hint, notices, notifications. Ben may do everything but read what is labelled. */
let rig: Rig;
let admin: pg.Client;
let secrets: readonly string[];

beforeAll(async () => {
  rig = await startRig();
  admin = new pg.Client({ connectionString: rig.postgres.url.replace(/postgres$/, 'crm') });
  await admin.connect();
  await admin.query(`
    alter table customers add constraint no_such_city check (city <> 'forbidden');
    create function told() returns trigger language plpgsql as $$ begin
      raise notice 'ssn %', new.ssn using detail = new.email, hint = new.card_number; return new; end $$;
    create trigger told after update of country on customers for each row execute function told();
    create function failed() returns trigger language plpgsql as $$ begin
      raise exception 'ssn %', new.ssn using detail = new.email, hint = new.card_number; end $$;
    create trigger failed after update of name on customers for each row execute function failed();
    grant all on customers to app`);
  const { rows } = await admin.query<{ [column: string]: string }>(
    'select ssn, email, card_number from customers where id = 1',
  );
  secrets = rows.flatMap((row) => Object.values(row));
});
afterAll(async () => {
  await admin?.end();
  await rig?.[Symbol.asyncDispose]();
});

async function open(): Promise<Wire> {
  return wireThrough({ port: rig.port, user: 'app', database: 'crm', password: await rig.token('ben') });
}

const leaked = (heard: Buffer): readonly string[] => secrets.filter((secret) => heard.includes(secret));

test.each([
  ['the failing row in the detail of a check', "update customers set city = 'forbidden' where id = 1", '23514'],
  ['an exception that quotes values in text, detail and hint', "update customers set name = 'x' where id = 1", 'P0001'],
])('of %s only the code leaves', async (_, sql, code) => {
  for (const send of [[query(sql)], [run(sql), sync]]) {
    await using wire = await open();
    wire.send(...send);
    const error = (await wire.readies()).find(({ tag }) => tag === 'E');
    expect(error?.body.toString()).toContain(code);
    expect(error?.body.toString()).toContain('text withheld');
    expect(leaked(wire.heard)).toEqual([]);
  }
});

test('of a notice that quotes values only its arrival is told', async () => {
  await using wire = await open();
  const messages = await wire.query("update customers set country = 'x' where id = 1");
  expect(messages.map(({ tag }) => tag)).toEqual(['N', 'C', 'Z']);
  expect(leaked(wire.heard)).toEqual([]);
});

/** The server says what a sort took when its cursor is closed. */
const sorted = async (wire: Wire, columns: string): Promise<readonly string[]> => {
  await wire.query(`begin; declare c cursor for select ${columns} from customers order by name, id; fetch 1 from c`);
  const messages = await wire.query('close c; commit');
  return messages.map(({ tag }) => tag);
};

test('what the server says of its own work leaves until something was masked, and then there is none', async () => {
  await using wire = await open();
  await wire.query("set trace_sort = on; set client_min_messages = 'log'");
  expect(await sorted(wire, 'id, name')).toContain('N');
  expect(await sorted(wire, 'id, ssn')).toEqual(['C', 'C', 'Z']);
  expect(await sorted(wire, 'id, name')).toEqual(['C', 'C', 'Z']);
});

test('the payload of a notification does not leave, whether something was masked before or not', async () => {
  await using wire = await open();
  await wire.query('listen told');
  const arrived = async (times: number) => {
    await admin.query(`select pg_notify('told', ssn || email) from customers where id = 1`);
    await vi.waitFor(async () => {
      await wire.query('select 1');
      // What follows the channel's name is an empty payload.
      expect(wire.heard.toString('latin1').split('told\0\0')).toHaveLength(times + 1);
    }, settled);
  };
  await arrived(1);
  await wire.query('select ssn from customers where id = 1');
  await arrived(2);
  expect(leaked(wire.heard)).toEqual([]);
});

test('none of it is in any file of the gateway', async () => {
  await rig.gateway[Symbol.asyncDispose]();
  expect(await filesWith(rig.dir, secrets)).toEqual([]);
});
