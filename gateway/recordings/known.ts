/** Characters that one table remembers to have written. */
const maxRemembered = 256 * 1024;

/** Numbers for what a recording has said before, so that it says it once. Past its bound it forgets, and things are written again. */
export class Known {
  readonly #numbers = new Map<string, number>();
  readonly #next: () => number;
  #remembered = 0;

  /** @param next the recording's next free number */
  constructor(next: () => number) {
    this.#next = next;
  }

  get(key: string): number | undefined {
    return this.#numbers.get(key);
  }

  /** Another name for what has a number. */
  set(key: string, number: number): void {
    this.#remembered += key.length;
    if (this.#remembered > maxRemembered) {
      this.#numbers.clear();
      this.#remembered = key.length;
    }
    if (key.length <= maxRemembered) this.#numbers.set(key, number);
  }

  /** @param line the event that says it, for its number @returns the number, and the line where it was not written before */
  numbered(key: string, line: (n: number) => string): readonly [n: number, line: string] {
    const old = this.#numbers.get(key);
    if (old !== undefined) return [old, ''];
    const n = this.#next();
    this.set(key, n);
    return [n, line(n)];
  }
}
