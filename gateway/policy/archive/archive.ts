import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { maxTogether, unverifiedTogether } from '../bundle/together.ts';
import { readCapped, writeWhole } from '../sources/files.ts';

/** What the archive of bundles may hold; the oldest go first, by sequence. */
export interface ArchiveLimits {
  readonly maxBundles: number;
  readonly maxBytes: number;
}

interface ArchivedFile {
  readonly path: string;
  readonly sequence: number;
  readonly digest: string;
}

/** What was in force, as it came, and what it calls itself: one bundle, or several packed together. Nobody has checked a signature. */
export interface ArchivedBundle {
  readonly archive: Buffer;
  /** SHA-256 hex of `archive`. */
  readonly digest: string;
  readonly revision: string;
  readonly sequence: number;
}

/**
 * Every bundle that was in force, so that old decisions can be made again: `<sequence>-<digest>.tar.gz`, as they came, signature and all.
 * What is read back is believed no more than any other file.
 */
export class BundleArchive {
  readonly #dir: string;
  readonly #limits: ArchiveLimits;

  constructor(dir: string, limits: ArchiveLimits) {
    this.#dir = dir;
    this.#limits = limits;
  }

  /**
   * Keeps a verified bundle, and makes room for it. It is on the medium when this resolves.
   * @param after see `WholeFile`
   */
  async keep(archive: Buffer, sequence: number, after?: Promise<void>): Promise<void> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    const digest = digestOf(archive);
    const name = `${String(sequence).padStart(16, '0')}-${digest}.tar.gz`;
    const path = join(this.#dir, name);
    // A file that has the name and not the content is somebody's mistake or somebody's work: it is put right.
    const known = await readCapped(path, maxTogether).catch(() => undefined);
    if (known?.equals(archive)) await after;
    else await writeWhole(path, archive, { after });
    await this.#makeRoom(path);
  }

  /** Those whose name has this digest; their content may be another. */
  async byDigest(digest: string): Promise<ArchivedBundle | undefined> {
    const file = (await archivedFiles(this.#dir)).find((one) => one.digest === digest);
    const read = file && (await readArchived(file.path));
    return read?.digest === digest ? read : undefined;
  }

  /** All of one revision, newest first: the same commit may have been built twice. */
  async byRevision(revision: string): Promise<readonly ArchivedBundle[]> {
    const found: ArchivedBundle[] = [];
    for (const { path } of await archivedFiles(this.#dir)) {
      const read = await readArchived(path);
      if (read?.revision === revision) found.push(read);
    }
    return found;
  }

  async #makeRoom(newest: string): Promise<void> {
    const files = await archivedFiles(this.#dir);
    const sizes = await Promise.all(files.map(async ({ path }) => (await stat(path)).size));
    let [count, bytes] = [0, 0];
    for (const [i, { path }] of files.entries()) {
      count += 1;
      bytes += sizes[i] ?? 0;
      const full = count > this.#limits.maxBundles || bytes > this.#limits.maxBytes;
      if (full && path !== newest) await rm(path, { force: true });
    }
  }
}

/** Newest first. */
async function archivedFiles(dir: string): Promise<readonly ArchivedFile[]> {
  const names = await readdir(dir).catch(() => []); // no directory, no bundles
  const files = names.flatMap((name) => {
    const [, sequence, digest] = /^(\d{16})-([0-9a-f]{64})\.tar\.gz$/.exec(name) ?? [];
    if (sequence === undefined || digest === undefined) return [];
    return [{ path: join(dir, name), sequence: Number(sequence), digest }];
  });
  return files.sort((a, b) => b.sequence - a.sequence);
}

/** @returns undefined for a file that is no bundle */
export async function readArchived(path: string): Promise<ArchivedBundle | undefined> {
  try {
    const archive = await readCapped(path, maxTogether);
    const { revision, metadata } = (await unverifiedTogether(archive)).manifest;
    return { archive, digest: digestOf(archive), revision, sequence: metadata.sequence };
  } catch {
    return undefined;
  }
}

function digestOf(archive: Buffer): string {
  return createHash('sha256').update(archive).digest('hex');
}
