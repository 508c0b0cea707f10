import { open, rename } from 'node:fs/promises';
import { readCapped } from './files.ts';
import { foundArchive, type Found } from './source.ts';

/**
 * The bundle that was last in force, on disk, for a start at which the source has nothing to offer. It is kept as it came, signature and all,
 * and believed no more than any other file.
 */
export async function keepLastGood(path: string, archive: Buffer): Promise<void> {
  const draft = `${path}.${process.pid}.draft`;
  {
    await using file = await open(draft, 'w', 0o600);
    await file.writeFile(archive);
    await file.sync();
  }
  await rename(draft, path);
}

/** @throws SallyportError `bundle-invalid` when there is none */
export async function readLastGood(path: string): Promise<Found> {
  return foundArchive(await readCapped(path));
}
