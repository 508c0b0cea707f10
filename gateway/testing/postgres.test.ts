import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { startPostgres15, startPostgres18, type TestPostgres } from './postgres.ts';

/** The first value of the first row. */
async function ask(server: TestPostgres, sql: string, over: pg.ClientConfig = {}): Promise<unknown> {
  const { host, port, user, password, database } = server;
  const client = new pg.Client({ host, port, user, password, database, ...over });
  await client.connect();
  try {
    const answer = await client.query<unknown[]>({ text: sql, rowMode: 'array' });
    return answer.rows[0]?.[0];
  } finally {
    await client.end();
  }
}

describe('PostgreSQL 18 from npm', () => {
  test('answers, checks passwords by SCRAM, and speaks TLS under its own authority', async () => {
    await using server = await startPostgres18({ ssl: true, settings: { max_connections: '33' } });
    expect(await ask(server, 'show server_version')).toMatch(/^18\./);
    expect(await ask(server, 'show max_connections')).toBe('33');
    expect(await ask(server, 'select rolpassword from pg_authid where rolname = current_user')).toMatch(
      /^SCRAM-SHA-256/,
    );
    await expect(ask(server, 'select 1', { password: 'wrong' })).rejects.toThrow('password authentication failed');
    const trusted = { host: 'localhost', ssl: { ca: server.ca, rejectUnauthorized: true } };
    expect(await ask(server, 'select ssl from pg_stat_ssl where pid = pg_backend_pid()', trusted)).toBe(true);
  });
});

test('PostgreSQL 15 as Debian packages it answers, with passwords by MD5 where asked', async (context) => {
  await using server = await startPostgres15({ auth: 'md5' });
  if (!server) return context.skip('Debian’s postgresql-15 is not installed');
  expect(await ask(server, 'show server_version')).toMatch(/^15\./);
  expect(await ask(server, 'select rolpassword from pg_authid where rolname = current_user')).toMatch(/^md5/);
});
