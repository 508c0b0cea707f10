/**
 * Remembers at least the last `size` values and at most twice as many, in two generations:
 * when the young one is full it becomes the old one, and what was old is forgotten.
 * Cheaper than a list of uses, and never swept. Values stay in this process's memory only.
 */
export class RecentValues<Value> {
  readonly #size: number;
  #young = new Map<string, Value>();
  #old = new Map<string, Value>();

  constructor(size: number) {
    this.#size = size;
  }

  get(name: string): Value | undefined {
    const young = this.#young.get(name);
    if (young !== undefined) return young;
    const old = this.#old.get(name);
    if (old !== undefined) this.set(name, old);
    return old;
  }

  set(name: string, value: Value): void {
    if (this.#young.size >= this.#size) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(name, value);
  }
}
