import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { zstdDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { corpusLines } from '../../facts/sql/fixtures/leak-database.ts';
import { startPostgres15, type TestPostgres } from '../postgres.ts';
import { type Rig, startRig } from '../rig.ts';

const fixture = (name: string) => new URL(`../../facts/sql/fixtures/${name}`, import.meta.url);
const run = promisify(execFile);

/** Values that must not get out, whole or in a piece that says something. */
const secrets = [
  '078-05-1120', '219-09-9999', '457-55-5462', '536-90-4399', '212-09-7694', '301-55-0001',
  '4111111111111111', '5555555555554444', '378282246310005', '6011111111111117',
  'alice.adams', 'bob.brown', 'carol.cole', 'dan.dole', 'eve.eads', 'vip.person',
  'zebracanary', 'giraffecanary', 'quokkacanary', 'narwhalcanary', 'hashcanary', 'fdwpasscanary',
  'DE89370400440532013000', 'GB82WEST12345698765432', 'FR1420041010050500013M02606',
  '123456.78', '65432.10',
]; // prettier-ignore

/** Every form in which a secret may hide. */
const forms = secrets.flatMap((secret) => {
  const bytes = Buffer.from(secret);
  const reversed = secret.split('').reverse().join('');
  const base64 = [0, 1, 2].map((shift) => {
    // A secret in the middle of something encoded: cut what its neighbours change.
    const text = Buffer.concat([Buffer.alloc(shift, 0x61), bytes, Buffer.from('aa')]).toString('base64');
    return text.slice(4, 4 + Math.max(8, Math.floor(secret.length)));
  });
  const pieces = Array.from({ length: Math.max(0, secret.length - 6) }, (_, i) => secret.slice(i, i + 7));
  return [secret, reversed, bytes.toString('hex'), ...base64, ...pieces].map((form) => ({ secret, form }));
});

function leaks(output: string): readonly string[] {
  const lower = output.toLowerCase();
  const found = forms.filter(({ form }) => form.length >= 6 && lower.includes(form.toLowerCase()));
  return [...new Set(found.map(({ secret, form }) => `${secret} as ${form}`))];
}

let postgres: TestPostgres | undefined;
let rig: Rig;
const env = { ...process.env, PGCONNECT_TIMEOUT: '10' };

beforeAll(async () => {
  // With contrib: the corpus reaches for dblink, hstore, pageinspect and the like.
  postgres = await startPostgres15({ ssl: true });
  if (!postgres) return;
  const psql = async (database: string, ...args: string[]) =>
    run('psql', [postgres?.url.replace(/\/postgres$/, `/${database}`) ?? '', '-v', 'ON_ERROR_STOP=1', '-q', ...args]);
  await psql('postgres', '-c', 'create database leak_t');
  const setup = readFileSync(fixture('setup.sql'), 'utf8');
  const script = join(process.env['TMPDIR'] ?? '/tmp', `leak-setup-${process.pid}.sql`);
  await writeFile(script, setup);
  await psql('leak_t', '-f', script);
  await psql('leak_t', '-c', `alter role app password 'app'`);
  const dir = await startRigFor(postgres);
  rig = dir;
}, 60_000);

afterAll(async () => {
  await rig?.[Symbol.asyncDispose]();
  await postgres?.[Symbol.asyncDispose]();
});

async function startRigFor(server: TestPostgres): Promise<Rig> {
  vi.stubEnv('LEAK_APP', 'app');
  vi.stubEnv('LEAK_SUPER', server.password);
  return startRig({
    crm: false,
    policies: [fileURLToPath(new URL('policy', import.meta.url))],
    config: {
      targets: [
        {
          name: 'leak',
          protocol: 'postgres',
          host: '127.0.0.1',
          port: server.port,
          database: 'leak_t',
          tls: { mode: 'disable' },
          labels: { env: 'dev' },
          roles: {
            app: { password: { env: 'LEAK_APP' } },
            postgres: { password: { env: 'LEAK_SUPER' } },
          },
          catalog_role: 'postgres',
        },
      ],
    },
  });
}

/** Recordings are compressed some time after their session has ended. */
async function contentOf(path: string): Promise<Buffer> {
  const bytes = await readFile(path);
  return path.endsWith('.zst') ? zstdDecompressSync(bytes) : bytes;
}

/** Runs one line by psql, bytes as they are, and returns everything psql was told. */
async function runLine(who: string, user: string, sql: Buffer): Promise<string> {
  const where = `host=127.0.0.1 port=${rig.port} user=${user} dbname=leak sslmode=disable`;
  return throughPsql(where, await rig.token(who), sql);
}

async function throughPsql(where: string, password: string, sql: Buffer): Promise<string> {
  const child = spawn('psql', ['-X', '-v', 'ON_ERROR_STOP=0', where], {
    env: { ...env, PGPASSWORD: password, PGCLIENTENCODING: 'UTF8' },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('latin1')));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString('latin1')));
  // One Query message for the whole line, as the corpus means it: psql -c would not take raw bytes.
  const escaped = Buffer.from(
    sql
      .toString('latin1')
      .replaceAll(';', '\\;')
      .replace(/(\\;)?\s*$/, ''),
    'latin1',
  );
  child.stdin.end(Buffer.concat([escaped, Buffer.from(';\n')]));
  await new Promise((resolve) => child.once('close', resolve));
  return output;
}

