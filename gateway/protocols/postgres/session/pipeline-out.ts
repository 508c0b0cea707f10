import type { Writable } from 'node:stream';

/** Up to here, copying costs less than a write of several pieces. */
const maxJoinedBytes = 16_384;

/**
 * Bytes on their way to one socket, written once per turn. Neighbouring slices of one chunk join again into the slice they came from, so
 * forwarding a packet untouched costs one write and no copy.
 */
export class OutQueue {
  #pieces: Buffer[] = [];
  #chunk: Buffer | undefined;
  #start = 0;
  #end = 0;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  add(chunk: Buffer, start = 0, end = chunk.length): void {
    this.#bytes += end - start;
    if (chunk === this.#chunk && start === this.#end) {
      this.#end = end;
      return;
    }
    this.#seal();
    this.#chunk = chunk;
    this.#start = start;
    this.#end = end;
  }

  /** Everything so far, and empties the queue. Little is joined into one buffer; much is left as it came, for one gathering write. */
  take(): readonly Buffer[] {
    this.#seal();
    const pieces = this.#pieces;
    const join = pieces.length > 1 && this.#bytes <= maxJoinedBytes;
    this.#pieces = [];
    this.#bytes = 0;
    return join ? [Buffer.concat(pieces)] : pieces;
  }

  /**
   * Writes everything to the stream.
   * @returns false when the stream is full: its `drain` will come
   */
  writeTo(stream: Writable): boolean {
    const [first, ...more] = this.take();
    if (!first) return true;
    if (more.length === 0) return stream.write(first);
    stream.cork();
    let room = stream.write(first);
    for (const piece of more) room = stream.write(piece);
    stream.uncork();
    // While corked, all of it counted as waiting; most of the time the kernel has taken it by now.
    return room || stream.writableLength === 0;
  }

  #seal(): void {
    const chunk = this.#chunk;
    if (!chunk) return;
    const whole = this.#start === 0 && this.#end === chunk.length;
    this.#pieces.push(whole ? chunk : chunk.subarray(this.#start, this.#end));
    this.#chunk = undefined;
  }
}
