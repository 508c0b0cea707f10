/** Ends a session whose client says nothing for too long. What runs, or waits for a human, is not silence. */
export class IdleWatch implements Disposable {
  readonly #idleMs: number;
  readonly #busy: () => boolean;
  readonly #end: () => void;
  #heardAtMs = Date.now();
  #timer: NodeJS.Timeout;

  constructor(idleMs: number, busy: () => boolean, end: () => void) {
    this.#idleMs = idleMs;
    this.#busy = busy;
    this.#end = end;
    this.#timer = setTimeout(() => this.#look(), idleMs).unref();
  }

  /** The client has said something. */
  heard(): void {
    this.#heardAtMs = Date.now();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #look(): void {
    if (this.#busy()) this.heard();
    const leftMs = this.#heardAtMs + this.#idleMs - Date.now();
    if (leftMs <= 0) return this.#end();
    this.#timer = setTimeout(() => this.#look(), leftMs).unref();
  }
}
