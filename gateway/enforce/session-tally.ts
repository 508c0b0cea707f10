import { type Command, lookupsOf, type SessionFacts } from '../contract/command.ts';
import type { SessionFrame } from '../contract/ports.ts';

/** What a session has done so far; the facts that policy may read and that `sessions list` shows. */
export class SessionTally {
  readonly #facts: { -readonly [K in keyof SessionFacts]: SessionFacts[K] };
  #snapshot: SessionFacts | undefined;
  /** Look-ups by minute since the epoch: of the last hour, oldest first. */
  readonly #lookups = new Map<number, number>();

  constructor(frame: SessionFrame) {
    const started_at = new Date(frame.startedAtMs).toISOString();
    this.#facts = { id: frame.id, started_at, commands: 0, rows_returned: 0, denials: 0, labels_read: [], lookups: 0 };
  }

  /** As it stands now, and stays: the same object until something changes. */
  get facts(): SessionFacts {
    return (this.#snapshot ??= { ...this.#facts });
  }

  /**
   * The same for a command that may look something up.
   * @param before look-ups of commands that travel before it in the same exchange: none of them is counted until all are judged
   */
  factsFor(command: Command, before: number, nowMs: number): SessionFacts {
    if (lookupsOf(command) === 0) return this.facts;
    const minute = minuteOf(nowMs);
    let lookups = before;
    for (const [at, count] of this.#lookups) {
      if (at > minute - windowMinutes) lookups += count;
      else this.#lookups.delete(at);
    }
    return { ...this.facts, lookups };
  }

  /** They are about to run. */
  looksUp(lookups: number, nowMs: number): void {
    if (lookups === 0) return;
    const minute = minuteOf(nowMs);
    this.#lookups.set(minute, (this.#lookups.get(minute) ?? 0) + lookups);
  }

  released(command: Command): void {
    this.#snapshot = undefined;
    this.#facts.commands++;
    const known = this.#facts.labels_read;
    const fresh = command.labels.filter((label) => !known.includes(label));
    if (fresh.length > 0) this.#facts.labels_read = [...known, ...fresh].sort();
  }

  denied(): void {
    this.#snapshot = undefined;
    this.#facts.denials++;
  }

  returned(rows: number): void {
    this.#snapshot = undefined;
    this.#facts.rows_returned += rows;
  }
}

/** `SessionFacts.lookups` is about so long. */
const windowMinutes = 60;

function minuteOf(ms: number): number {
  return Math.floor(ms / 60_000);
}
