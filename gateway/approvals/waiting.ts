import type { HoldResolution } from '../contract/ports.ts';
import type { HoldRequest } from '../contract/ports.ts';
import type { HoldId } from '../contract/ids.ts';

/** A hold that a command of this process waits for. Settles once; decisions about it happen one after the other. */
export class Waiting {
  readonly id: HoldId;
  readonly request: HoldRequest;
  readonly expiresAtMs: number;
  readonly #settled = Promise.withResolvers<HoldResolution>();
  #turn: Promise<unknown> = Promise.resolve();
  #taken = false;
  #over = false;

  constructor(id: HoldId, request: HoldRequest, expiresAtMs: number) {
    this.id = id;
    this.request = request;
    this.expiresAtMs = expiresAtMs;
  }

  get isOver(): boolean {
    return this.#over;
  }

  /** Runs `work` when no other decision about this hold is under way. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#turn.then(work);
    this.#turn = run.catch(() => undefined);
    return run;
  }

  settle(resolution: HoldResolution): void {
    this.#over = true;
    this.#settled.resolve(resolution);
  }

  /** An approval is taken once. Whoever asks a second time is refused. */
  async take(): Promise<HoldResolution> {
    const resolution = await this.#settled.promise;
    if (this.#taken) return { outcome: 'refused', by: [], reason: 'the approval was used before' };
    this.#taken = true;
    return resolution;
  }
}
