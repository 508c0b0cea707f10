import { setTimeout as sleep } from 'node:timers/promises';

const firstBackoffMs = 100;

/** When to ask a server again: after a random time between two, so that gateways do not come all at once; after failures later each time. */
export class Pacing {
  readonly #minPauseMs: number;
  readonly #maxPauseMs: number;
  #failures = 0;

  constructor({ minPauseMs, maxPauseMs }: { readonly minPauseMs: number; readonly maxPauseMs: number }) {
    this.#minPauseMs = minPauseMs;
    this.#maxPauseMs = maxPauseMs;
  }

  get isFailing(): boolean {
    return this.#failures > 0;
  }

  answered(): void {
    this.#failures = 0;
  }

  failed(): void {
    this.#failures++;
  }

  /** Resolves when it is time, or when `signal` aborts. Never rejects. */
  async pause(signal: AbortSignal): Promise<void> {
    const longest = Math.min(this.#maxPauseMs, firstBackoffMs * 2 ** Math.min(this.#failures - 1, 20));
    const ms = this.isFailing ? between(longest / 2, longest) : between(this.#minPauseMs, this.#maxPauseMs);
    await sleep(ms, undefined, { signal, ref: false }).catch(() => undefined); // an abort ends the wait
  }
}

function between(min: number, max: number): number {
  return min + Math.random() * Math.max(0, max - min);
}
