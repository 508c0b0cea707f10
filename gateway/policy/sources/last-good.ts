import { readCapped, writeWhole } from './files.ts';
import { foundArchive, type Found } from './source.ts';

/**
 * The bundle that was last in force, on disk, for a start at which the source has nothing to offer. It is kept as it came, signature and all,
 * and believed no more than any other file.
 */
export async function keepLastGood(path: string, archive: Buffer): Promise<void> {
  await writeWhole(path, archive);
}

/** @throws SallyportError `bundle-invalid` when there is none */
export async function readLastGood(path: string): Promise<Found> {
  return foundArchive(await readCapped(path));
}
