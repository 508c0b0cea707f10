import type { Command, SessionFacts } from '../contract/command.ts';
import type { SessionFrame } from '../contract/ports.ts';

/** What a session has done so far; the facts that policy may read and that `sessions list` shows. */
export class SessionTally {
  readonly #facts: { -readonly [K in keyof SessionFacts]: SessionFacts[K] };
  #snapshot: SessionFacts | undefined;

  constructor(frame: SessionFrame) {
    const started_at = new Date(frame.startedAtMs).toISOString();
    this.#facts = { id: frame.id, started_at, commands: 0, rows_returned: 0, denials: 0, labels_read: [] };
  }

  /** As it stands now, and stays: the same object until something changes. */
  get facts(): SessionFacts {
    return (this.#snapshot ??= { ...this.#facts });
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
