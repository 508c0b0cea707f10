import type { Decided } from '../../contract/decided.ts';

export interface SampleOptions {
  /** Samples that may wait, at most. */
  readonly maxWaiting: number;
  /** The part of this thread's time that judging may take: 0.1 is a tenth. */
  readonly share: number;
  readonly judge: (decided: Decided) => void;
  /** Told how long a slice of work took. */
  readonly took: (ms: number) => void;
}

/** Work goes on for so long before everybody else gets their turn. One evaluation cannot be interrupted and may be longer. */
const sliceMs = 1;
/** Characters of commands that may wait: without them a few long texts would be all the memory there is. */
const maxWaitingLength = 16 << 20;

/**
 * Decisions that wait to be judged again, in the thread that forwards commands: after the turn of the event loop in which they were
 * acted on, and never for more than a share of the time. What comes faster than that is not judged.
 */
export class Samples implements Disposable {
  readonly #options: SampleOptions;
  #waiting: Decided[] = [];
  #next = 0;
  #length = 0;
  #notBeforeMs = 0;
  #timer: NodeJS.Immediate | NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: SampleOptions) {
    this.#options = options;
  }

  /** @returns false when there is no room */
  offer(decided: Decided): boolean {
    const { length } = decided.command.text;
    if (this.#closed || this.#waiting.length - this.#next >= this.#options.maxWaiting) return false;
    if (this.#length + length > maxWaitingLength) return false;
    this.#waiting.push(decided);
    this.#length += length;
    this.#schedule();
    return true;
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting = [];
    this.#next = 0;
    this.#length = 0;
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.clear();
  }

  #schedule(): void {
    if (this.#timer) return;
    const pauseMs = this.#notBeforeMs - performance.now();
    this.#timer =
      pauseMs <= 0 ? setImmediate(() => this.#turn()) : setTimeout(() => this.#turn(), Math.ceil(pauseMs)).unref();
  }

  #turn(): void {
    this.#timer = undefined;
    const startMs = performance.now();
    let nowMs = startMs;
    for (let next = this.#take(); next; next = nowMs - startMs < sliceMs ? this.#take() : undefined) {
      this.#options.judge(next);
      nowMs = performance.now();
    }
    const tookMs = nowMs - startMs;
    this.#options.took(tookMs);
    this.#notBeforeMs = nowMs + tookMs * (1 / this.#options.share - 1);
    if (this.#next < this.#waiting.length) this.#schedule();
    else this.clear();
  }

  #take(): Decided | undefined {
    const next = this.#waiting[this.#next];
    if (!next) return undefined;
    this.#next++;
    this.#length -= next.command.text.length;
    // The front is cut off in large pieces: each one moves everything behind it.
    if (this.#next >= 1_024) this.#waiting = this.#waiting.slice(this.#next);
    if (this.#next >= 1_024) this.#next = 0;
    return next;
  }
}