const lines = corpusLines(readFileSync(fixture('leak.sql'), 'latin1'));
/** Who is allowed everything that no rule denies, and may read nothing that is labelled: the hardest case. */
const roles = [
  ['ben', 'postgres'],
  ['ana', 'app'],
] as const;

describe('the leak corpus, through the gateway, with psql and a real server', () => {
  test.each(roles)(
    'nothing labelled reaches %s as %s',
    async (who, user) => {
      if (!postgres) return console.warn('skipped: PostgreSQL 15 of Debian is not installed');
      const found: string[] = [];
      for (const { id, sql, session } of lines) {
        const before = session === '' ? Buffer.alloc(0) : Buffer.from(`${session};\n`);
        const output = await runLine(who, user, Buffer.concat([before, Buffer.from(sql, 'latin1')]));
        // What the client itself typed may come back in an error's context: it knew it already.
        const own = sql.toLowerCase();
        const bad = leaks(output).filter((leak) => !own.includes((leak.split(' as ')[1] ?? '').toLowerCase()));
        if (bad.length > 0) found.push(`${id}: ${bad.join(', ')}`);
      }
      expect(found).toEqual([]);
    },
    180_000,
  );

  test('honest statements still run', async () => {
    if (!postgres) return console.warn('skipped: PostgreSQL 15 of Debian is not installed');
    const denied: string[] = [];
    for (const { id, sql } of corpusLines(readFileSync(fixture('benign.sql'), 'utf8'))) {
      const output = await runLine('ben', 'postgres', Buffer.from(sql));
      if (/denied by policy|ERROR/.test(output)) denied.push(`${id}: ${output}`);
    }
    expect(denied).toEqual([]);
  }, 60_000);

  test('without the gateway the same statements bring the same values out', async () => {
    if (!postgres) return console.warn('skipped: PostgreSQL 15 of Debian is not installed');
    const where = `host=127.0.0.1 port=${postgres.port} user=postgres dbname=leak_t sslmode=disable`;
    let leaking = 0;
    for (const { sql } of lines)
      if (leaks(await throughPsql(where, postgres.password, Buffer.from(sql, 'latin1'))).length > 0) leaking++;
    // The scan sees what it is meant to see: most of the corpus leaks in a form it knows.
    expect(leaking).toBeGreaterThan(lines.length / 2);
  }, 60_000);

  test('nothing labelled is in any file of the gateway', async () => {
    if (!postgres) return console.warn('skipped: PostgreSQL 15 of Debian is not installed');
    // A gateway that runs renames and drops files of its own while they are read.
    await rig.gateway[Symbol.asyncDispose]();
    const typed = lines.map(({ sql }) => sql.toLowerCase()).join('\n');
    const found: string[] = [];
    for (const dir of ['recordings', 'audit', 'state']) {
      for (const entry of await readdir(join(rig.dir, dir), { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const text = (await contentOf(join(entry.parentPath, entry.name))).toString('latin1');
        const bad = leaks(text).filter((leak) => !typed.includes((leak.split(' as ')[1] ?? '').toLowerCase()));
        if (bad.length > 0) found.push(`${entry.name}: ${bad.join(', ')}`);
      }
    }
    expect([...found, ...leaks(rig.log.join('\n'))]).toEqual([]);
  });
});
