import pg from 'pg';
import { crmSchema, generateCrm, type Row } from './generate.ts';

/** The database's logins in the CRM: `app` reads and writes rows, `owner` may also change tables. */
export interface CrmLogins {
  readonly app: string;
  readonly owner: string;
}

const rowsAtOnce = 2_000;

/** Makes the database `crm` with its tables, rows and two logins with these passwords. */
export async function loadCrm(superuserUrl: string, passwords: CrmLogins): Promise<void> {
  await withClient(superuserUrl, async (client) => {
    for (const [login, password] of Object.entries(passwords)) {
      await client.query(
        `create role ${pg.escapeIdentifier(login)} login password ${pg.escapeLiteral(String(password))}`,
      );
    }
    await client.query('create database crm owner owner');
  });
  const inCrm = new URL(superuserUrl);
  inCrm.pathname = '/crm';
  await withClient(inCrm.href, async (client) => {
    await client.query('begin; set local role owner');
    await client.query(`create schema if not exists public; ${crmSchema}`);
    for (const [table, rows] of Object.entries(generateCrm())) await insert(client, table, rows);
    await client.query(`grant select, insert, update, delete on all tables in schema public to app;
      grant usage on all sequences in schema public to app; commit`);
    await client.query('vacuum analyze');
  });
}

async function insert(client: pg.Client, table: string, rows: readonly Row[]): Promise<void> {
  for (let start = 0; start < rows.length; start += rowsAtOnce) {
    const part = JSON.stringify(rows.slice(start, start + rowsAtOnce));
    await client.query(`insert into ${table} select * from json_populate_recordset(null::${table}, $1)`, [part]);
  }
  await client.query(`select setval(pg_get_serial_sequence('${table}', 'id'), ${String(rows.length)})`);
}

async function withClient(url: string, use: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await use(client);
  } finally {
    await client.end();
  }
}
