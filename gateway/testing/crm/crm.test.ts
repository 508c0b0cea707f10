import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { startPostgres18 } from '../postgres.ts';
import { generateCrm } from './generate.ts';
import { luhnDigit } from './identifiers.ts';
import { loadCrm } from './load.ts';

const crm = generateCrm();

describe('the made-up customers', () => {
  test('are some 20,000 rows, the same at every run, others for another seed', () => {
    const rows = [crm.employees, crm.customers, crm.orders, crm.payments].flat();
    const digest = (of: object): string => createHash('sha256').update(JSON.stringify(of)).digest('hex');
    expect(rows.length).toBeGreaterThan(19_000);
    expect(rows.length).toBeLessThan(21_000);
    expect(digest(generateCrm())).toBe(digest(crm));
    expect(digest(generateCrm(2))).not.toBe(digest(crm));
  });

  test('have numbers that were never given to anybody, and that pass the checks of real ones', () => {
    for (const c of crm.customers) {
      expect(c['ssn']).toMatch(/^9\d\d-\d\d-\d{4}$/);
      const card = String(c['card_number']).replaceAll(' ', '');
      expect(card).toMatch(/^(42424242|40000000|55555555|52000000)\d{8}$/);
      expect(Number(card.slice(-1))).toBe(luhnDigit(card.slice(0, -1)));
      expect(c['email']).toMatch(/^[a-z.]+\d+@example\.(com|org|net)$/);
      expect(c['phone'] ?? '+1 202 555 0100').toMatch(/ 555 01\d\d$/);
    }
    for (const { iban } of crm.payments.filter((p) => p['iban'] !== null)) {
      const moved = `${String(iban).slice(4)}1314${String(iban).slice(2, 4)}`;
      expect(BigInt(moved) % 97n).toBe(1n);
    }
  });
});

test(
  'they load into a real PostgreSQL, where the application reads and writes rows and cannot drop tables',
  { timeout: 60_000 },
  async () => {
    await using server = await startPostgres18();
    await loadCrm(server.url, { app: 'a', owner: 'o' });
    const client = new pg.Client({ host: server.host, port: server.port, user: 'app', password: 'a', database: 'crm' });
    await client.connect();
    try {
      const counted = await client.query<{ n: string }>(
        'select count(*) as n from customers join orders on customer_id = customers.id',
      );
      expect(Number(counted.rows[0]?.n)).toBe(crm.orders.length);
      expect((await client.query("update orders set status = 'paid' where id = 1")).rowCount).toBe(1);
      expect(
        (await client.query("insert into employees (name, email, title, salary, ssn) values ('x', 'x', 'x', 1, 'x')"))
          .rowCount,
      ).toBe(1);
      await expect(client.query('drop table orders')).rejects.toThrow('must be owner');
    } finally {
      await client.end();
    }
    // What the default pack's lines are judged by is this database, as `policy catalog` reads it.
    const root = join(import.meta.dirname, '../../..');
    const args = ['policy', 'catalog', '--out', 'policy-tests/fixtures/crm.yaml', '--check'];
    const env = { ...process.env, SALLYPORT_CATALOG_URL: `postgres://owner:o@${server.host}:${server.port}/crm` };
    const cli = join(root, 'gateway/cli/main.ts');
    const ran = await promisify(execFile)(process.execPath, [cli, ...args], { cwd: root, env });
    expect(ran.stdout).toBe('policy-tests/fixtures/crm.yaml: as the database says\n');
  },
);
