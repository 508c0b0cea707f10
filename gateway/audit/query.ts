import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AuditIndex, indexedFields } from '../store/audit-index.ts';
import type { AuditEvent, AuditType } from '../contract/event.ts';
import { parseEntry } from './entry.ts';
import { readFrames } from './frame.ts';
import { listSegments } from './segments.ts';
import { parseBundle, tilePath, tileWidth } from './tile.ts';

/** Every field that is given must match exactly. */
export interface AuditQuery {
  readonly type?: AuditType;
  readonly identity?: string;
  readonly session?: string;
  readonly request?: string;
  readonly target?: string;
  readonly action?: string;
  readonly effect?: string;
  /** At or after, milliseconds since the epoch. */
  readonly sinceMs?: number;
  /** Before. */
  readonly untilMs?: number;
  /** Default 100. */
  readonly limit?: number;
  /** Default `newest` first. */
  readonly order?: 'newest' | 'oldest';
}

export interface QueryResult {
  readonly entries: readonly FoundEntry[];
  /** There are more than `limit`. */
  readonly more: boolean;
}
export interface FoundEntry {
  /** Place in the log: what `audit prove` takes. */
  readonly index: number;
  readonly event: AuditEvent;
}

interface Found {
  readonly entries: FoundEntry[];
  readonly wanted: number;
}

const bundlesAtOnce = 16;
/** A request's id says when it began; clocks that were set back in between are allowed for. */
const clockSlackMs = 60_000;

/**
 * Searches the log, entries that are not in tiles yet included. Does not verify: that is `verifyLog`.
 * @param options.indexPath null, or no such file: every bundle is read
 */
export async function queryLog(
  dir: string,
  query: AuditQuery,
  options: { readonly indexPath: string | null },
): Promise<QueryResult> {
  const limit = query.limit ?? 100;
  const found: Found = { entries: [], wanted: limit + 1 };
  const size = publishedSize(dir);
  const newestFirst = query.order !== 'oldest';
  if (newestFirst) findInTail(dir, size, query, found);
  for await (const bundle of bundlesToRead(dir, size, query, options.indexPath)) {
    if (found.entries.length >= found.wanted) break;
    findInEntries(bundle.entries.slice(0, size - bundle.first), bundle.first, query, found);
  }
  if (!newestFirst) findInTail(dir, size, query, found);
  return { entries: found.entries.slice(0, limit), more: found.entries.length > limit };
}

/** Reads a few at a time, so that the disk and the search overlap and nothing waits behind them for long. */
async function* bundlesToRead(dir: string, size: number, query: AuditQuery, indexPath: string | null) {
  const needles = needlesOf(query);
  for (const numbers of candidates(size, query, indexPath)) {
    for (let at = 0; at < numbers.length; at += bundlesAtOnce) {
      const some = numbers.slice(at, at + bundlesAtOnce);
      const read = await Promise.all(some.map((number) => readBundle(dir, number, size)));
      for (const [place, bytes] of read.entries()) {
        if (!needles.every((needle) => bytes.includes(needle))) continue;
        yield { first: (some[place] ?? 0) * tileWidth, entries: parseBundle(bytes) ?? [] };
      }
    }
  }
}

/** Numbers of the bundles that may hold what is sought, in order, in pages. */
function* candidates(size: number, query: AuditQuery, indexPath: string | null): Generator<readonly number[]> {
  const all = Math.ceil(size / tileWidth);
  using index = openIndex(indexPath);
  if (!index) {
    yield inOrder(0, all, query);
    return;
  }
  const indexed = Math.floor(Math.min(index.next, size) / tileWidth); // bundles that will not change any more
  if (query.order !== 'oldest') yield inOrder(indexed, all, query);
  for (let last: number | undefined; ;) {
    const page = index.bundles(indexQuery(query), last, 256);
    yield page.filter((bundle) => bundle < indexed);
    last = page.at(-1);
    if (last === undefined) break;
  }
  if (query.order === 'oldest') yield inOrder(indexed, all, query);
}

