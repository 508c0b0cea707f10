import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Edge } from './edge.ts';
import { flushPathSync } from './disk.ts';
import { fullTileBytes, tilePath, tileWidth } from './tile.ts';
import type { TileName } from './tile.ts';
import { rootOf } from './hash.ts';

/** The log's public files: `checkpoint` and `tile/...`, readable by anyone's C2SP tools. */
export class TreeFiles {
  readonly #dir: string;
  /** Full tiles, and directories with new names in them, that were not flushed yet. */
  #unflushed = new Set<string>();

  constructor(dir: string) {
    this.#dir = resolve(dir);
  }

  /** Whole or not at all, as far as kill -9 goes; `flush` makes it so for power loss. The same tile may be written again. */
  writeTile(tile: TileName, bytes: Uint8Array): void {
    const path = join(this.#dir, tilePath(tile));
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const draft = join(this.#dir, 'tile', 'draft');
    writeFileSync(draft, bytes, { mode: 0o600 });
    renameSync(draft, path);
    if (tile.width < tileWidth) return; // rebuilt from the journal
    // The name is an entry in its directory, which may be new in the one above it, and so on.
    for (let at = path; at.length >= this.#dir.length; at = dirname(at)) this.#unflushed.add(at);
  }

  /** The partial tiles before a full one: it holds all they did. */
  removePartials(tile: TileName): void {
    rmSync(join(this.#dir, `${tilePath(tile)}.p`), { recursive: true, force: true });
  }

  /** A tile of at least that width, or undefined. */
  readTile(tile: TileName): Buffer | undefined {
    return readIfThere(join(this.#dir, tilePath(tile)));
  }

  readCheckpoint(): string | undefined {
    return readIfThere(join(this.#dir, 'checkpoint'))?.toString('utf8');
  }

  /** On the medium when this returns: whoever has seen it may hold us to it. */
  writeCheckpoint(note: string): void {
    const draft = join(this.#dir, 'checkpoint.draft');
    writeFileSync(draft, note, { mode: 0o600, flush: true });
    renameSync(draft, join(this.#dir, 'checkpoint'));
    flushPathSync(this.#dir);
  }

  /** Puts all full tiles on the medium. */
  flush(): void {
    const paths = this.#unflushed;
    for (const path of paths) flushPathSync(path);
    this.#unflushed = new Set();
  }

  /**
   * The right edge of a log of `size` entries, a multiple of 256, from full tiles alone: each hash of an unfinished tile is the root of a full one below it.
   * @returns undefined when a tile is missing
   */
  readEdge(size: number): Edge | undefined {
    const levels: Buffer[] = [];
    for (let level = 0; tileWidth ** level <= size; level++) {
      const complete = Math.floor(size / tileWidth ** level);
      const first = complete - (complete % tileWidth);
      const hashes: Buffer[] = [];
      for (let index = first; index < complete; index++) {
        const below = this.readTile({ level: level - 1, index, width: tileWidth });
        if (below?.length !== fullTileBytes) return undefined;
        hashes.push(rootOf(below));
      }
      levels.push(Buffer.concat(hashes));
    }
    return Edge.at(size, levels);
  }
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
