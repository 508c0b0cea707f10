import { hash } from 'node:crypto';

/** SHA-256 throughout: bytes of one hash. */
export const hashBytes = 32;

/** The root of a log without entries: RFC 6962 section 2.1. */
export const emptyRoot: Buffer = sha256(Buffer.alloc(0));

// The prefixes keep a leaf from passing for a node: RFC 6962 section 2.1. One buffer each, because hashing runs to its end.
const leafInput = Buffer.alloc(1 + 65_535);
const nodeInput = Buffer.alloc(1 + 2 * hashBytes, 1);

/** 32 bytes: FIPS 180-4. */
export function sha256(bytes: Uint8Array): Buffer {
  return hash('sha256', bytes, 'buffer');
}

/** @param entry at most 65,535 bytes */
export function leafHash(entry: Uint8Array): Buffer {
  if (entry.length > 65_535) throw new RangeError('an entry has at most 65,535 bytes');
  leafInput.set(entry, 1);
  return sha256(leafInput.subarray(0, 1 + entry.length));
}

/** Of two subtrees beside each other, 32 bytes each: RFC 6962 section 2.1. @returns 32 bytes */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  nodeInput.set(left, 1);
  nodeInput.set(right, 1 + hashBytes);
  return sha256(nodeInput);
}

/**
 * Root over hashes of subtrees that stand side by side, all complete and of one height but for the last, which may be smaller.
 * Pairing up and promoting an odd last one gives RFC 6962's tree, which splits at the largest power of two.
 * @param hashes at least one, 32 bytes each
 */
export function rootOf(hashes: Buffer): Buffer {
  const row = Buffer.from(hashes);
  let count = row.length / hashBytes;
  while (count > 1) {
    let out = 0;
    for (let at = 0; at + 1 < count; at += 2) {
      const pair = nodeHash(hashIn(row, at), hashIn(row, at + 1));
      row.set(pair, hashBytes * out++);
    }
    if (count % 2 === 1) row.copyWithin(hashBytes * out++, hashBytes * (count - 1), hashBytes * count);
    count = out;
  }
  return row.subarray(0, hashBytes);
}

/** The `at`th hash of many. */
export function hashIn(hashes: Buffer, at: number): Buffer {
  return hashes.subarray(hashBytes * at, hashBytes * (at + 1));
}