/** An auditor's copy may be without one, or be read-only: then every bundle is read. */
function openIndex(path: string | null): AuditIndex | undefined {
  if (path === null || !existsSync(path)) return undefined;
  try {
    return new AuditIndex(path);
  } catch {
    return undefined;
  }
}

function indexQuery(query: AuditQuery): Parameters<AuditIndex['bundles']>[0] {
  const words = Object.fromEntries(
    indexedFields.flatMap((field) => (query[field] === undefined ? [] : [[field, query[field]]])),
  );
  const began = query.request === undefined ? undefined : ulidMs(query.request);
  const since = Math.max(query.sinceMs ?? 0, (began ?? 0) - clockSlackMs);
  return {
    words,
    order: query.order ?? 'newest',
    ...(since > 0 ? { sinceMs: since } : {}),
    ...(query.untilMs === undefined ? {} : { untilMs: query.untilMs }),
  };
}

function inOrder(from: number, to: number, query: AuditQuery): readonly number[] {
  const numbers = Array.from({ length: Math.max(0, to - from) }, (_, at) => from + at);
  return query.order === 'oldest' ? numbers : numbers.reverse();
}

function findInTail(dir: string, size: number, query: AuditQuery, found: Found): void {
  const tail: Buffer[] = [];
  for (const segment of existsSync(join(dir, 'journal')) ? listSegments(dir) : []) {
    readFrames(readFileSync(segment.path), segment.first, (entry, index) => {
      if (index >= size) tail.push(entry);
    });
  }
  findInEntries(tail, size, query, found);
}

function findInEntries(entries: readonly Buffer[], first: number, query: AuditQuery, found: Found): void {
  const needles = needlesOf(query);
  for (let step = 0; step < entries.length && found.entries.length < found.wanted; step++) {
    const at = query.order === 'oldest' ? step : entries.length - 1 - step;
    const entry = entries[at];
    if (!entry || !needles.every((needle) => entry.includes(needle))) continue;
    const event = parseEntry(entry);
    if (event && matches(event, query)) found.entries.push({ index: first + at, event });
  }
}

function matches(event: AuditEvent, query: AuditQuery): boolean {
  const ms = Date.parse(event.time);
  return (
    [...indexedFields, 'request' as const].every(
      (field) => query[field] === undefined || query[field] === event[field],
    ) &&
    (query.sinceMs === undefined || ms >= query.sinceMs) &&
    (query.untilMs === undefined || ms < query.untilMs)
  );
}

/** How a match must stand in an entry's bytes: entries are JSON as `encodeEntry` writes it. */
function needlesOf(query: AuditQuery): readonly Buffer[] {
  return [...indexedFields, 'request' as const].flatMap((field) => {
    const value = query[field];
    return value === undefined ? [] : [Buffer.from(`"${field}":${JSON.stringify(value)}`)];
  });
}

async function readBundle(dir: string, index: number, size: number): Promise<Buffer> {
  const width = Math.min(tileWidth, size - index * tileWidth);
  const read = (of: number) => readFile(join(dir, tilePath({ level: 'entries', index, width: of })));
  // A partial bundle may just have become a full one.
  return width < tileWidth ? read(width).catch(() => read(tileWidth)) : read(width);
}

function publishedSize(dir: string): number {
  const path = join(dir, 'checkpoint');
  return existsSync(path) ? Number(readFileSync(path, 'utf8').split('\n')[1]) || 0 : 0;
}

/** Milliseconds since the epoch, from the first ten digits of a ULID; undefined when it is none. */
function ulidMs(id: string): number | undefined {
  if (!/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(id)) return undefined;
  const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  return Array.from(id.slice(0, 10)).reduce((ms, digit) => ms * 32 + digits.indexOf(digit), 0);
}
