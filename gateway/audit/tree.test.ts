import { generateKeyPairSync } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeCheckpoint, parseCheckpoint } from './checkpoint.ts';
import { Edge } from './edge.ts';
import { emptyRoot, leafHash, nodeHash } from './hash.ts';
import { noteSigner, parseVerifierKey } from './note.ts';
import {
  hashesFromTiles,
  proveConsistency,
  proveInclusion,
  rootAt,
  verifyConsistency,
  verifyInclusion,
} from './proof.ts';
import { encodeBundle, parseBundle, parseTilePath, tilePath } from './tile.ts';

/** RFC 6962 section 2.1, word for word. */
function naiveRoot(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves;
  if (!only) return emptyRoot;
  if (leaves.length === 1) return only;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return nodeHash(naiveRoot(leaves.slice(0, split)), naiveRoot(leaves.slice(split)));
}

const leaves = Array.from({ length: 70_000 }, (_, index) => leafHash(Buffer.from(`entry ${index}`)));

/** A log in memory, as its tiles. */
function grow(size: number) {
  const tiles = new Map<string, Buffer>();
  const edge = new Edge();
  for (const leaf of leaves.slice(0, size))
    edge.append(leaf, (level, index, hashes) => tiles.set(`${level}/${index}`, hashes));
  const hashAt = hashesFromTiles(size, (level, index) => tiles.get(`${level}/${index}`) ?? edge.partial(level));
  return { edge, hashAt };
}

describe('the tree', () => {
  test.each([0, 1, 2, 3, 255, 256, 257, 511, 512, 1000, 65_535, 65_536, 65_537, 70_000])(
    'of %i entries has the root that RFC 6962 defines',
    (size) => {
      const { edge, hashAt } = grow(size);
      const root = naiveRoot(leaves.slice(0, size));
      expect(edge.root()).toEqual(root);
      expect(rootAt(size, hashAt)).toEqual(root);
    },
  );

  test('proves every entry, and no entry in the place of another', () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 700 }), fc.nat(), fc.nat(), (size, a, b) => {
        const { edge, hashAt } = grow(size);
        const [index, other] = [a % size, b % size];
        const path = proveInclusion(index, size, hashAt);
        const proves = (leaf: Buffer, at: number, of: number) => verifyInclusion(leaf, at, of, path, edge.root());
        const leaf = leaves[index] ?? emptyRoot;
        expect(proves(leaf, index, size)).toBe(true);
        expect(proves(leaf, other, size)).toBe(index === other);
        expect(proves(leaves[size] ?? emptyRoot, index, size)).toBe(false);
        expect(verifyInclusion(leaf, index, size, [...path, leaf], edge.root())).toBe(false);
        expect(path.length > 0 && verifyInclusion(leaf, index, size, path.slice(1), edge.root())).toBe(false);
      }),
      { numRuns: 60 },
    ));

  test('proves that it continues each of its beginnings, and nothing else', () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 700 }), fc.nat(), (size, a) => {
        const old = a % (size + 1);
        const { edge, hashAt } = grow(size);
        const oldRoot = naiveRoot(leaves.slice(0, old));
        const path = proveConsistency(old, size, hashAt);
        expect(verifyConsistency(old, size, oldRoot, edge.root(), path)).toBe(true);
        const forged = leafHash(oldRoot);
        expect(verifyConsistency(old, size, forged, edge.root(), path)).toBe(false);
        expect(old > 0 && verifyConsistency(old, size, oldRoot, forged, path)).toBe(false);
        expect(verifyConsistency(old, size, oldRoot, edge.root(), [...path, forged])).toBe(false);
      }),
      { numRuns: 60 },
    ));

  test('an entry cannot pass for a node', () => {
    const [a, b] = [leafHash(Buffer.from('a')), leafHash(Buffer.from('b'))];
    expect(leafHash(Buffer.concat([a, b]))).not.toEqual(nodeHash(a, b));
  });
});

describe('tiles', () => {
  test.each([
    [{ level: 0, index: 0, width: 256 }, 'tile/0/000'],
    [{ level: 0, index: 1_234_067, width: 256 }, 'tile/0/x001/x234/067'],
    [{ level: 3, index: 999, width: 12 }, 'tile/3/999.p/12'],
    [{ level: 'entries', index: 1000, width: 1 }, 'tile/entries/x001/000.p/1'],
  ] as const)('%j is %s', (tile, path) => {
    expect(tilePath(tile)).toBe(path);
    expect(parseTilePath(path)).toEqual(tile);
  });

  test.each([
    'tile/0/1',
    'tile/64/000',
    'tile/0/000.p/256',
    'tile/0/000.p/0',
    'tile/0/x000/001',
    'tile/0/000/',
    '../tile/0/000',
  ])('%s is no tile', (path) => expect(parseTilePath(path)).toBeUndefined());

  test('a bundle comes apart as it was put together, and never when it was cut', () =>
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }), (entries) => {
        const bundle = encodeBundle(entries);
        expect(parseBundle(bundle)?.map((entry) => [...entry])).toEqual(entries.map((entry) => [...entry]));
        for (let cut = 0; cut < bundle.length; cut++)
          expect(parseBundle(bundle.subarray(0, cut))?.length ?? -1).toBeLessThan(entries.length);
      }),
    ));
});

describe('a checkpoint', () => {
  const signer = noteSigner('gateway.example/audit', generateKeyPairSync('ed25519').privateKey);
  const verifier = parseVerifierKey(signer.verifierKey);
  const note = encodeCheckpoint({ size: 70_000, root: leafHash(Buffer.from('root')) }, signer);

  test('is read back by whoever has the public key', () => {
    expect(verifier && parseCheckpoint(note, verifier)).toEqual({ size: 70_000, root: leafHash(Buffer.from('root')) });
  });

  test('is worth nothing with any character changed, added or missing', () => {
    if (!verifier) throw new Error('the verifier key does not parse');
    const changed = Array.from({ length: note.length + 1 }, (_, at) => at).flatMap((at) => [
      ...['', 'A', '\n', '=', ' '].map((put) => note.slice(0, at) + put + note.slice(at + 1)),
      ...['A', '\n', '=', ' '].map((put) => note.slice(0, at) + put + note.slice(at)),
    ]);
    const believed = changed.filter((text) => text !== note && parseCheckpoint(text, verifier));
    expect(believed).toEqual([]);
  });

  test('of another key or another log is not ours', () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    for (const other of [noteSigner(signer.name, privateKey), noteSigner('other.example/audit', privateKey)]) {
      const key = parseVerifierKey(other.verifierKey);
      expect(key && parseCheckpoint(note, key)).toBeUndefined();
    }
  });

  test.each(['', 'name', 'name+00000000+AA==', `x${'gateway'}+${signer.verifierKey.slice(8)}`])(
    '%s is no verifier key',
    (key) => {
      expect(parseVerifierKey(key)).toBeUndefined();
    },
  );

  test.each(['', 'with space', 'with+plus'])('a log cannot be called "%s"', (name) => {
    expect(() => noteSigner(name, generateKeyPairSync('ed25519').privateKey)).toThrow(TypeError);
  });

  test('is not signed with a key of another kind', () => {
    expect(() => noteSigner('log', generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)).toThrow(TypeError);
  });
});
