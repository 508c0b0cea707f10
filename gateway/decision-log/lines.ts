import { setTimeout as sleep } from 'node:timers/promises';

export interface LinesOptions {
  /** Writes these, each ended by a newline, all or none of them; what it throws is tried again with the same. */
  readonly write: (lines: readonly string[]) => Promise<void>;
  /** Characters that may wait. */
  readonly maxWaiting: number;
  /** Told when writing begins to fail, and with undefined when it works again. */
  readonly onFailure: (error: unknown) => void;
  /** Pause between two tries. */
  readonly retryMs?: number;
}

/** Lines of one `write`, at most. */
const batchLength = 1 << 20;

/** Lines on their way to a file: bounded, in order, written in the background, and kept until they are. */
export class Lines {
  readonly #options: LinesOptions;
  readonly #closing = new AbortController();
  #waiting: string[] = [];
  #length = 0;
  #writing: Promise<void> | undefined;
  #failed = false;

  constructor(options: LinesOptions) {
    this.#options = options;
  }

  /** Characters that wait. */
  get length(): number {
    return this.#length;
  }

  /** @returns false when there is no room: the line is not taken */
  add(line: string): boolean {
    if (this.#length + line.length > this.#options.maxWaiting || this.#closing.signal.aborted) return false;
    this.#waiting.push(line);
    this.#length += line.length;
    this.#writing ??= this.#write();
    return true;
  }

  /** Resolves when everything is written, or with how many lines are not when writing fails now. */
  async close(): Promise<number> {
    this.#closing.abort();
    await this.#writing;
    return this.#waiting.length;
  }

  async #write(): Promise<void> {
    const { signal } = this.#closing;
    // Whatever else is decided in this turn of the event loop travels along.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const batch = this.#next();
      try {
        await this.#options.write(batch);
        if (this.#failed) this.#options.onFailure(undefined);
        this.#failed = false;
      } catch (error) {
        if (!this.#failed) this.#options.onFailure(error);
        this.#failed = true;
        if (signal.aborted) break;
        await sleep(this.#options.retryMs ?? 1_000, undefined, { signal, ref: false }).catch(() => undefined);
        continue;
      }
      this.#waiting.splice(0, batch.length);
      for (const line of batch) this.#length -= line.length;
    }
    this.#writing = undefined;
  }

  #next(): readonly string[] {
    let length = 0;
    const end = this.#waiting.findIndex((line) => (length += line.length) > batchLength);
    return this.#waiting.slice(0, end < 0 ? undefined : Math.max(1, end));
  }
}
