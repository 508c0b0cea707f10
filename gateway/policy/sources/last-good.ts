import { maxTogether, packTogether, unpackTogether } from '../bundle/together.ts';
import { readCapped, writeWhole } from './files.ts';
import { foundArchive, type Found } from './source.ts';

/**
 * The bundles that were last in force together, on disk, for a start at which the sources have nothing to offer. They are kept as they came,
 * signatures and all, and believed no more than any other file. One file holds them, so that they are of one activation.
 * @param after see `WholeFile`
 */
export async function keepLastGood(
  path: string,
  archives: ReadonlyMap<string, Buffer>,
  after?: Promise<void>,
): Promise<void> {
  await writeWhole(path, packTogether(archives), { after });
}

/**
 * Archives by their bundle's name.
 * @param alone what one that stands alone is called
 * @throws SallyportError `bundle-invalid` when there are none
 */
export async function readLastGood(path: string, alone?: string): Promise<ReadonlyMap<string, Found>> {
  const archives = unpackTogether(await readCapped(path, maxTogether), alone);
  return new Map([...archives].map(([name, archive]) => [name, foundArchive(archive)]));
}
