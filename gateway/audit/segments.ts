import { mkdirSync, readdirSync, readFileSync, renameSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { SallyportError } from '../contract/errors.ts';
import { flushPathSync } from './disk.ts';
import { readFrames } from './frame.ts';
import type { FrameEnd } from './frame.ts';

/** One file of the journal, `journal/<index of its first entry>`. Begins at a multiple of 256, so that no bundle straddles two. */
export interface Segment {
  readonly path: string;
  readonly first: number;
}

/** What opening the journal found and did. */
export interface Recovered {
  /** Bytes of an unfinished write that were cut off the end. They never took effect: their `append` did not return. */
  readonly tornBytes: number;
  /** Where bytes were set aside that were neither entries nor an unfinished write. Somebody has to look at them. */
  readonly damaged: string | null;
}

/** @param dir of the log */
export function journalDirectory(dir: string): string {
  return join(dir, 'journal');
}

/** @param dir of the log @param first index of the segment's first entry: 16 digits, so that names sort as entries do */
export function segmentPath(dir: string, first: number): string {
  return join(journalDirectory(dir), String(first).padStart(16, '0'));
}

/** In order. Other files in the directory are none. */
export function listSegments(dir: string): readonly Segment[] {
  return readdirSync(journalDirectory(dir))
    .filter((name) => /^\d{16}$/.test(name))
    .toSorted()
    .map((name) => ({ path: join(journalDirectory(dir), name), first: Number(name) }));
}

/**
 * Cuts what a crash left unfinished at the journal's end, and sets aside what cannot be read.
 * @returns the index of the next entry, and what had to be done; undefined when there is no segment
 * @throws SallyportError `audit-unwritable` when entries are missing in the middle
 */
export function recoverJournal(dir: string): (Recovered & { readonly next: number }) | undefined {
  mkdirSync(journalDirectory(dir), { recursive: true, mode: 0o700 });
  for (const name of readdirSync(journalDirectory(dir))) {
    if (name.endsWith('.repair')) unlinkSync(join(journalDirectory(dir), name));
  }
  const segments = listSegments(dir);
  let next = segments[0]?.first;
  if (next === undefined) return undefined;
  let recovered: Recovered = { tornBytes: 0, damaged: null };
  for (const [at, segment] of segments.entries()) {
    if (segment.first !== next) throw missing(segment, next);
    const bytes = readFileSync(segment.path);
    const end = readFrames(bytes, segment.first, () => {});
    next = end.next;
    if (end.tail === 'clean') continue;
    if (at < segments.length - 1) throw missing(segment, next);
    recovered = cutTail(segment, bytes, end);
  }
  return { next, ...recovered };
}

function cutTail(segment: Segment, bytes: Buffer, end: FrameEnd): Recovered {
  let damaged: string | null = null;
  if (end.tail === 'damaged') {
    damaged = `${segment.path}.damaged-at-${end.goodBytes}`;
    writeFileSync(damaged, bytes.subarray(end.goodBytes), { mode: 0o600 });
    flushPathSync(damaged);
  }
  truncateSync(segment.path, end.goodBytes);
  flushPathSync(segment.path);
  return { tornBytes: damaged === null ? bytes.length - end.goodBytes : 0, damaged };
}

/** Writes a file anew and swaps it in, so that all of it is flushed again. */
export function rewriteSegment(path: string, goodBytes: number): void {
  const copy = `${path}.repair`;
  const bytes = readFileSync(path).subarray(0, goodBytes);
  writeFileSync(copy, bytes, { mode: 0o600 });
  flushPathSync(copy);
  renameSync(copy, path);
  flushPathSync(join(path, '..'));
}

function missing(segment: Segment, next: number): SallyportError {
  const where = `entry ${next} is missing before or in journal segment ${basename(segment.path)}`;
  return new SallyportError('audit-unwritable', `the audit log is damaged: ${where}`);
}
