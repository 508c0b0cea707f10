import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress } from 'node:zlib';

/**
 * Writes `<path>.zst` and removes `path`. Killed at any instant, at least one of them is there and whole.
 * @returns the new path
 */
export async function compressFile(path: string): Promise<string> {
  const target = `${path}.zst`;
  const draft = `${target}.draft`;
  await pipeline(createReadStream(path), createZstdCompress(), createWriteStream(draft, { mode: 0o600, flush: true }));
  await rename(draft, target);
  await using directory = await open(dirname(path));
  await directory.sync();
  await rm(path);
  return target;
}
