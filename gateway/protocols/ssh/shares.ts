/** Gives a place back; a second time does nothing. */
export type GiveBack = () => void;

/** Of one principal. */
export interface CommandShare {
  readonly most: number;
  /** @returns undefined when there are as many as there may be */
  take(): GiveBack | undefined;
}

/** How many commands each principal has running at once, over all connections to this gateway: who hangs up and comes back starts no new count. */
export class CommandShares {
  readonly #most: number;
  readonly #taken = new Map<string, number>();

  constructor(most: number) {
    this.#most = most;
  }

  of(principal: string): CommandShare {
    return { most: this.#most, take: () => this.#take(principal) };
  }

  #take(principal: string): GiveBack | undefined {
    const taken = this.#taken.get(principal) ?? 0;
    if (taken >= this.#most) return undefined;
    this.#taken.set(principal, taken + 1);
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      const left = (this.#taken.get(principal) ?? 1) - 1;
      if (left > 0) this.#taken.set(principal, left);
      else this.#taken.delete(principal);
    };
  }
}
