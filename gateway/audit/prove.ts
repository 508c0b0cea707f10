import { SallyportError } from '../contract/errors.ts';
import { parseCheckpoint } from './checkpoint.ts';
import type { Checkpoint } from './checkpoint.ts';
import { leafHash } from './hash.ts';
import { parseVerifierKey } from './note.ts';
import { hashesFromTiles, proveConsistency, proveInclusion, verifyConsistency, verifyInclusion } from './proof.ts';
import type { HashAt } from './proof.ts';
import { parseBundle, tileWidth } from './tile.ts';
import { TreeFiles } from './tree-files.ts';

/** That an entry is in the log: all that somebody needs who has only the public key. JSON. */
export interface EntryProof {
  readonly index: number;
  /** The entry as it stands in the log. */
  readonly entry: string;
  /** The signed checkpoint that the path leads to. */
  readonly checkpoint: string;
  /** Audit path, from the leaf, base64: RFC 6962 section 2.1.1. */
  readonly path: readonly string[];
}

/** That the log of today's checkpoint continues that of an older one. JSON. */
export interface GrowthProof {
  readonly checkpoint: string;
  /** RFC 6962 section 2.1.2, base64. */
  readonly path: readonly string[];
}

/**
 * Proves one entry of the log in `dir` under its checkpoint.
 * @returns undefined when there is no such entry under a checkpoint yet
 * @throws SallyportError `audit-unwritable` when the log is damaged or signed with another key
 */
export function proveEntry(dir: string, verifierKey: string, index: number): EntryProof | undefined {
  const log = openTree(dir, verifierKey);
  if (!Number.isSafeInteger(index) || index < 0 || index >= log.size) return undefined;
  const bundle = Math.floor(index / tileWidth);
  const bytes = readAtLeast(log.files, 'entries', bundle, Math.min(tileWidth, log.size - bundle * tileWidth));
  const entry = parseBundle(bytes)?.[index % tileWidth];
  if (!entry) throw damaged(`entry ${index} cannot be read`);
  const path = proveInclusion(index, log.size, log.hashAt).map((hash) => hash.toString('base64'));
  return { index, entry: entry.toString('utf8'), checkpoint: log.note, path };
}

/** @param oldSize entries under the older checkpoint. @returns undefined when the log is smaller than that */
export function proveGrowth(dir: string, verifierKey: string, oldSize: number): GrowthProof | undefined {
  const log = openTree(dir, verifierKey);
  if (!Number.isSafeInteger(oldSize) || oldSize < 0 || oldSize > log.size) return undefined;
  const path = proveConsistency(oldSize, log.size, log.hashAt).map((hash) => hash.toString('base64'));
  return { checkpoint: log.note, path };
}

/** Needs no log. */
export function isEntryProven(proof: EntryProof, verifierKey: string): boolean {
  const checkpoint = checkpointIn(proof.checkpoint, verifierKey);
  if (!checkpoint) return false;
  return verifyInclusion(
    leafHash(Buffer.from(proof.entry)),
    proof.index,
    checkpoint.size,
    hashesIn(proof.path),
    checkpoint.root,
  );
}

/** Needs no log. @param older checkpoint that was kept */
export function isGrowthProven(older: string, proof: GrowthProof, verifierKey: string): boolean {
  const [from, to] = [checkpointIn(older, verifierKey), checkpointIn(proof.checkpoint, verifierKey)];
  if (!from || !to) return false;
  return verifyConsistency(from.size, to.size, from.root, to.root, hashesIn(proof.path));
}

interface Tree {
  readonly files: TreeFiles;
  readonly note: string;
  readonly size: number;
  readonly hashAt: HashAt;
}

function openTree(dir: string, verifierKey: string): Tree {
  const files = new TreeFiles(dir);
  const note = files.readCheckpoint() ?? '';
  const checkpoint = checkpointIn(note, verifierKey);
  if (!checkpoint) throw damaged('its checkpoint is not signed with this key');
  const { size } = checkpoint;
  return {
    files,
    note,
    size,
    hashAt: hashesFromTiles(size, (level, index, width) => readAtLeast(files, level, index, width)),
  };
}

/** The tile, or the full one that has taken the place of a partial one. */
function readAtLeast(files: TreeFiles, level: number | 'entries', index: number, width: number): Buffer {
  const tile = files.readTile({ level, index, width }) ?? files.readTile({ level, index, width: tileWidth });
  if (!tile) throw damaged(`tile ${level}/${index} is missing`);
  return tile;
}

function checkpointIn(note: string, verifierKey: string): Checkpoint | undefined {
  const verifier = parseVerifierKey(verifierKey);
  return verifier && parseCheckpoint(note, verifier);
}

function hashesIn(path: readonly string[]): readonly Buffer[] {
  return path.map((hash) => Buffer.from(hash, 'base64'));
}

function damaged(why: string): SallyportError {
  return new SallyportError('audit-unwritable', `the audit log is damaged: ${why}`);
}
