import { statSync } from 'node:fs';
import { SallyportError } from '../contract/errors.ts';
import type { Wait } from '../contract/wait.ts';
import type { Disk } from './disk.ts';
import { maxEntryBytes } from './entry.ts';
import { encodeFrameHeader, frameHeaderBytes } from './frame.ts';
import { journalDirectory, rewriteSegment, segmentPath } from './segments.ts';
import { tileWidth } from './tile.ts';

export interface JournalOptions {
  readonly dir: string;
  readonly disk: Disk;
  /** A segment that is longer than this is the last one no more. */
  readonly segmentBytes: number;
  /** Index of the segment to go on with, and of the next entry. */
  readonly first: number;
  readonly next: number;
}

interface OpenSegment {
  readonly path: string;
  readonly fd: number;
  /** Bytes of whole entries: what lies behind was torn and is cut before the next write. */
  goodBytes: number;
}

/** The most that one entry can take in the scratch buffer: three bytes for each UTF-16 unit. */
const maxFrameBytes = frameHeaderBytes + 3 * maxEntryBytes;

/**
 * The log's front: entries are written here, in order, before anything they tell of takes effect; folding them into tiles comes later.
 * Writing is synchronous, because "written" has to be true when `append` returns.
 */
export class Journal {
  readonly #options: JournalOptions;
  readonly #scratch = Buffer.allocUnsafeSlow(1 << 20);
  #segment: OpenSegment;
  /** Full segments that were not flushed yet. */
  #retired: OpenSegment[] = [];
  #next: number;
  #torn = false;
  /** A flush failed: what the kernel held may be gone, so it is written anew before anything else is. */
  #suspect = false;
  #newNames = true;
  #closed = false;
  #flushing: Promise<void> | undefined;
  #nextFlush: Promise<void> | undefined;

  /** @throws when the segment cannot be opened */
  constructor(options: JournalOptions) {
    this.#options = options;
    this.#next = options.next;
    this.#segment = this.#openSegment(options.first);
  }

  /** Index that the next entry gets. */
  get next(): number {
    return this.#next;
  }

  /**
   * Writes entries in as few calls as fit the buffer (1 MiB). They survive kill -9 when this returns.
   * When it throws, the first of them may be in the log all the same: none may take effect.
   * @param entries JSON texts of at most 65,535 bytes each
   * @throws SallyportError `audit-unwritable`
   */
  append(entries: readonly string[]): void {
    if (this.#closed) throw new SallyportError('audit-unwritable', 'the audit log is closed');
    if (this.#torn || this.#suspect) this.#repair();
    let used = 0;
    let count = 0;
    for (const entry of entries) {
      const full = used + maxFrameBytes > this.#scratch.length;
      if (full || this.#mustRotate(used, count)) {
        this.#write(used, count);
        used = count = 0;
        if (this.#mustRotate(0, 0)) this.#rotate();
      }
      const length = this.#scratch.write(entry, used + frameHeaderBytes, 'utf8');
      if (length > maxEntryBytes) throw new RangeError('an entry has at most 65,535 bytes');
      encodeFrameHeader(this.#scratch, used, length, this.#next + count);
      used += frameHeaderBytes + length;
      count++;
    }
    this.#write(used, count);
  }

  /**
   * Resolves when everything that was appended before is on the medium. Calls that come while one flush runs share the next.
   * Rejects with SallyportError `audit-unwritable`.
   */
  flush(): Promise<void> {
    return (this.#nextFlush ??= this.#flushAfter(this.#flushing));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.flush();
    } finally {
      for (const { fd } of [...this.#retired, this.#segment]) this.#options.disk.close(fd);
    }
  }

  #mustRotate(used: number, count: number): boolean {
    return this.#segment.goodBytes + used > this.#options.segmentBytes && (this.#next + count) % tileWidth === 0;
  }

  #write(bytes: number, count: number): void {
    const { disk } = this.#options;
    let done = 0;
    try {
      while (done < bytes) {
        const wrote = disk.write(this.#segment.fd, this.#scratch, done, bytes);
        if (wrote === 0) throw new Error('the disk took no more bytes');
        done += wrote;
      }
    } catch (error) {
      this.#torn = true;
      throw unwritable('cannot write the audit log', error);
    }
    this.#segment.goodBytes += bytes;
    this.#next += count;
  }

  #rotate(): void {
    let segment: OpenSegment;
    try {
      segment = this.#openSegment(this.#next);
    } catch (error) {
      throw unwritable('cannot begin a segment of the audit log', error);
    }
    this.#retired.push(this.#segment);
    this.#segment = segment;
    this.#newNames = true;
    // Flushed before any entry behind it counts as flushed. A failure is kept in #suspect and told by the next append.
    this.flush().catch(() => undefined);
  }

  #repair(): void {
    const { disk } = this.#options;
    try {
      if (this.#torn) disk.truncate(this.#segment.fd, this.#segment.goodBytes);
      this.#torn = false;
      if (this.#suspect) {
        this.#retired = this.#retired.map((segment) => this.#rewritten(segment));
        this.#segment = this.#rewritten(this.#segment);
        this.#suspect = false;
      }
    } catch (error) {
      throw unwritable('the audit log is still not writable', error);
    }
  }

  #rewritten(segment: OpenSegment): OpenSegment {
    rewriteSegment(segment.path, segment.goodBytes);
    const fd = this.#options.disk.open(segment.path);
    this.#options.disk.close(segment.fd);
    return { ...segment, fd };
  }

  #openSegment(first: number): OpenSegment {
    const path = segmentPath(this.#options.dir, first);
    const fd = this.#options.disk.open(path);
    return { path, fd, goodBytes: statSync(path).size };
  }

  async #flushAfter(before: Wait): Promise<void> {
    await before?.catch(() => undefined);
    this.#flushing = this.#nextFlush;
    this.#nextFlush = undefined;
    if (this.#suspect) throw unwritable('the audit log could not be flushed', undefined);
    const { disk, dir } = this.#options;
    // Taken before the first wait: what is appended or rotated meanwhile is for the next flush.
    const retired = [...this.#retired];
    const current = this.#segment;
    const newNames = this.#newNames;
    this.#newNames = false;
    try {
      for (const { fd } of [...retired, current]) await disk.flush(fd);
      if (newNames) await disk.flushDirectory(journalDirectory(dir));
    } catch (error) {
      this.#suspect = true;
      this.#newNames ||= newNames;
      throw unwritable('cannot flush the audit log', error);
    }
    this.#retired = this.#retired.filter((segment) => !retired.includes(segment));
    for (const { fd } of retired) disk.close(fd);
  }
}

function unwritable(what: string, cause: unknown): SallyportError {
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  return new SallyportError('audit-unwritable', `${what}${why}`, { cause });
}
