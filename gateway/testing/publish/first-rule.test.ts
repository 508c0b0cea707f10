import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packageRoot } from '../../composition/version.ts';
import { runProgram, unusable } from '../clients/walk.ts';
import { type Rig, startRig } from '../rig.ts';
import { settled } from '../settled.ts';
import { type BundleServer, serveBundles } from './bundle-server.ts';

/** The whole path with real parts: a new repository, a red test, a rule, a signed bundle behind HTTP, a gateway, and psql that meets the rule. */
let dir: string;
let server: BundleServer;
let rig: Rig;
const clients: pg.Client[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sallyport-first-rule-'));
  server = await serveBundles();
  await sallyport(dir, 'policy', 'keygen', '--out', 'signing');
  await sallyport(dir, 'policy', 'init', 'acme', '--target', 'crm', '--key', 'signing.key');
  await sallyport(acme(), 'policy', 'build', '--json');
  await server.publish(join(acme(), 'dist/main.tar.gz'));
  const keys = [{ id: 'main', algorithm: 'ES256', file: join(acme(), 'bundles/main.pub') }];
  rig = await startRig({ crm: false, config: { policy: { bundle: server.url, keys } } });
  const client = new pg.Client({ connectionString: rig.postgres.url });
  await client.connect();
  await client.query(`create table people (id int primary key, name text, email text, ssn text, city text, api_token text);
    create table salaries (person int references people, amount int);
    insert into people values (1, 'Alma', 'alma@example.com', '219-09-1111', 'Bergen', 'tok-1');
    insert into salaries values (1, 100)`);
  await client.end();
}, 180_000);

afterAll(async () => {
  await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
  await rig[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

const acme = (): string => join(dir, 'acme');

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function run(cwd: string, args: readonly string[]): Promise<Ran> {
  return new Promise((done) => {
    const command = [join(packageRoot, 'gateway/cli/main.ts'), ...args];
    const child = execFile(process.execPath, command, { cwd }, (_error, out, err) =>
      done({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

/** What must succeed. */
async function sallyport(cwd: string, ...args: readonly string[]): Promise<string> {
  const { code, out, err } = await run(cwd, args);
  expect({ args, code, err: code === 0 ? '' : err }).toEqual({ args, code: 0, err: '' });
  return out;
}

async function connected(): Promise<pg.Client> {
  const client = new pg.Client({
    host: 'localhost',
    port: rig.port,
    user: 'postgres',
    database: 'crm',
    password: await rig.token('ana'),
    ssl: { ca: rig.ca },
  });
  await client.connect();
  clients.push(client);
  return client;
}

const asked = 'select amount from salaries';

test('a rule goes from a red test to a denial in psql', async (context) => {
  // The catalog is that of the database itself, with the labels of the gateway's own configuration.
  const fixture = 'policy-tests/fixtures/crm.yaml';
  await sallyport(acme(), 'policy', 'catalog', '--config', rig.configFile, '--target', 'crm', '--out', fixture);

  // Red: what must be denied is allowed.
  const lines = `target: crm\nas: reader\ncases:\n  - run: ${asked}\n    expect: { effect: deny, findings: [ACME-001] }\n`;
  await writeFile(join(acme(), 'policy-tests/postgres/salaries.yaml'), lines);
  const red = await run(acme(), ['policy', 'test', '--filter', 'salaries']);
  expect(red).toMatchObject({ code: 1, out: expect.stringContaining('effect: expected deny, got allow') as string });
  const session = await connected();
  expect((await session.query(asked)).rows).toEqual([{ amount: 100 }]);

  // Green.
  const rule = `package rules.postgres

# METADATA
# title: Salaries are nobody's to read here
deny contains {"id": "ACME-001", "msg": "salaries are read in the payroll system", "hint": "Ask payroll."} if {
	some relation in input.command.relations
	relation.name == "salaries"
}
`;
  await writeFile(join(acme(), 'policies/rules/postgres/salaries.rego'), rule);
  expect(await sallyport(acme(), 'policy', 'test')).toContain(
    'ok policy-tests/postgres/salaries.yaml: 1 passed (lines)',
  );

  const committedMs = performance.now();
  await sallyport(acme(), 'policy', 'build');
  expect(await sallyport(acme(), 'policy', 'verify')).toContain('signed by main');
  const publishedMs = performance.now();
  await server.publish(join(acme(), 'dist/main.tar.gz'));

  // The session that was open all the while, and goes on.
  const denied = 'denied by policy: salaries are read in the payroll system [ACME-001]';
  const outcome = () =>
    session.query(asked).then(
      () => 'rows',
      (error: unknown) => (error instanceof pg.DatabaseError ? error.message : String(error)),
    );
  await expect.poll(outcome, settled).toBe(denied);
  const enforcedMs = performance.now();
  const [all, last] = [enforcedMs - committedMs, enforcedMs - publishedMs].map((ms) => ms.toFixed(0));
  console.log(`from commit to enforced decision: ${all ?? ''} ms, of which from publish: ${last ?? ''} ms`);
  expect((await session.query('select name, api_token from people')).rows).toEqual([
    { name: 'Alma', api_token: '***' },
  ]);

  const missing = await unusable('psql', '--version');
  if (missing !== undefined) return context.skip(missing);
  const where = `host=localhost port=${String(rig.port)} dbname=crm user=postgres sslmode=verify-full sslrootcert=${rig.caFile}`;
  const { stderr, code } = await runProgram('psql', ['-X', where, '-c', asked], {
    env: { PGPASSWORD: await rig.token('ana') },
  });
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(`ERROR:  ${denied}`) as string });
}, 180_000);
