import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { parseCheckpoint } from './checkpoint.ts';
import type { Checkpoint } from './checkpoint.ts';
import { parseVerifierKey } from './note.ts';
import type { NoteVerifier } from './note.ts';
import { readFrames } from './frame.ts';
import { listSegments } from './segments.ts';
import { TileCheck } from './tile-check.ts';

export interface Verification {
  /** No problem was found. */
  readonly ok: boolean;
  readonly origin: string;
  /** Entries under the signed checkpoint. */
  readonly size: number;
  /** Root hash that the entries give, base64. */
  readonly root: string;
  /** Entries that are written and not under a checkpoint yet, and bytes of an unfinished write behind them, which never took effect. */
  readonly tail: { readonly entries: number; readonly tornBytes: number };
  readonly problems: readonly Problem[];
}

export interface Problem {
  /** Path under the log's directory. */
  readonly file: string;
  /** What is wrong, with the entry's index or the byte's offset where there is one. */
  readonly what: string;
}

export interface VerifyOptions {
  readonly onProgress?: (entries: number, size: number) => void;
  /** An older checkpoint, from wherever it was kept safe: the log has to continue it. */
  readonly previous?: string;
  readonly signal?: AbortSignal;
}

interface JournalRead {
  /** Index of the first entry that the journal holds. */
  readonly first: number;
  readonly entries: readonly Buffer[];
  readonly tornBytes: number;
}

/**
 * Recomputes the log from its entries and compares every byte of it: bundles, tiles, checkpoint and journal.
 * Needs nothing but the directory and the public key, and writes nothing; a gateway may be writing meanwhile.
 * @param verifierKey `origin+hash+key`
 * @throws TypeError when that is no verifier key
 */
export async function verifyLog(dir: string, verifierKey: string, options: VerifyOptions = {}): Promise<Verification> {
  const verifier = parseVerifierKey(verifierKey);
  if (!verifier) throw new TypeError('not a verifier key: expected origin+hash+base64');
  const problems: Problem[] = [];
  const report = (file: string, what: string) => problems.push({ file, what });

  const { checkpoint, journal, found } = readTogether(dir, verifier);
  problems.push(...found);
  const tiles = new TileCheck(dir, listTiles(dir), journal.first, report);
  const previous = readPrevious(options.previous, checkpoint, verifier, report);
  const compare = (expected: Checkpoint | undefined, what: string) => {
    if (expected?.size === tiles.size && !expected.root.equals(tiles.root())) report('checkpoint', what);
  };

  for (let index = 0; tiles.size < checkpoint.size; index++) {
    tiles.bundle(index, checkpoint.size, (size) => {
      if (size === previous?.size)
        compare(previous, 'the log does not continue the older checkpoint: history was changed');
    });
    if (index % 16 !== 15) continue;
    options.onProgress?.(tiles.size, checkpoint.size);
    await setImmediate(undefined, options.signal ? { signal: options.signal } : {});
  }
  compare(checkpoint, 'the signed root hash is not that of the entries');
  const root = tiles.root().toString('base64');
  tiles.requireEdge();
  compareJournal(journal, checkpoint.size, tiles, report);
  tiles.finish();
  options.onProgress?.(checkpoint.size, checkpoint.size);

  const tail = { entries: tiles.size - checkpoint.size, tornBytes: journal.tornBytes };
  return { ok: problems.length === 0, origin: verifier.name, size: checkpoint.size, root, tail, problems };
}

type Report = (file: string, what: string) => void;

interface Together {
  readonly checkpoint: Checkpoint;
  readonly journal: JournalRead;
  readonly found: readonly Problem[];
}

/** A gateway may drop a journal segment between two reads: then both are read again. */
function readTogether(dir: string, verifier: NoteVerifier, attempts = 10): Together {
  const found: Problem[] = [];
  const report = (file: string, what: string) => found.push({ file, what });
  try {
    const checkpoint = readCheckpoint(dir, verifier, report);
    const journal = readJournal(dir, report);
    const fits = journal.entries.length === 0 || journal.first <= checkpoint.size;
    if (fits || attempts <= 1) return { checkpoint, journal, found };
  } catch (error) {
    const isGone = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (!isGone || attempts <= 1) throw error;
  }
  return readTogether(dir, verifier, attempts - 1);
}

