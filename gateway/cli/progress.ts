const everyMs = 100;
const width = 24;

/** A bar on the terminal while something long runs; nothing where standard error is no terminal. */
export class Progress implements Disposable {
  readonly #what: string;
  readonly #live = process.stderr.isTTY;
  #shownMs = 0;

  constructor(what: string) {
    this.#what = what;
  }

  /** @param note said behind the bar */
  show(done: number, total: number, note = ''): void {
    const nowMs = performance.now();
    if (!this.#live || nowMs - this.#shownMs < everyMs) return;
    this.#shownMs = nowMs;
    const part = total === 0 ? 1 : Math.min(1, done / total);
    const bar = '█'.repeat(Math.round(part * width)).padEnd(width, '░');
    const count = `${done.toLocaleString('en')} of ${total.toLocaleString('en')} ${this.#what}`;
    process.stderr.write(`\r\x1b[K${bar} ${count}${note === '' ? '' : `, ${note}`}`);
  }

  [Symbol.dispose](): void {
    if (this.#live && this.#shownMs > 0) process.stderr.write('\r\x1b[K');
    this.#shownMs = 0;
  }
}
