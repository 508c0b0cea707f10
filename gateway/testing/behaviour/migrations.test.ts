import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Rig, startRig } from '../rig.ts';
import { reconfigure } from './plain-target.ts';

/** Somebody changes the schema through the gateway in a transaction of several statements, as tools for migrations do. */
let rig: Rig;
let migration: pg.Client;
let reader: pg.Client;

beforeAll(async () => {
  rig = await startRig();
  // Schema changes need an approval in production only.
  await reconfigure(rig, (targets) => targets.map((target) => ({ ...target, labels: { env: 'dev' } })));
  const admin = new pg.Client({ connectionString: rig.postgres.url.replace(/postgres$/, 'crm') });
  await admin.connect();
  // What the gateway reads of a view needs a lock on its table.
  await admin.query(
    'set role owner; create table shelves (id int primary key); create view shelf_list as select id from shelves',
  );
  await admin.end();
  const connect = async (principal: string, user: string): Promise<pg.Client> => {
    const password = await rig.token(principal);
    const client = new pg.Client({ host: '127.0.0.1', port: rig.port, user, password, database: 'crm' });
    await client.connect();
    return client;
  };
  [migration, reader] = [await connect('ben', 'owner'), await connect('ana', 'app')];
});

afterAll(async () => {
  await migration?.end();
  await reader?.end();
  await rig?.[Symbol.asyncDispose]();
});

test.each(['commit', 'rollback'])(
  'a transaction that has changed a table under a view ends by %s, and nobody waits for it',
  async (end) => {
    await migration.query('begin');
    await migration.query('alter table shelves add column height int');
    expect((await reader.query('select id from customers where id = 1')).rows).toEqual([{ id: 1 }]);
    expect((await reader.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await migration.query(end);
    await migration.query('alter table shelves drop column if exists height');
  },
);
