import { emptyRoot, hashIn, nodeHash, rootOf } from './hash.ts';
import { tileWidth } from './tile.ts';

/** The hash of the `index`th complete subtree of 2^`level` leaves. */
export type HashAt = (level: number, index: number) => Buffer;

/** Reads a tile that has at least `width` hashes. */
export type ReadTile = (level: number, index: number, width: number) => Buffer;

/** Finds the hashes of complete subtrees in tiles. @param size of the log the tiles belong to */
export function hashesFromTiles(size: number, readTile: ReadTile): HashAt {
  return (level, index) => {
    const tileLevel = Math.floor(level / 8);
    const leaves = 2 ** (level % 8);
    const first = index * leaves;
    const tile = Math.floor(first / tileWidth);
    const full = Math.floor(size / tileWidth ** tileLevel);
    const hashes = readTile(tileLevel, tile, Math.min(tileWidth, full - tile * tileWidth));
    const at = first % tileWidth;
    return leaves === 1 ? hashIn(hashes, at) : rootOf(hashes.subarray(at * 32, (at + leaves) * 32));
  };
}

/** Root of the first `size` entries. */
export function rootAt(size: number, hashAt: HashAt): Buffer {
  return size === 0 ? emptyRoot : rangeHash(0, size, hashAt);
}

/** The audit path of entry `index` in a log of `size` entries: RFC 6962 section 2.1.1. */
export function proveInclusion(index: number, size: number, hashAt: HashAt): readonly Buffer[] {
  if (index < 0 || index >= size) throw new RangeError(`entry ${index} is not among ${size}`);
  const path: Buffer[] = [];
  let from = 0;
  let to = size;
  while (to - from > 1) {
    const middle = from + splitAt(to - from);
    if (index < middle) {
      path.push(rangeHash(middle, to, hashAt));
      to = middle;
    } else {
      path.push(rangeHash(from, middle, hashAt));
      from = middle;
    }
  }
  return path.toReversed();
}

/** That the log of `size` entries continues the one of `oldSize`: RFC 6962 section 2.1.2. Empty when they are equal or the old one is. */
export function proveConsistency(oldSize: number, size: number, hashAt: HashAt): readonly Buffer[] {
  if (oldSize < 0 || oldSize > size) throw new RangeError(`${oldSize} entries are no beginning of ${size}`);
  if (oldSize === 0 || oldSize === size) return [];
  const path: Buffer[] = [];
  let from = 0;
  let to = size;
  while (oldSize !== to) {
    const middle = from + splitAt(to - from);
    if (oldSize <= middle) {
      path.push(rangeHash(middle, to, hashAt));
      to = middle;
    } else {
      path.push(rangeHash(from, middle, hashAt));
      from = middle;
    }
  }
  // The verifier knows the old root: it needs this hash only where the old root is not itself a node of the tree.
  if (from > 0) path.push(rangeHash(from, to, hashAt));
  return path.toReversed();
}

/** RFC 9162 section 2.1.3.2. */
export function verifyInclusion(
  leaf: Buffer,
  index: number,
  size: number,
  path: readonly Buffer[],
  root: Buffer,
): boolean {
  if (index < 0 || index >= size) return false;
  let fn = index;
  let sn = size - 1;
  let hash = leaf;
  for (const step of path) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(step, hash);
      while (fn % 2 === 0 && fn !== 0) {
        fn = half(fn);
        sn = half(sn);
      }
    } else {
      hash = nodeHash(hash, step);
    }
    fn = half(fn);
    sn = half(sn);
  }
  return sn === 0 && hash.equals(root);
}

/** RFC 9162 section 2.1.4.2. */
export function verifyConsistency(
  oldSize: number,
  size: number,
  oldRoot: Buffer,
  root: Buffer,
  path: readonly Buffer[],
): boolean {
  if (oldSize < 0 || oldSize > size) return false;
  if (oldSize === 0) return path.length === 0 && oldRoot.equals(emptyRoot);
  if (oldSize === size) return path.length === 0 && oldRoot.equals(root);
  const steps = Number.isInteger(Math.log2(oldSize)) ? [oldRoot, ...path] : path;
  const [first, ...rest] = steps;
  if (!first) return false;
  let fn = oldSize - 1;
  let sn = size - 1;
  while (fn % 2 === 1) {
    fn = half(fn);
    sn = half(sn);
  }
  let oldHash = first;
  let hash = first;
  for (const step of rest) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      oldHash = nodeHash(step, oldHash);
      hash = nodeHash(step, hash);
      while (fn % 2 === 0 && fn !== 0) {
        fn = half(fn);
        sn = half(sn);
      }
    } else {
      hash = nodeHash(hash, step);
    }
    fn = half(fn);
    sn = half(sn);
  }
  return sn === 0 && oldHash.equals(oldRoot) && hash.equals(root);
}

/** Root over the leaves `from` to `to`, which is where a proof step stands: only its last part may be incomplete. */
function rangeHash(from: number, to: number, hashAt: HashAt): Buffer {
  const leaves = to - from;
  const middle = splitAt(leaves);
  if (leaves === 1 || middle * 2 === leaves) return hashAt(Math.log2(leaves), from / leaves);
  return nodeHash(rangeHash(from, from + middle, hashAt), rangeHash(from + middle, to, hashAt));
}

/** The largest power of two below `leaves`. Arithmetic instead of bits: sizes may pass 2^31. */
function splitAt(leaves: number): number {
  let split = 1;
  while (split * 2 < leaves) split *= 2;
  return split;
}

function half(n: number): number {
  return Math.floor(n / 2);
}
