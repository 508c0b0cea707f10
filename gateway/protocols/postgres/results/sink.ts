/** Bytes being written, in a buffer that grows. `at` is where the next one goes. */
export class Sink {
  buffer: Buffer;
  at = 0;

  constructor(bytes: number) {
    this.buffer = Buffer.allocUnsafe(bytes);
  }

  /** Makes room for `bytes` from `at` on. */
  reserve(bytes: number): void {
    const needed = this.at + bytes;
    if (needed <= this.buffer.length) return;
    const grown = Buffer.allocUnsafe(needed + (needed >> 1));
    this.buffer.copy(grown, 0, 0, this.at);
    this.buffer = grown;
  }

  /** `source[from, to)`. */
  copy(source: Buffer, from: number, to: number): void {
    this.reserve(to - from);
    const { buffer } = this;
    // A call into the engine's copy costs more than a short loop.
    if (to - from >= 48) this.at += source.copy(buffer, this.at, from, to);
    else for (let i = from; i < to; i++) buffer[this.at++] = source[i] ?? 0;
  }

  byte(value: number): void {
    this.reserve(1);
    this.buffer[this.at++] = value;
  }

  /** A big-endian int32 over what stands at `at`. */
  int32At(at: number, value: number): void {
    this.buffer[at] = value >>> 24;
    this.buffer[at + 1] = value >>> 16;
    this.buffer[at + 2] = value >>> 8;
    this.buffer[at + 3] = value;
  }
}
