import { closeSync, fstatSync, openSync, readSync, unlinkSync } from 'node:fs';
import { SallyportError } from '../contract/errors.ts';
import { encodeCheckpoint, parseCheckpoint } from './checkpoint.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Edge } from './edge.ts';
import { readFrames } from './frame.ts';
import { leafHash } from './hash.ts';
import { parseVerifierKey } from './note.ts';
import type { NoteSigner } from './note.ts';
import { listSegments } from './segments.ts';
import type { Segment } from './segments.ts';
import { encodeBundle, tileWidth } from './tile.ts';
import type { TileName } from './tile.ts';
import { TreeFiles } from './tree-files.ts';

/**
 * Folds the journal into tiles and signs checkpoints. It may be killed at any instant: what it did is done again, byte for byte the same,
 * from the first journal segment that is still there.
 *
 * The order that makes it so: the journal is on the medium before `fold` is called; tiles are written, then the checkpoint;
 * a segment goes only when its tiles and a checkpoint over all of it are on the medium.
 */
export class Integrator {
  readonly #dir: string;
  readonly #signer: NoteSigner;
  readonly #files: TreeFiles;
  readonly #edge: Edge;
  #published: Checkpoint | undefined;
  #bundle: Buffer[] = [];
  #segment: Segment;
  #offset = 0;
  #finished: Segment[] = [];
  #filled: TileName[] = [];

  /**
   * Blocks: for a worker, or for small logs. The journal has to be recovered before.
   * @throws SallyportError `audit-unwritable` when the log is not ours or not whole
   */
  constructor(dir: string, signer: NoteSigner) {
    this.#dir = dir;
    this.#signer = signer;
    this.#files = new TreeFiles(dir);
    this.#published = readOwnCheckpoint(this.#files, signer);
    const [segment] = listSegments(dir);
    if (!segment) throw damaged('there is no journal');
    const edge = this.#files.readEdge(segment.first);
    if (!edge) throw damaged(`a tile before entry ${segment.first} is missing`);
    this.#edge = edge;
    this.#segment = segment;
    this.#checkPublished();
  }

  /** The last checkpoint that was published, if any. */
  get checkpoint(): Checkpoint | undefined {
    return this.#published;
  }

  /**
   * Takes in all entries before `upTo`, which are in the journal, and publishes a checkpoint over them.
   * @throws when files cannot be written, or the journal ends before `upTo`. This integrator is then spent: a new one begins where it is safe.
   */
  fold(upTo: number): Checkpoint {
    while (this.#edge.size < upTo) {
      if (this.#readSegment(upTo) === 0) this.#nextSegment(upTo);
    }
    this.#bundle = this.#bundle.map((entry) => Buffer.from(entry)); // lets go of the segment they were read with
    const checkpoint = this.#publish();
    this.#dropFinished();
    return checkpoint;
  }

  /** @returns how many entries came in */
  #readSegment(upTo: number): number {
    const before = this.#edge.size;
    const bytes = readFrom(this.#segment.path, this.#offset);
    const end = readFrames(bytes, before, (entry) => this.#add(entry), upTo);
    this.#offset += end.goodBytes;
    return this.#edge.size - before;
  }

  #nextSegment(upTo: number): void {
    const next = listSegments(this.#dir).find((segment) => segment.first === this.#edge.size);
    if (!next || next.first === this.#segment.first) {
      throw damaged(`the journal has no entry ${this.#edge.size}, of ${upTo}`);
    }
    this.#finished.push(this.#segment);
    this.#segment = next;
    this.#offset = 0;
  }

  #add(entry: Buffer): void {
    this.#bundle.push(entry);
    if (this.#bundle.length === tileWidth) {
      const tile: TileName = { level: 'entries', index: Math.floor(this.#edge.size / tileWidth), width: tileWidth };
      this.#files.writeTile(tile, encodeBundle(this.#bundle));
      this.#filled.push(tile);
      this.#bundle = [];
    }
    this.#edge.append(leafHash(entry), (level, index, hashes) => {
      const tile: TileName = { level, index, width: tileWidth };
      this.#files.writeTile(tile, hashes);
      this.#filled.push(tile);
    });
    this.#checkPublished();
  }

  /** The tree that grows out of the journal has to be the one we signed before. */
  #checkPublished(): void {
    const published = this.#published;
    if (published?.size === this.#edge.size && !published.root.equals(this.#edge.root())) {
      throw damaged(`the first ${published.size} entries are not those of the signed checkpoint`);
    }
  }

  #publish(): Checkpoint {
    const size = this.#edge.size;
    if (this.#published && this.#published.size > size)
      throw damaged(`a checkpoint over ${this.#published.size} entries is signed`);
    let checkpoint = this.#published;
    if (checkpoint?.size !== size) {
      this.#writePartials(size);
      checkpoint = { size, root: Buffer.from(this.#edge.root()) };
      this.#files.writeCheckpoint(encodeCheckpoint(checkpoint, this.#signer));
      this.#published = checkpoint;
    }
    for (const tile of this.#filled) this.#files.removePartials(tile);
    this.#filled = [];
    return checkpoint;
  }

  #writePartials(size: number): void {
    const width = this.#bundle.length;
    if (width > 0) {
      const index = Math.floor(size / tileWidth);
      this.#files.writeTile({ level: 'entries', index, width }, encodeBundle(this.#bundle));
    }
    for (let level = 0; level < this.#edge.levels; level++) {
      const hashes = this.#edge.partial(level);
      const index = Math.floor(size / tileWidth ** (level + 1));
      if (hashes.length > 0) this.#files.writeTile({ level, index, width: hashes.length / 32 }, hashes);
    }
  }

  #dropFinished(): void {
    if (this.#finished.length === 0) return;
    this.#files.flush();
    for (const segment of this.#finished) unlinkSync(segment.path);
    this.#finished = [];
  }
}

function readOwnCheckpoint(files: TreeFiles, signer: NoteSigner): Checkpoint | undefined {
  const note = files.readCheckpoint();
  if (note === undefined) return undefined;
  const verifier = parseVerifierKey(signer.verifierKey);
  const checkpoint = verifier && parseCheckpoint(note, verifier);
  if (!checkpoint) throw damaged('its checkpoint is not signed by this key and origin');
  return checkpoint;
}

function readFrom(path: string, offset: number): Buffer {
  const fd = openSync(path, 'r');
  try {
    const bytes = Buffer.allocUnsafeSlow(Math.max(0, fstatSync(fd).size - offset));
    let done = 0;
    while (done < bytes.length) {
      const read = readSync(fd, bytes, done, bytes.length - done, offset + done);
      if (read === 0) break;
      done += read;
    }
    return bytes.subarray(0, done);
  } finally {
    closeSync(fd);
  }
}

function damaged(why: string): SallyportError {
  return new SallyportError('audit-unwritable', `the audit log is damaged: ${why}`);
}
