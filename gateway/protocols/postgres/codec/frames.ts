import { SallyportError } from '../../../contract/errors.ts';

/**
 * One complete message: `buffer[start]` is its tag, `buffer[start + 1, start + 5)` its length, `end` is one past its last byte.
 * Length is int32, counts itself and not the tag: postgresql.org/docs/current/protocol-overview.html
 */
export interface Frame {
  readonly tag: number;
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
}

/** The largest length field that a tag may declare. Zero means that no message with this tag belongs here. */
export type FrameLimit = (tag: number) => number;

const HEADER_BYTES = 5;
const FIRST_PIECE_BYTES = 1024;
const empty = Buffer.alloc(0);

/**
 * Cuts a byte stream into messages. It is itself the current frame, so a message costs no allocation:
 *
 *     framer.push(chunk);
 *     while (framer.next()) use(framer.tag, framer.buffer, framer.start, framer.end);
 *
 * A frame that lies in one chunk is a range of that chunk. Neighbours in one chunk share `buffer`, and one ends where the next starts,
 * so a run of them can be forwarded as one slice. Only a frame that the network cut is copied, into a buffer that grows with what has
 * arrived: a declared length alone makes us allocate nothing. Buffers are never reused, so a consumer may keep slices.
 */
export class Framer implements Frame {
  tag = 0;
  buffer: Buffer = empty;
  start = 0;
  end = 0;
  readonly #limit: FrameLimit;
  #chunk: Buffer = empty;
  #at = 0;
  /** The beginning of a frame whose end has not arrived. */
  #piece: Buffer = empty;
  #held = 0;

  constructor(limit: FrameLimit) {
    this.#limit = limit;
  }

  /** Takes the next chunk. The one before must have been used up: `next()` has returned false. */
  push(chunk: Buffer): void {
    if (this.#at < this.#chunk.length) throw new TypeError('the chunk before has frames left');
    this.#chunk = chunk;
    this.#at = 0;
  }

  /**
   * Moves to the next complete frame; false when more bytes are needed.
   * @throws SallyportError `protocol-violation` for a length below 4 or a tag that does not belong here,
   * `frame-too-large` past the limit; both before the body is buffered. Every later call throws again.
   */
  next(): boolean {
    if (this.#held > 0) return this.#assemble();
    const chunk = this.#chunk;
    const at = this.#at;
    const available = chunk.length - at;
    if (available < HEADER_BYTES) return this.#keep(available);
    const length = lengthAt(chunk, at);
    this.#check(byteAt(chunk, at), length);
    if (available <= length) return this.#keep(available);
    this.tag = byteAt(chunk, at);
    this.buffer = chunk;
    this.start = at;
    this.#at = this.end = at + 1 + length;
    return true;
  }

  /**
   * Widens the current frame over the complete frames of the same tag that follow in the same chunk.
   * @returns how many messages lie in `[start, end)` now, at least 1
   */
  extend(): number {
    let count = 1;
    const chunk = this.#chunk;
    if (this.buffer !== chunk) return count;
    const { tag } = this;
    const limit = this.#limit(tag);
    const last = chunk.length - HEADER_BYTES;
    let at = this.#at;
    while (at <= last && chunk[at] === tag) {
      const length = lengthAt(chunk, at);
      // A length that lies is left for next(), which says why.
      if (length < 4 || length > limit || at + length >= chunk.length) break;
      at += 1 + length;
      count++;
    }
    this.#at = this.end = at;
    return count;
  }

  /** Bytes that must still arrive before `next()` can say more; 0 between messages. */
  get missingBytes(): number {
    if (this.#held === 0) return 0;
    if (this.#held < HEADER_BYTES) return HEADER_BYTES - this.#held;
    return 1 + lengthAt(this.#piece, 0) - this.#held;
  }

  /** Bytes pushed that belong to no complete frame yet, for handing the stream over. Empties the framer. */
  takeRest(): Buffer {
    const rest = Buffer.concat([this.#piece.subarray(0, this.#held), this.#chunk.subarray(this.#at)]);
    this.#held = 0;
    this.#piece = this.#chunk = empty;
    this.#at = 0;
    return rest;
  }

  #check(tag: number, length: number): void {
    const limit = this.#limit(tag);
    if (limit <= 0)
      throw new SallyportError('protocol-violation', `message type 0x${tag.toString(16)} does not belong here`);
    if (length < 4) throw new SallyportError('protocol-violation', `message length ${length} is below 4`);
    if (length > limit)
      throw new SallyportError('frame-too-large', `message of ${length} bytes is over the limit of ${limit}`);
  }

  #keep(bytes: number): false {
    if (bytes > 0) this.#hold(bytes);
    // Nothing is left in the chunk: let it go, so that an idle connection keeps no memory.
    this.#chunk = empty;
    this.#at = 0;
    return false;
  }

  /** Completes the frame that began in an earlier chunk. */
  #assemble(): boolean {
    for (;;) {
      const headed = this.#held >= HEADER_BYTES;
      if (headed) this.#check(byteAt(this.#piece, 0), lengthAt(this.#piece, 0));
      const missing = this.missingBytes;
      if (headed && missing === 0) break;
      const available = this.#chunk.length - this.#at;
      this.#hold(Math.min(missing, available));
      if (available < missing) return this.#keep(0);
    }
    this.tag = byteAt(this.#piece, 0);
    this.buffer = this.#piece;
    this.start = 0;
    this.end = this.#held;
    this.#piece = empty;
    this.#held = 0;
    return true;
  }

  /** Moves `bytes` from the chunk to the piece. The piece doubles, so a frame in one-byte chunks costs linear time. */
  #hold(bytes: number): void {
    const held = this.#held + bytes;
    if (held > this.#piece.length) {
      const grown = Buffer.allocUnsafe(Math.max(held, 2 * this.#piece.length, FIRST_PIECE_BYTES));
      this.#piece.copy(grown, 0, 0, this.#held);
      this.#piece = grown;
    }
    this.#chunk.copy(this.#piece, this.#held, this.#at, this.#at + bytes);
    this.#held = held;
    this.#at += bytes;
  }
}

/** The length field of the frame that starts at `at`. Negative int32 read as over 2 GiB, so that the limit catches it. */
export function lengthAt(buffer: Buffer, at: number): number {
  return (
    ((byteAt(buffer, at + 1) << 24) |
      (byteAt(buffer, at + 2) << 16) |
      (byteAt(buffer, at + 3) << 8) |
      byteAt(buffer, at + 4)) >>>
    0
  );
}

/** A byte that the caller knows to be inside. `readUInt8` checks once more, which costs a fifth of the framing. */
function byteAt(buffer: Buffer, at: number): number {
  return buffer[at] as number; // the callers have compared `at` with the length
}
