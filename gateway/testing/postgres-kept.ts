import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { copyCluster, makeCluster } from './postgres-cluster.ts';

/** Names the folder in which the clusters of a run of tests are kept: see `temporary.ts`. Nothing is kept where it is unset. */
export const keptClusters = 'SALLYPORT_KEPT_CLUSTERS';

interface NewCluster {
  readonly cluster: string;
  /** The superuser's. */
  readonly password: string;
}

/** A fresh cluster under `dir`: a copy of one that is made once for a PostgreSQL in a run, because initdb is a second of work. */
export async function freshCluster(binaries: PostgresBinaries, dir: string, auth: string): Promise<NewCluster> {
  const kept = process.env[keptClusters];
  if (kept === undefined) {
    const password = newPassword();
    return { cluster: await makeCluster(binaries, dir, password, auth), password };
  }
  const original = join(kept, `${binaries.initdb.replaceAll('/', '_')}-${auth}`);
  const password = (await passwordOf(original)) ?? (await makeOriginal(binaries, kept, original, auth));
  return { cluster: await copyCluster(join(original, 'cluster'), dir), password };
}

async function makeOriginal(binaries: PostgresBinaries, kept: string, original: string, auth: string): Promise<string> {
  const draft = await mkdtemp(join(kept, 'draft-'));
  const password = newPassword();
  await makeCluster(binaries, draft, password, auth);
  await writeFile(join(draft, passwordFile), password, { mode: 0o600 });
  try {
    await rename(draft, original);
    return password;
  } catch (error) {
    // Another process was quicker; its password goes with its cluster.
    await rm(draft, { recursive: true, force: true });
    const theirs = await passwordOf(original);
    if (theirs === undefined) throw error;
    return theirs;
  }
}

const passwordFile = 'superuser';

function passwordOf(original: string): Promise<string | undefined> {
  return readFile(join(original, passwordFile), 'utf8').catch(() => undefined);
}

function newPassword(): string {
  return randomBytes(12).toString('hex');
}
