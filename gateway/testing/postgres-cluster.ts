import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { serverAccount, type PostgresBinaries } from './postgres-binaries.ts';
import type { TlsPair } from './tls.ts';

const run = promisify(execFile);

/** A running server process. */
export interface Launched {
  log(): string;
  /** SIGINT: PostgreSQL's fast shutdown. SIGQUIT: at once, as a crash. Resolves when the process is gone. */
  stop(signal: 'SIGINT' | 'SIGQUIT'): Promise<void>;
}

/**
 * Makes a cluster under `dir` unless one is there.
 * A half-made one cannot be taken for a whole one: it gets its name when initdb is done.
 * @returns the cluster's directory
 */
export async function makeCluster(
  binaries: PostgresBinaries,
  dir: string,
  password: string,
  auth: string,
): Promise<string> {
  const account = await serverAccount();
  const cluster = join(dir, 'cluster');
  if (await exists(cluster)) return cluster;
  await mkdir(dir, { recursive: true });
  const draft = join(dir, 'cluster.draft');
  await rm(draft, { recursive: true, force: true });
  const passwordFile = await writeOwned(join(dir, 'password'), `${password}\n`);
  if (account) await chown(dir, account.uid, account.gid);
  // Small segments of the log, because each copy of a cluster has one.
  const how = [
    '--no-sync',
    '--username=postgres',
    '--encoding=UTF8',
    '--locale=C',
    '--wal-segsize=1',
    `--auth=${auth}`,
  ];
  try {
    await run(binaries.initdb, [...how, `--pgdata=${draft}`, `--pwfile=${passwordFile}`], {
      ...account,
      cwd: dir,
      env: environment(),
    });
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(draft, cluster);
  return cluster;
}

/** Makes `dir`, with a copy of a cluster in it that belongs to the account that the server runs as. @returns the copy */
export async function copyCluster(cluster: string, dir: string): Promise<string> {
  const account = await serverAccount();
  await mkdir(dir, { recursive: true });
  if (account) await chown(dir, account.uid, account.gid);
  const copy = join(dir, 'cluster');
  // `cp` shares the blocks where the file system can.
  await run('cp', ['-R', cluster, copy], { ...account, cwd: dir });
  return copy;
}

/** Starts the server on loopback and resolves once it answers. */
export async function launchCluster(
  binaries: PostgresBinaries,
  cluster: string,
  port: number,
  settings: { readonly [name: string]: string },
): Promise<Launched> {
  // Nothing in a test or a demo has to survive a power cut, and none of it listens beyond this machine.
  const all = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'off',
    shared_buffers: '32MB',
    ...settings,
  };
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = spawn(binaries.postgres, ['-D', cluster, '-p', String(port), ...flags], {
    ...(await serverAccount()),
    cwd: cluster,
    env: environment(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  // When this process ends without closing things, nothing is left behind.
  const abandon = (): void => void server.kill('SIGQUIT');
  process.once('exit', abandon);
  server.once('exit', () => process.off('exit', abandon));
  const exited = once(server, 'exit');

  let log = '';
  const ready = new Promise<void>((resolve) => {
    server.stderr.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-1_000_000);
      if (log.includes('ready to accept connections')) resolve();
    });
  });
  await Promise.race([
    ready,
    exited.then(() => {
      throw new Error(`PostgreSQL did not start:\n${log}`);
    }),
  ]);
  return {
    log: () => log,
    stop: async (signal) => {
      if (server.exitCode === null && server.signalCode === null) server.kill(signal);
      await exited;
    },
  };
}

/** Writes key and certificate where the server may read them, and returns the settings that name them. */
export async function tlsSettings(dir: string, tls: TlsPair): Promise<{ readonly [name: string]: string }> {
  const cert = await writeOwned(join(dir, 'server.crt'), tls.cert);
  const key = await writeOwned(join(dir, 'server.key'), tls.key);
  return { ssl: 'on', ssl_cert_file: cert, ssl_key_file: key };
}

/** PostgreSQL refuses a key file that others may read. */
async function writeOwned(file: string, text: string): Promise<string> {
  const account = await serverAccount();
  await writeFile(file, text, { mode: 0o600 });
  if (account) await chown(file, account.uid, account.gid);
  return file;
}

/** Messages in English, because we wait for one of them. Nothing else of our environment is the server's business. */
function environment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
