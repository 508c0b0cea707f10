import { mkdir, open, readdir, readFile, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Lines, type LinesOptions } from './lines.ts';

export interface SpoolOptions extends Pick<LinesOptions, 'maxWaiting' | 'onFailure' | 'retryMs'> {
  /** One process at a time. What an earlier one left in it comes first. */
  readonly dir: string;
  /** The disk budget. */
  readonly maxBytes: number;
  /** A segment is closed when it has so many: what is sent at once. */
  readonly segmentBytes: number;
}

/** Some lines on disk that are sent together. */
export interface Segment {
  readonly path: string;
  readonly bytes: number;
}

const segmentName = /^\d{12}\.ndjson$/;

/** Lines on disk, oldest first: what was taken is there until it is removed, also after a crash of the process. */
export class Spool implements AsyncDisposable {
  readonly #options: SpoolOptions;
  readonly #lines: Lines;
  readonly #closed: Segment[] = [];
  #open: { readonly path: string; readonly handle: FileHandle; bytes: number } | undefined;
  #nextNumber = 1;
  #diskBytes = 0;
  /** One use of the open segment at a time. */
  #turn: Promise<unknown> = Promise.resolve();
  #bell = Promise.withResolvers<void>();

  /** @throws what the disk says when the folder cannot be used */
  static async open(options: SpoolOptions): Promise<Spool> {
    const { dir } = options;
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const names = (await readdir(dir)).filter((name) => segmentName.test(name)).sort();
    const found = await Promise.all(
      names.map(async (name) => ({ path: join(dir, name), bytes: (await stat(join(dir, name))).size })),
    );
    return new Spool(options, found, Number.parseInt(names.at(-1) ?? '0', 10) + 1);
  }

  private constructor(options: SpoolOptions, found: readonly Segment[], nextNumber: number) {
    this.#options = options;
    this.#closed.push(...found);
    this.#nextNumber = nextNumber;
    for (const { bytes } of found) this.#diskBytes += bytes;
    const { maxWaiting, onFailure, retryMs } = options;
    const write = (lines: readonly string[]) => this.#exclusive(() => this.#append(lines));
    this.#lines = new Lines({ write, maxWaiting, onFailure, ...(retryMs !== undefined && { retryMs }) });
  }

  /** On disk and on the way there. */
  get bytes(): number {
    return this.#diskBytes + this.#lines.length;
  }

  /** @returns false when the budget is spent, or memory full because the disk does not take it */
  add(line: string): boolean {
    if (this.bytes + Buffer.byteLength(line) + 1 > this.#options.maxBytes) return false;
    return this.#lines.add(line);
  }

  /** Resolves when a whole segment is there, when anything has been there for `delayMs`, or on `wake` after `signal` aborted. */
  async ready(delayMs: number, signal: AbortSignal): Promise<void> {
    while (this.#closed.length === 0 && this.#open === undefined && !signal.aborted) await this.#bell.promise;
    if (this.#closed.length > 0 || signal.aborted) return;
    const late = sleep(delayMs, undefined, { signal, ref: false }).catch(() => undefined);
    while (this.#closed.length === 0) {
      const waited = await Promise.race([late.then(() => true), this.#bell.promise]);
      if (waited === true) return;
    }
  }

  wake(): void {
    this.#bell.resolve();
    this.#bell = Promise.withResolvers<void>();
  }

  /** The oldest lines; the segment that is being written when there are no others. Undefined when nothing is there. */
  async oldest(): Promise<Segment | undefined> {
    if (this.#closed.length === 0) await this.#exclusive(() => this.#cut());
    return this.#closed[0];
  }

  /** Whole lines of a segment. `torn`: a crash left a piece of one behind them. */
  async read({ path }: Segment): Promise<{ readonly lines: readonly string[]; readonly torn: boolean }> {
    const parts = (await readFile(path, 'utf8')).split('\n');
    const last = parts.pop() ?? '';
    return { lines: parts, torn: last !== '' };
  }

  /** Forgets the oldest segment. */
  async remove(segment: Segment): Promise<void> {
    await rm(segment.path, { force: true });
    if (this.#closed[0] === segment) this.#closed.shift();
    this.#diskBytes -= segment.bytes;
  }

  /** Writes what waits. @returns how many lines could not be */
  async flush(): Promise<number> {
    return this.#lines.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush();
    await this.#exclusive(() => this.#cut());
  }

  async #append(lines: readonly string[]): Promise<void> {
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    const file = (this.#open ??= await this.#begin());
    let done = 0;
    // By position: where a try failed half way, the next one writes over it.
    while (done < bytes.length) {
      done += (await file.handle.write(bytes, done, bytes.length - done, file.bytes + done)).bytesWritten;
    }
    file.bytes += bytes.length;
    this.#diskBytes += bytes.length;
    if (file.bytes >= this.#options.segmentBytes) await this.#cut();
    this.wake();
  }

  async #begin() {
    const path = join(this.#options.dir, `${String(this.#nextNumber).padStart(12, '0')}.ndjson`);
    const handle = await open(path, 'wx', 0o600);
    this.#nextNumber++;
    return { path, handle, bytes: 0 };
  }

  async #cut(): Promise<void> {
    const file = this.#open;
    if (!file || file.bytes === 0) return;
    await file.handle.truncate(file.bytes); // a try that failed may have left something behind the last whole line
    await file.handle.close();
    this.#open = undefined;
    this.#closed.push({ path: file.path, bytes: file.bytes });
  }

  #exclusive<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(act);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}
