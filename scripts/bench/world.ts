import { execFile } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { stringify } from 'yaml';
import { buildBundle, packBundle } from '../../gateway/policy/build/build.ts';
import { findOpa } from '../../gateway/policy/build/opa.ts';
import { generateSigningKey, type TrustedKey } from '../../gateway/policy/bundle/keys.ts';
import { verifyBundle } from '../../gateway/policy/bundle/verify.ts';
import { apiClient, type ApiClient } from '../../gateway/api/client.ts';
import { startIdp, type Idp } from '../../gateway/testing/idp.ts';
import { freePort } from '../../gateway/testing/ports.ts';
import { startPostgres18, type TestPostgres } from '../../gateway/testing/postgres.ts';
import type { TestSshd } from '../../gateway/testing/sshd.ts';
import { tlsPair } from '../../gateway/testing/tls.ts';
import { startChild, type Child } from './child.ts';
import type { Peer } from './peer.ts';
import { findPgbouncer, startPgbouncer } from './pgbouncer.ts';

/** What is compared: the same PostgreSQL, straight, through a pipe, through PgBouncer and through the gateway. */
export interface World extends AsyncDisposable {
  readonly dir: string;
  readonly env: WorldOptions['env'];
  readonly postgresVersion: string;
  readonly direct: Peer;
  readonly pipe: Peer;
  readonly pgbouncer: Peer | undefined;
  readonly pipeProcess: Child;
  readonly bundle: Bundle;
  /**
   * A fresh gateway. Each kind of work gets its own: memory that an earlier one gave back would hide what a later one takes.
   * @param name of its directory, and of its profile
   */
  openGateway(name: string, options?: GatewayOptions): Promise<OpenGateway>;
}

export interface GatewayOptions {
  /** Merged into that section of its configuration. */
  readonly policy?: object;
  /** A host behind it, as the target `web1`. */
  readonly host?: TestSshd;
}

export interface OpenGateway extends AsyncDisposable {
  readonly child: Child;
  /** Somebody to whom labelled columns are masked. */
  readonly masked: Peer;
  /** Somebody who may read them. */
  readonly clear: Peer;
  /** Somebody who may read them, and whose texts detectors search. */
  readonly searched: Peer;
  /** PEM of the authority behind its certificate. */
  readonly ca: string;
  readonly dir: string;
  /** Where it speaks SSH, if it has a host. */
  readonly sshPort: number | undefined;
  /** Its admin API, for somebody. */
  api(principal: string): ApiClient;
  /** What its admin listener says of itself. */
  metrics(): Promise<string>;
}

export interface Bundle {
  readonly file: string;
  readonly key: TrustedKey;
  /** Puts the same policies there once more, as a bundle of its own. @returns its revision */
  publish(): Promise<string>;
}

export interface WorldOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pgbench: string | undefined;
  readonly bulkRows: number;
  readonly sessions: number;
  /** Where CPU profiles go, a folder for each gateway. */
  readonly profileDir?: string | undefined;
}

/** Of Node, as `scripts/sallyport` has them. */
export const gatewayFlags = ['--max-semi-space-size=8', '--heap-growing-percent=100', '--no-memory-protection-keys'];

const root = join(import.meta.dirname, '../..');
const database = 'bench';
const user = 'app';

