import { isUtf8 } from 'node:buffer';
import { SallyportError } from '../../../contract/errors.ts';
import type { Frame } from './frames.ts';

/**
 * Reads the body of one message, strictly: whatever does not fit exactly is a protocol violation.
 * @throws SallyportError `protocol-violation` from every method
 */
export class Reader {
  readonly #buffer: Buffer;
  readonly #end: number;
  readonly #what: string;
  #at: number;

  /** @param what the message's name, for the error */
  constructor(frame: Pick<Frame, 'buffer' | 'start' | 'end'>, what: string, headerBytes = 5) {
    this.#buffer = frame.buffer;
    this.#at = frame.start + headerBytes;
    this.#end = frame.end;
    this.#what = what;
    if (this.#at > this.#end) throw this.wrong('is too short');
  }

  get left(): number {
    return this.#end - this.#at;
  }

  uint8(): number {
    return this.#buffer.readUInt8(this.#take(1));
  }

  /** Counts and format codes. Unsigned, as the server reads it: a statement may have 65,535 parameters. */
  uint16(): number {
    return this.#buffer.readUInt16BE(this.#take(2));
  }

  int16(): number {
    return this.#buffer.readInt16BE(this.#take(2));
  }

  int32(): number {
    return this.#buffer.readInt32BE(this.#take(4));
  }

  /** OIDs. */
  uint32(): number {
    return this.#buffer.readUInt32BE(this.#take(4));
  }

  /** A string up to its NUL. Bytes that are no UTF-8 are refused: two readers could repair them in two ways. */
  text(): string {
    const from = this.#at;
    return readUtf8(this.#buffer, from, this.#skipText(), this.#what);
  }

  /** The bytes of a string, unread: for SQL, whose reader says itself what is wrong with them. A view, not a copy. */
  textBytes(): Buffer {
    const from = this.#at;
    return this.#buffer.subarray(from, this.#skipText());
  }

  /** A string whose bytes may be in an encoding that nobody has named: errors before the session has one. */
  lossyText(): string {
    const from = this.#at;
    return this.#buffer.toString('utf8', from, this.#skipText());
  }

  /** A view, not a copy. */
  bytes(length: number): Buffer {
    const from = this.#take(length);
    return this.#buffer.subarray(from, from + length);
  }

  /** int32 length and bytes; -1 is NULL. */
  value(): Buffer | null {
    const length = this.int32();
    if (length === -1) return null;
    if (length < 0) throw this.wrong(`has a value of ${length} bytes`);
    return this.bytes(length);
  }

  rest(): Buffer {
    return this.bytes(this.left);
  }

  /** Everything must have been read. */
  finish(): void {
    if (this.#at !== this.#end) throw this.wrong(`has ${this.left} bytes too many`);
  }

  wrong(why: string): SallyportError {
    return new SallyportError('protocol-violation', `${this.#what} ${why}`);
  }

  #take(bytes: number): number {
    const from = this.#at;
    if (bytes > this.#end - from) throw this.wrong('is too short');
    this.#at = from + bytes;
    return from;
  }

  /** @returns where the text ends; the reader stands behind its NUL */
  #skipText(): number {
    const nul = this.#buffer.indexOf(0, this.#at);
    if (nul < 0 || nul >= this.#end) throw this.wrong('has a string without its end');
    this.#at = nul + 1;
    return nul;
  }
}

/** @throws SallyportError `protocol-violation` when the bytes are no UTF-8. Keeps a byte order mark, as the server does. */
export function readUtf8(buffer: Buffer, start: number, end: number, what: string): string {
  if (start === end) return '';
  if (!isUtf8(buffer.subarray(start, end)))
    throw new SallyportError('protocol-violation', `${what} has text that is not UTF-8`);
  return buffer.toString('utf8', start, end);
}

/** Builds messages one behind the other in one buffer: `writer.message(tag).text(…).int32(…)`, then `take()`. */
export class Writer {
  #buffer: Buffer = Buffer.allocUnsafe(256);
  #at = 0;
  /** Where the open message's length belongs; -1 outside of one. */
  #lengthAt = -1;

  /** Closes the message before and begins one. */
  message(tag: number): this {
    this.#close();
    this.uint8(tag);
    this.#lengthAt = this.#at;
    return this.int32(0);
  }

  /** Begins a message of the start-up phase, which has no tag. */
  untagged(): this {
    this.#close();
    this.#lengthAt = this.#at;
    return this.int32(0);
  }

  uint8(value: number): this {
    this.#reserve(1);
    this.#at = this.#buffer.writeUInt8(value, this.#at);
    return this;
  }

  /** @throws RangeError past 65,535 */
  uint16(value: number): this {
    this.#reserve(2);
    this.#at = this.#buffer.writeUInt16BE(value, this.#at);
    return this;
  }

  int16(value: number): this {
    this.#reserve(2);
    this.#at = this.#buffer.writeInt16BE(value, this.#at);
    return this;
  }

  int32(value: number): this {
    this.#reserve(4);
    this.#at = this.#buffer.writeInt32BE(value, this.#at);
    return this;
  }

  uint32(value: number): this {
    this.#reserve(4);
    this.#at = this.#buffer.writeUInt32BE(value, this.#at);
    return this;
  }

  /** A string and its NUL. @throws SallyportError `protocol-violation` when the text has a NUL: the reader would see another message */
  text(value: string): this {
    if (value.includes('\0')) throw new SallyportError('protocol-violation', 'text for the wire has a NUL');
    this.#reserve(value.length * 3 + 1);
    this.#at += this.#buffer.write(value, this.#at);
    return this.uint8(0);
  }

  bytes(value: Buffer): this {
    this.#reserve(value.length);
    this.#at += value.copy(this.#buffer, this.#at);
    return this;
  }

  value(value: Buffer | null): this {
    return value === null ? this.int32(-1) : this.int32(value.length).bytes(value);
  }

  /** Everything written so far; the writer must not be used again. */
  take(): Buffer {
    this.#close();
    return this.#buffer.subarray(0, this.#at);
  }

  #close(): void {
    if (this.#lengthAt >= 0) this.#buffer.writeInt32BE(this.#at - this.#lengthAt, this.#lengthAt);
    this.#lengthAt = -1;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#at + bytes, 2 * this.#buffer.length));
    this.#buffer.copy(grown, 0, 0, this.#at);
    this.#buffer = grown;
  }
}
