import { type Command, lookupsOf, type SessionFacts } from '../contract/command.ts';
import type { SessionFrame } from '../contract/ports.ts';
import type { LookUps } from './look-ups.ts';

/** What a session has done so far; the facts that policy may read and that `sessions list` shows. */
export class SessionTally {
  readonly #facts: { -readonly [K in keyof SessionFacts]: SessionFacts[K] };
  #snapshot: SessionFacts | undefined;
  readonly #frame: SessionFrame;
  readonly #lookUps: LookUps;

  constructor(frame: SessionFrame, lookUps: LookUps) {
    this.#frame = frame;
    this.#lookUps = lookUps;
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
    const lookups = before + this.#lookUps.count(this.#frame, nowMs);
    return { ...this.facts, lookups };
  }

  /** They are about to run. */
  looksUp(lookups: number, nowMs: number): void {
    this.#lookUps.add(this.#frame, lookups, nowMs);
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
