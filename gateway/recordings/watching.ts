/** What may wait for one who watches before they are let go: a session never waits for them. */
const maxWaitingBytes = 4 << 20;

/** Lines of a recording as they are written, for one who watches. Read once. */
export class Watching implements AsyncIterableIterator<Buffer> {
  readonly #maxBytes: number;
  readonly #waiting: Buffer[] = [];
  #bytes = 0;
  #isOver = false;
  #wake: (() => void) | undefined;
  readonly #onOver: () => void;

  /** @param onOver told once, when nothing more will be asked for */
  constructor(onOver: () => void, maxBytes = maxWaitingBytes) {
    this.#onOver = onOver;
    this.#maxBytes = maxBytes;
  }

  /** Whoever reads too slowly is let go: what they were given is whole up to there, and has no `close`. */
  push(lines: string): void {
    if (this.#isOver) return;
    const bytes = Buffer.from(lines);
    if (this.#bytes + bytes.length > this.#maxBytes) return this.#leave();
    this.#waiting.push(bytes);
    this.#bytes += bytes.length;
    this.#wake?.();
  }

  /** The session is over: what waits can still be read. */
  end(): void {
    this.#isOver = true;
    this.#wake?.();
  }

  async next(): Promise<IteratorResult<Buffer>> {
    while (this.#waiting.length === 0 && !this.#isOver)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    const value = this.#waiting.shift();
    if (!value) return { done: true, value: undefined };
    this.#bytes -= value.length;
    return { done: false, value };
  }

  async return(): Promise<IteratorResult<Buffer>> {
    this.#leave();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #leave(): void {
    this.end();
    this.#onOver();
  }
}

/** First what was written until then, and then what is. */
export class Following implements AsyncIterableIterator<Uint8Array> {
  readonly #past: AsyncIterator<Uint8Array>;
  readonly #watching: Watching;
  #isPast = true;

  constructor(past: AsyncIterable<Uint8Array>, watching: Watching) {
    this.#past = past[Symbol.asyncIterator]();
    this.#watching = watching;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    if (this.#isPast) {
      const next = await this.#past.next();
      if (!next.done) return next;
      this.#isPast = false;
    }
    return this.#watching.next();
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    // Not one after the other: the first may wait for what never comes.
    await Promise.all([this.#past.return?.(), this.#watching.return()]);
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
