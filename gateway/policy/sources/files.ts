import { open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SallyportError } from '../../contract/errors.ts';
import { bundleLimits } from '../bundle/read.ts';
import { foundArchive, type BundleSource, type Found } from './source.ts';

/** Looks at a bundle file, or at `bundle.tar.gz` in a directory. */
export class FileSource implements BundleSource {
  readonly where: string;
  readonly #path: string;
  readonly #everyMs: number;
  #seen = '';

  constructor(path: string, everyMs: number) {
    this.where = path;
    this.#path = path;
    this.#everyMs = everyMs;
  }

  async wait(signal: AbortSignal): Promise<void> {
    await sleep(this.#everyMs, undefined, { signal, ref: false }).catch(() => undefined); // an abort ends the wait
  }

  /** @throws SallyportError `bundle-invalid` when it cannot be read: once for each state of the file */
  async look(): Promise<Found | undefined> {
    const file = await this.#file();
    const mark = file === undefined ? 'absent' : file.mark;
    if (mark === this.#seen) return undefined;
    this.#seen = mark;
    if (file === undefined) throw new SallyportError('bundle-invalid', `no bundle at ${this.#path}`);
    return foundArchive(await readCapped(file.path));
  }

  /** A poll compares this and reads nothing. Polling, because file events are silent on network file systems and mounted volumes. */
  async #file(): Promise<{ readonly path: string; readonly mark: string } | undefined> {
    try {
      const top = await stat(this.#path, { bigint: true });
      const path = top.isDirectory() ? join(this.#path, 'bundle.tar.gz') : this.#path;
      const at = top.isDirectory() ? await stat(path, { bigint: true }) : top;
      return at.isFile() ? { path, mark: [at.dev, at.ino, at.size, at.mtimeNs, at.ctimeNs].join(' ') } : undefined;
    } catch {
      return undefined;
    }
  }
}

/** A whole file of at most as many bytes as so many bundles may have. @throws SallyportError `bundle-invalid` */
export async function readCapped(path: string, bundles = 1): Promise<Buffer> {
  const maxBytes = bundles * bundleLimits.maxArchiveBytes;
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    if (size > maxBytes) throw new SallyportError('bundle-invalid', `${path} is larger than ${maxBytes} bytes`);
    const body = Buffer.alloc(size);
    const { bytesRead } = await file.read(body, 0, size, 0);
    return body.subarray(0, bytesRead);
  } catch (cause) {
    if (cause instanceof SallyportError) throw cause;
    throw new SallyportError('bundle-invalid', `${path} cannot be read`, { cause });
  }
}

export interface WholeFile {
  /** Nobody else's business unless told. */
  readonly mode?: number;
  /** The new one is on the medium meanwhile, and is there once this resolves. When it rejects, so does the write, and the file is as it was. */
  readonly after?: Promise<void> | undefined;
}

/** Whoever looks sees the file as it was or all of the new one, whenever the power goes. */
export async function writeWhole(
  path: string,
  body: Buffer | string,
  { mode = 0o600, after }: WholeFile = {},
): Promise<void> {
  const draft = `${path}.${process.pid}.draft`;
  {
    await using file = await open(draft, 'w', mode);
    await file.writeFile(body);
    await file.sync();
  }
  try {
    await after;
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  await rename(draft, path);
}
