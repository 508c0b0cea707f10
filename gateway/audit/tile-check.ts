import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Edge } from './edge.ts';
import { hashBytes, hashIn, leafHash } from './hash.ts';
import { encodeBundle, parseBundle, parseTilePath, tilePath, tileWidth } from './tile.ts';
import type { TileName } from './tile.ts';

/** Grows the tree anew from the entries and holds every file under `tile/` against it. */
export class TileCheck {
  readonly #dir: string;
  readonly #report: (file: string, what: string) => void;
  readonly #edge = new Edge();
  /** Files that nobody has compared yet. */
  readonly #unseen: Set<string>;
  /** Partial tiles that are there, by the path of the full one. */
  readonly #partials = new Map<string, TileName[]>();
  /** Undefined stands for an entry that could not be read. */
  #bundle: (Buffer | undefined)[] = [];
  readonly #rememberFrom: number;
  /** Entries for which every full tile has to be there. */
  #signedSize = 0;
  /** Leaf hashes of the entries from `rememberFrom` on. */
  readonly #leaves: Buffer[] = [];

  /**
   * @param files paths under `dir`
   * @param rememberFrom first index that `has` will be asked for
   */
  constructor(dir: string, files: Set<string>, rememberFrom: number, report: (file: string, what: string) => void) {
    this.#dir = dir;
    this.#rememberFrom = rememberFrom;
    this.#unseen = files;
    this.#report = report;
    for (const path of files) {
      const tile = parseTilePath(path);
      if (!tile || tile.width === tileWidth) continue;
      const full = tilePath({ ...tile, width: tileWidth });
      this.#partials.set(full, [...(this.#partials.get(full) ?? []), tile]);
    }
  }

  get size(): number {
    return this.#edge.size;
  }

  root(): Buffer {
    return this.#edge.root();
  }

  /** Takes in the entries of one bundle, those before `size`. @param onEntry told the size after each */
  bundle(index: number, size: number, onEntry: (size: number) => void): void {
    this.#signedSize = size;
    const width = Math.min(tileWidth, size - index * tileWidth);
    const name: TileName = { level: 'entries', index, width };
    const leaves = this.#readAtLeast({ ...name, level: 0 });
    const bytes = this.#readAtLeast(name);
    const entries = bytes && parseBundle(bytes)?.slice(0, width);
    if (entries?.length !== width) {
      this.#report(tilePath(name), bytes ? 'is not a bundle: its lengths do not add up' : 'is missing');
    }
    for (let at = 0; at < width; at++) {
      const stored = leaves && leaves.length >= width * hashBytes ? hashIn(leaves, at) : undefined;
      const entry = entries?.length === width ? entries[at] : undefined;
      const hash = entry && leafHash(entry);
      if (hash && stored && !hash.equals(stored)) {
        this.#report(tilePath(name), `entry ${this.size} and its hash in ${tilePath({ ...name, level: 0 })} disagree`);
      }
      // Going on with the stored hash tells which of the two was changed: the root is right or it is not.
      this.#append(stored ?? hash ?? Buffer.alloc(hashBytes), entry);
      onEntry(this.size);
    }
  }

  /** Takes in one more entry, which no bundle needs to hold yet. */
  entry(entry: Buffer): void {
    this.#append(leafHash(entry), entry);
  }

  /** Whether that entry is at that place. */
  has(index: number, entry: Buffer): boolean {
    return this.#leaves[index - this.#rememberFrom]?.equals(leafHash(entry)) ?? false;
  }

  /** A checkpoint is of use to others only with the partial tiles that lead to it. */
  requireEdge(): void {
    for (let level = 0; level < this.#edge.levels; level++) {
      const width = this.#edge.partial(level).length / hashBytes;
      const index = Math.floor(this.size / tileWidth ** (level + 1));
      const tile: TileName = { level, index, width };
      if (width > 0 && !this.#readAtLeast(tile)) this.#report(tilePath(tile), 'is missing');
    }
  }

  /** Compares what is left at the right edge, and names what belongs nowhere. */
  finish(): void {
    const index = Math.floor(this.size / tileWidth);
    this.#compareBundle({ level: 'entries', index, width: tileWidth });
    for (let level = 0; level < this.#edge.levels; level++) {
      const at = Math.floor(this.size / tileWidth ** (level + 1));
      this.#comparePartials({ level, index: at, width: tileWidth }, this.#edge.partial(level));
    }
    for (const path of this.#unseen) this.#report(path, 'holds what the log does not');
  }

  #append(leaf: Buffer, entry: Buffer | undefined): void {
    if (this.size >= this.#rememberFrom) this.#leaves.push(Buffer.from(leaf));
    this.#bundle.push(entry);
    if (this.#bundle.length === tileWidth) {
      this.#compareBundle({ level: 'entries', index: Math.floor(this.size / tileWidth), width: tileWidth });
      this.#bundle = [];
    }
    this.#edge.append(leaf, (level, index, hashes) => {
      const tile: TileName = { level, index, width: tileWidth };
      if (this.size <= this.#signedSize && !this.#read(tilePath(tile))) this.#report(tilePath(tile), 'is missing');
      this.#compareTile(tile, hashes);
    });
  }

  /** One that could not be read was reported then. */
  #compareBundle(full: TileName): void {
    const entries = this.#bundle.filter((entry) => entry !== undefined);
    if (entries.length === this.#bundle.length) this.#compareTile(full, encodeBundle(entries));
    else for (const tile of [full, ...(this.#partials.get(tilePath(full)) ?? [])]) this.#unseen.delete(tilePath(tile));
  }

  /** A full tile, and the partial ones that came before it. */
  #compareTile(tile: TileName, expected: Buffer): void {
    this.#compare(tile, expected);
    this.#comparePartials(tile, expected);
  }

  #comparePartials(full: TileName, expected: Buffer): void {
    for (const tile of this.#partials.get(tilePath(full)) ?? []) {
      const bytes = tile.level === 'entries' ? bundleBytes(expected, tile.width) : tile.width * hashBytes;
      if (bytes <= expected.length) this.#compare(tile, expected.subarray(0, bytes));
    }
  }

  #compare(tile: TileName, expected: Buffer): void {
    const path = tilePath(tile);
    if (!this.#unseen.delete(path)) return;
    const bytes = this.#read(path);
    if (!bytes || bytes.equals(expected)) return; // a partial one that has just gone gave way to a full one
    const at = bytes.findIndex((byte, offset) => byte !== expected[offset]);
    this.#report(path, `was changed at byte ${at < 0 ? Math.min(bytes.length, expected.length) : at}`);
  }

  /** The tile, or the full one that has taken its place. */
  #readAtLeast(tile: TileName): Buffer | undefined {
    return this.#read(tilePath(tile)) ?? this.#read(tilePath({ ...tile, width: tileWidth }));
  }

  #read(path: string): Buffer | undefined {
    try {
      return readFileSync(join(this.#dir, path));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
  }
}

/** Bytes of the first `width` entries; Infinity when there are fewer. */
function bundleBytes(bundle: Buffer, width: number): number {
  let at = 0;
  for (let entry = 0; entry < width; entry++) {
    if (at + 2 > bundle.length) return Number.POSITIVE_INFINITY;
    at += 2 + bundle.readUInt16BE(at);
  }
  return at;
}
