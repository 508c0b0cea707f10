import { emptyRoot, hashBytes, rootOf } from './hash.ts';
import { fullTileBytes, tileWidth } from './tile.ts';

/** Called for each tile as its last hash arrives. `hashes` is the callee's to keep. */
export type OnTile = (level: number, index: number, hashes: Buffer) => void;

/**
 * The right edge of the tree: at each level the hashes of the tile that is not full yet. That is all it takes to grow the log and to know its root.
 */
export class Edge {
  readonly #levels: { readonly hashes: Buffer; count: number }[] = [];
  #size = 0;

  /**
   * @param size entries in the log
   * @param levels for each level the hashes of its unfinished tile
   */
  static at(size: number, levels: readonly Buffer[]): Edge {
    const edge = new Edge();
    edge.#size = size;
    for (const [level, hashes] of levels.entries()) {
      const count = edgeCount(size, level);
      if (hashes.length !== count * hashBytes)
        throw new RangeError(`level ${level} of ${size} entries has ${count} hashes`);
      const row = Buffer.alloc(fullTileBytes);
      row.set(hashes);
      edge.#levels.push({ hashes: row, count });
    }
    return edge;
  }

  get size(): number {
    return this.#size;
  }

  append(leaf: Buffer, onTile: OnTile): void {
    this.#size++;
    let carried: Buffer | undefined = leaf;
    for (let level = 0; carried; level++) carried = this.#add(level, carried, onTile);
  }

  /** RFC 6962 root over all entries. */
  root(): Buffer {
    let root: Buffer | undefined;
    for (let level = 0; level < this.#levels.length; level++) {
      const hashes = this.partial(level);
      const row = root ? Buffer.concat([hashes, root]) : hashes;
      if (row.length > 0) root = rootOf(row);
    }
    return root ?? emptyRoot;
  }

  get levels(): number {
    return this.#levels.length;
  }

  /** The unfinished tile of a level; empty where the last one is just full. Valid until the next `append`. */
  partial(level: number): Buffer {
    const row = this.#levels[level];
    return row ? row.hashes.subarray(0, row.count * hashBytes) : Buffer.alloc(0);
  }

  /** @returns the hash that goes one level up, when this one filled a tile */
  #add(level: number, hash: Buffer, onTile: OnTile): Buffer | undefined {
    const row = (this.#levels[level] ??= { hashes: Buffer.alloc(fullTileBytes), count: 0 });
    row.hashes.set(hash, row.count * hashBytes);
    row.count++;
    if (row.count < tileWidth) return undefined;
    row.count = 0;
    onTile(level, Math.floor(this.#size / tileWidth ** (level + 1)) - 1, Buffer.from(row.hashes));
    return rootOf(row.hashes);
  }
}

/** Hashes in the unfinished tile at `level` of a log of `size` entries. */
export function edgeCount(size: number, level: number): number {
  return Math.floor(size / tileWidth ** level) % tileWidth;
}