/** Loopback and cleartext everywhere, because the pipe and PgBouncer have no TLS here; all else is as in production. */
export async function startWorld(options: WorldOptions): Promise<World> {
  await using opening = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'sallyport-bench-'));
  opening.defer(() => rm(dir, { recursive: true, force: true }));
  const postgres = opening.use(
    await startPostgres18({ settings: { max_connections: String(options.sessions + 100), shared_buffers: '512MB' } }),
  );
  const password = randomBytes(12).toString('hex');
  const direct: Peer = { port: postgres.port, user, password, database };
  const postgresVersion = await loadTables(postgres, direct, options);

  const idp = opening.use(
    await startIdp({
      principals: [
        { name: 'ana', kind: 'human', groups: ['readers'] },
        { name: 'carl', kind: 'human', groups: ['readers', 'compliance'] },
        { name: 'dina', kind: 'human', groups: ['readers', 'compliance', 'searched'] },
        { name: 'olga', kind: 'human', groups: ['operators'] },
      ],
      lifetimeS: 3600,
    }),
  );
  const bundle = await makeBundle(dir, options.env);
  const pipeProcess = opening.use(await startChild('pipe.ts', [String(direct.port)], []));
  const bouncer = findPgbouncer(options.env);
  const pgbouncer =
    bouncer === undefined ? undefined : opening.use(await startPgbouncer(bouncer, join(dir, 'pgbouncer'), direct)).peer;
  const opened = opening.move();
  return {
    dir,
    env: options.env,
    postgresVersion,
    direct,
    pipe: { ...direct, port: pipeProcess.port },
    pgbouncer,
    pipeProcess,
    bundle,
    openGateway: (name, wanted = {}) =>
      openGateway(name, { ...wanted, dir: join(dir, name), direct, idp, bundle, profileDir: options.profileDir }),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** @returns the server's version */
async function loadTables(
  server: TestPostgres,
  { user: login, password, database: name }: Peer,
  { pgbench, bulkRows }: WorldOptions,
): Promise<string> {
  const superuser = new pg.Client({ connectionString: server.url });
  await superuser.connect();
  await superuser.query(`create role ${login} login password ${pg.escapeLiteral(password)}`);
  await superuser.query(`create database ${name} owner ${login}`);
  const { rows } = await superuser.query<{ readonly server_version: string }>('show server_version');
  await superuser.end();

  const client = new pg.Client({ host: server.host, port: server.port, user: login, password, database: name });
  await client.connect();
  // Each value of a row has its fixed length: 7 + 11 + 18 + 64 = 100 bytes, whichever two labelled columns are chosen.
  await client.query(`create table people as
    select n as id, lpad(n::text, 9, '1') || '00' as ssn, '+1 555 ' || lpad(n::text, 11, '0') as phone,
      'p' || lpad(n::text, 7, '0') || '@mail.test' as email, repeat('lorem ip', 8) as note
    from generate_series(1000001, 1000000 + ${String(bulkRows)}) n`);
  await client.query('vacuum analyze people');
  await client.end();
  if (pgbench !== undefined) {
    const env = { PGPASSWORD: password, PGSSLMODE: 'disable', LC_ALL: 'C' };
    const to = ['-h', server.host, '-p', String(server.port), '-U', login, name];
    await promisify(execFile)(pgbench, ['-i', '-q', '-s', '1', ...to], { env });
  }
  return rows[0]?.server_version ?? 'unknown';
}

/** For one person alone: what all detectors cost that look at everything she reads. */
const searchRule = `package rules.postgres

# METADATA
# title: Texts are searched for what no label covers
# custom: {id: BENCH-210}
mask contains {"id": "BENCH-210", "msg": "searched", "label": $"detector:{detector}", "method": "redact"} if {
	"searched" in input.principal.groups
	some detector in ["card", "ssn", "iban", "email", "phone", "token"]
}
`;

/** The default pack, and labels on two kinds of column: PG-200 masks them, and PG-010 and its like watch every statement. */
async function makeBundle(dir: string, env: WorldOptions['env']): Promise<Bundle> {
  const policies = join(dir, 'policies');
  await mkdir(join(policies, 'columns', database), { recursive: true });
  const labels = {
    'public.people.ssn': ['pii.ssn'],
    'public.people.phone': ['pii.phone'],
    'public.people.email': ['pii.email'],
  };
  await writeFile(join(policies, 'columns', database, 'data.json'), JSON.stringify(labels));
  await mkdir(join(policies, 'rules/postgres'), { recursive: true });
  await writeFile(join(policies, 'rules/postgres/bench.rego'), searchRule);
  const { signing, trusted } = generateSigningKey('bench');
  const file = join(dir, 'bundle.tar.gz');
  await buildBundle({
    sources: {
      policies: [join(root, 'policies'), policies],
      tests: [join(root, 'policy-tests')],
      schemas: join(root, 'policies/schemas'),
      capabilities: join(root, 'policies/capabilities.json'),
    },
    out: file,
    key: signing,
    sequence: 1,
    builtAtMs: Date.now(),
    expiresAtMs: Date.now() + 86_400_000,
    opa: await findOpa(env),
  });
  const first = await verifyBundle(await readFile(file), { keys: [trusted], nowMs: Date.now(), minSequence: 0 });
  let sequence = 1;
  return {
    file,
    key: trusted,
    publish: async () => {
      sequence++;
      const { manifest, wasm, data } = first;
      const revision = `bench-${String(sequence)}`;
      const next = { ...manifest, revision, metadata: { ...manifest.metadata, sequence } };
      await writeFile(`${file}.next`, await packBundle(next, wasm, data, { key: signing }));
      await rename(`${file}.next`, file); // nobody reads half of it
      return revision;
    },
  };
}

interface Parts extends GatewayOptions {
  readonly dir: string;
  readonly direct: Peer;
  readonly idp: Idp;
  readonly bundle: Bundle;
  readonly profileDir?: string | undefined;
}

async function openGateway(name: string, parts: Parts): Promise<OpenGateway> {
  const { dir, idp, profileDir } = parts;
  await mkdir(dir);
  const { configFile, ca, adminUrl, sshPort } = await writeConfig(parts);
  const profile = profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${join(profileDir, name)}`];
  const child = await startChild('gateway.ts', [configFile, join(dir, 'gateway.log')], [...gatewayFlags, ...profile]);
  const through = async (principal: string): Promise<Peer> => {
    return { port: child.port, user, password: await idp.token(principal), database };
  };
  return {
    child,
    masked: await through('ana'),
    clear: await through('carl'),
    searched: await through('dina'),
    ca,
    dir,
    sshPort,
    api: (principal) => apiClient({ url: adminUrl, token: () => idp.token(principal) }),
    metrics: async () => (await fetch(`${adminUrl}/metrics`)).text(),
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

/** Everything that is on by default stays on: recording, audit log, limits. Only the number of connections is raised. */
async function writeConfig({ dir, direct, idp, bundle, policy, host }: Parts): Promise<{
  readonly configFile: string;
  readonly ca: string;
  readonly adminUrl: string;
  readonly sshPort: number | undefined;
}> {
  const adminPort = await freePort();
  const sshPort = host && (await freePort());
  const tls = tlsPair();
  const { privateKey } = generateKeyPairSync('ed25519');
  const file = async (name: string, text: string | Buffer): Promise<string> => {
    await writeFile(join(dir, name), text, { mode: 0o600 });
    return join(dir, name);
  };
  const config = {
    listen: {
      postgres: {
        host: '127.0.0.1',
        port: await freePort(),
        tls: { cert: await file('tls.crt', tls.cert), key: await file('tls.key', tls.key) },
        cleartext_loopback: true,
      },
      ...(sshPort !== undefined && { ssh: { host: '127.0.0.1', port: sshPort } }),
      admin: { host: '127.0.0.1', port: adminPort },
    },
    state_dir: join(dir, 'state'),
    identity: { issuers: [idp.settings] },
    targets: [
      {
        name: database,
        protocol: 'postgres',
        host: '127.0.0.1',
        port: direct.port,
        database,
        tls: { mode: 'disable' },
        labels: { env: 'prod' },
        roles: { [user]: { password: { file: await file('password', direct.password) } } },
      },
      ...(host ? [hostTarget(host)] : []),
    ],
    policy: {
      ...policy,
      bundle: bundle.file,
      keys: [
        { id: bundle.key.id, algorithm: bundle.key.algorithm, file: await file('bundle.pub', bundle.key.publicKeyPem) },
      ],
    },
    masking: { key: { file: await file('masking', randomBytes(32).toString('base64')) } },
    recordings: { dir: join(dir, 'recordings') },
    audit: {
      dir: join(dir, 'audit'),
      origin: 'bench.example/audit',
      key: { file: await file('audit.key', privateKey.export({ type: 'pkcs8', format: 'pem' })) },
    },
    limits: { connections: 20_000, connections_per_principal: 20_000, drain_ms: 500 },
  };
  const configFile = await file('sallyport.yaml', stringify(config));
  return { configFile, ca: tls.ca, adminUrl: `http://127.0.0.1:${String(adminPort)}`, sshPort };
}

function hostTarget({ port, hostKey, user: login, keyFile }: TestSshd): object {
  return {
    ...{ name: 'web1', protocol: 'ssh', host: '127.0.0.1', port, shell: 'bash', labels: { env: 'prod' } },
    host_keys: [hostKey],
    logins: { [login]: { key: { file: keyFile } } },
  };
}
