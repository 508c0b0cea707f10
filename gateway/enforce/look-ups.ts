import type { SessionFrame } from '../contract/ports.ts';

/** `SessionFacts.lookups` is about so long. */
const windowMinutes = 60;

/**
 * Look-ups of the last hour: of each principal on each target, over all sessions of this gateway, because who hangs up and comes back would
 * start a new count otherwise. In memory: a gateway that starts anew knows of none.
 */
export class LookUps {
  /** By whom and where, then by minute since the epoch. There is one for those alone who have looked something up. */
  readonly #made = new Map<string, Map<number, number>>();
  #sweptAt = 0;

  /** How many there were. */
  count(frame: SessionFrame, nowMs: number): number {
    const from = minuteOf(nowMs) - windowMinutes;
    let lookups = 0;
    for (const [at, made] of this.#made.get(keyOf(frame)) ?? []) if (at > from) lookups += made;
    return lookups;
  }

  /** They are about to run. */
  add(frame: SessionFrame, lookups: number, nowMs: number): void {
    if (lookups === 0) return;
    const minute = minuteOf(nowMs);
    this.#sweep(minute);
    const key = keyOf(frame);
    const made = this.#made.get(key) ?? new Map<number, number>();
    this.#made.set(key, made.set(minute, (made.get(minute) ?? 0) + lookups));
  }

  /** What is older than an hour takes up no memory. */
  #sweep(minute: number): void {
    if (minute === this.#sweptAt) return;
    this.#sweptAt = minute;
    for (const [key, made] of this.#made) {
      for (const at of made.keys()) if (at <= minute - windowMinutes) made.delete(at);
      if (made.size === 0) this.#made.delete(key);
    }
  }

  /** How many principals and targets are remembered. */
  get size(): number {
    return this.#made.size;
  }
}

function keyOf({ principal: { issuer, id }, target }: SessionFrame): string {
  return JSON.stringify([issuer, id, target.protocol, target.name]);
}

function minuteOf(ms: number): number {
  return Math.floor(ms / 60_000);
}