/** A checkpoint that is not what it should be still says how far to look. */
function readCheckpoint(dir: string, verifier: NoteVerifier, report: Report): Checkpoint {
  const none: Checkpoint = { size: 0, root: Buffer.alloc(32) };
  const path = join(dir, 'checkpoint');
  if (!existsSync(path)) {
    report('checkpoint', 'is missing');
    return none;
  }
  const bytes = readFileSync(path);
  const note = bytes.toString('utf8');
  const checkpoint = Buffer.from(note).equals(bytes) ? parseCheckpoint(note, verifier) : undefined;
  if (checkpoint) return checkpoint;
  report('checkpoint', `is not signed by ${verifier.name} with this key, or was changed since`);
  const [, size = '', root = ''] = note.split('\n');
  const hash = Buffer.from(root, 'base64');
  const plausible = /^\d{1,12}$/.test(size) && hash.length === 32;
  return plausible ? { size: Math.min(Number(size), entriesOnDisk(dir)), root: hash } : none;
}

/** A bound for sizes that nobody signed. */
function entriesOnDisk(dir: string): number {
  return 256 * [...listTiles(dir)].filter((path) => path.startsWith('tile/entries/')).length;
}

function readPrevious(
  note: string | undefined,
  checkpoint: Checkpoint,
  verifier: NoteVerifier,
  report: Report,
): Checkpoint | undefined {
  if (note === undefined) return undefined;
  const previous = parseCheckpoint(note, verifier);
  if (!previous) report('checkpoint', 'the older checkpoint is not signed with this key');
  else if (previous.size > checkpoint.size) {
    report(
      'checkpoint',
      `an older checkpoint has ${previous.size} entries, this one ${checkpoint.size}: the log was cut`,
    );
  }
  return previous;
}

function listTiles(dir: string): Set<string> {
  const path = join(dir, 'tile');
  if (!existsSync(path)) return new Set();
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((file) => !file.isDirectory());
  return new Set(
    files.map((file) => relative(dir, join(file.parentPath, file.name))).filter((name) => name !== 'tile/draft'),
  );
}

function readJournal(dir: string, report: Report): JournalRead {
  const path = join(dir, 'journal');
  if (!existsSync(path)) return { first: 0, entries: [], tornBytes: 0 };
  for (const name of readdirSync(path)) {
    if (!/^\d{16}$/.test(name))
      report(join('journal', name), 'is not part of the journal: see what was set aside and why');
  }
  const segments = listSegments(dir);
  const first = segments[0]?.first ?? 0;
  const entries: Buffer[] = [];
  let tornBytes = 0;
  for (const [at, segment] of segments.entries()) {
    const file = relative(dir, segment.path);
    if (segment.first !== first + entries.length) {
      report(file, `begins at entry ${segment.first}, but ${first + entries.length} is next`);
      break;
    }
    const bytes = readFileSync(segment.path);
    const end = readFrames(bytes, segment.first, (entry) => entries.push(entry));
    const isLast = at === segments.length - 1;
    if (end.tail === 'damaged' || (end.tail === 'torn' && !isLast)) {
      report(file, `was changed at byte ${end.goodBytes}, in entry ${end.next}`);
    } else if (end.tail === 'torn') {
      tornBytes = bytes.length - end.goodBytes;
    }
  }
  return { first, entries, tornBytes };
}

/** What the journal and the bundles both hold has to be equal; what only the journal holds continues the tree. */
function compareJournal(journal: JournalRead, size: number, tiles: TileCheck, report: Report): void {
  const end = journal.first + journal.entries.length;
  if (journal.entries.length > 0 && (journal.first > size || end < size)) {
    report('journal', `holds entries ${journal.first} to ${end}, and the checkpoint ${size}: some are missing`);
    return;
  }
  for (const [at, entry] of journal.entries.entries()) {
    const index = journal.first + at;
    if (index >= size) tiles.entry(entry);
    else if (!tiles.has(index, entry)) report('journal', `entry ${index} is not the one in the log`);
  }
}
