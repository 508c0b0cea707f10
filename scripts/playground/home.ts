import { chmod, lstat, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { isOpenToAll, serverAccount } from '../../gateway/testing/postgres-binaries.ts';

export const root = join(import.meta.dirname, '../..');

/** Where a demo keeps what it makes. */
export interface Home {
  /** Kept between starts: database template, keys, bundle. */
  readonly kept: string;
  /** Of this start: emptied when the next one begins, so that its log can still be verified after the demo has stopped. */
  readonly run: string;
}

/**
 * The demo's directories, the run's emptied and held by this process.
 * @param name `demo` or `tour`: the two can run side by side
 */
export async function openHome(name: string): Promise<Home> {
  const base = await baseDirectory();
  const home = { kept: join(base, 'kept'), run: join(base, name) };
  const running = await holderOf(home.run);
  if (running !== undefined) {
    throw new Error(
      `a ${name} is running already, as process ${String(running)}: stop it first (its files are in ${home.run})`,
    );
  }
  await rm(home.run, { recursive: true, force: true });
  // The database's account passes through; what is private has modes of its own.
  for (const dir of [home.kept, home.run]) {
    await mkdir(dir, { recursive: true });
    await chmod(dir, 0o711);
  }
  await writeFile(join(home.run, 'pid'), String(process.pid));
  return home;
}

/** `.sallyport` in the clone. Root's clone may be closed to the account that PostgreSQL runs as; then a directory of root's in /var/tmp. */
async function baseDirectory(): Promise<string> {
  const inClone = join(root, '.sallyport');
  if (!(await serverAccount()) || (await isOpenToAll(root))) {
    await mkdir(inClone, { recursive: true });
    await chmod(inClone, 0o711);
    return inClone;
  }
  const elsewhere = `/var/tmp/sallyport-${createHash('sha256').update(root).digest('hex').slice(0, 12)}`;
  await mkdir(elsewhere, { mode: 0o711 }).catch(() => undefined);
  const found = await lstat(elsewhere);
  if (!found.isDirectory() || found.uid !== 0 || (found.mode & 0o022) !== 0) {
    throw new Error(`${elsewhere} is not a directory that only root can change: remove it`);
  }
  return elsewhere;
}

/** The process that holds a run directory, if it is alive. */
async function holderOf(run: string): Promise<number | undefined> {
  const pid = Number(await readFile(join(run, 'pid'), 'utf8').catch(() => ''));
  if (!(pid > 0) || pid === process.pid) return undefined;
  try {
    process.kill(pid, 0);
    return pid;
  } catch {
    return undefined;
  }
}
