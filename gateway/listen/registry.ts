/** How many connections there may be. Units: connections and milliseconds. */
export interface ConnectionLimits {
  /** In all, on every listener together. */
  readonly connections: number;
  /** Of one principal, counted once it is proven. */
  readonly connectionsPerPrincipal: number;
  /** Nobody proven on them yet. These cost us something and are open to anyone, hence few and short-lived. */
  readonly unauthenticated: number;
  /** How long a connection may stay without a proven principal. */
  readonly unauthenticatedMs: number;
}

/** Why a connection was refused before anything was read from it. */
export type RefusalReason = 'too-many-connections' | 'too-many-unauthenticated';

/** What `admit` says. `ended`: the connection was gone before the proof was in. */
export type Admission = 'admitted' | 'too-many-for-principal' | 'ended';

export interface ConnectionCounts {
  readonly open: number;
  readonly unauthenticated: number;
  /** Distinct principals with a connection. */
  readonly principals: number;
}

/** One counted connection. Its states: unauthenticated, then perhaps admitted, then left. */
export interface Place {
  /** @throws TypeError when somebody was admitted already: a connection has one principal for life */
  admit(principal: string): Admission;
  /** Gives the place back. Calling it again does nothing. */
  leave(): void;
}

/** Counts connections and keeps the limits, for all listeners of the process. No sockets, no clock. */
export class ConnectionRegistry {
  #limits: ConnectionLimits;
  #open = 0;
  #unauthenticated = 0;
  readonly #perPrincipal = new Map<string, number>();

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  get limits(): ConnectionLimits {
    return this.#limits;
  }

  get counts(): ConnectionCounts {
    return { open: this.#open, unauthenticated: this.#unauthenticated, principals: this.#perPrincipal.size };
  }

  /** Holds for what comes from now on: who is in stays in. */
  setLimits(limits: ConnectionLimits): void {
    this.#limits = limits;
  }

  enter(): Place | RefusalReason {
    if (this.#open >= this.#limits.connections) return 'too-many-connections';
    if (this.#unauthenticated >= this.#limits.unauthenticated) return 'too-many-unauthenticated';
    this.#open++;
    this.#unauthenticated++;
    let state: 'unauthenticated' | 'left' | { readonly principal: string } = 'unauthenticated';
    return {
      admit: (principal) => {
        if (state === 'left') return 'ended';
        if (state !== 'unauthenticated') throw new TypeError('this connection has its principal already');
        const others = this.#perPrincipal.get(principal) ?? 0;
        if (others >= this.#limits.connectionsPerPrincipal) return 'too-many-for-principal';
        this.#perPrincipal.set(principal, others + 1);
        this.#unauthenticated--;
        state = { principal };
        return 'admitted';
      },
      leave: () => {
        if (state === 'left') return;
        this.#open--;
        if (state === 'unauthenticated') this.#unauthenticated--;
        else this.#forget(state.principal);
        state = 'left';
      },
    };
  }

  #forget(principal: string): void {
    const left = (this.#perPrincipal.get(principal) ?? 1) - 1;
    if (left > 0) this.#perPrincipal.set(principal, left);
    else this.#perPrincipal.delete(principal);
  }
}
