import type { ValueShape } from '../../contract/mask.ts';
import { MaskImpossible } from '../../contract/result.ts';

/** How a value becomes its keyed pseudonym: a function of the value and of random bytes that belong to it. Reads and writes bytes, no strings. */
export interface Form {
  /** Random bytes that a value of so many bytes takes at most. */
  readonly random: (inputBytes: number) => number;
  /** Bytes that the masked form of a value of so many bytes takes at most. */
  readonly room: (inputBytes: number) => number;
  /** Writes the masked form of `source[start, end)` to `target` at `at`. @returns its bytes, or -1 where the value does not read as its shape */
  readonly write: FormWrite;
}

/** As `CellMask.write`, with the random bytes that belong to the value from `random[from]` on. */
export type FormWrite = (
  source: Buffer,
  start: number,
  end: number,
  random: Buffer,
  from: number,
  target: Buffer,
  at: number,
) => number;

/** Longest form that does not grow with its value: `\x` and 17 bytes in hex, a uuid, a time stamp with its zone, an IPv6 address, 26 hex digits in an XML element. */
const maxFormBytes = 39;
const leastRandomBytes = 16;

/** Two values hide behind no pseudonym, and for the others there is none that still reads as its type: a keyed method redacts them. */
const formless = [
  'boolean',
  'money',
  'bit',
  'varbit',
  'range',
  'multirange',
  'hstore',
  'row',
  'other',
] as const satisfies readonly ValueShape[];

/** Shapes whose values can have a keyed pseudonym. */
export type FormedShape = Exclude<ValueShape, (typeof formless)[number]>;

/** Whether keyed methods have a form for values of this shape; those of the others they redact. */
export function isFormed(shape: ValueShape): shape is FormedShape {
  return !formless.some((one) => one === shape);
}

/** @param randomForEach random bytes that each byte of a value takes; sixteen for every value at least */
export function form(randomForEach: number, write: FormWrite): Form {
  return {
    random: (bytes) => Math.max(leastRandomBytes, bytes * randomForEach),
    room: (bytes) => Math.max(maxFormBytes, bytes),
    write,
  };
}

/** What offsets in an Int32Array can say. */
const maxBytes = 0x7fff_ffff;

/** @throws MaskImpossible for more than offsets can say */
export function oneBuffer(bytes: number): Buffer {
  if (bytes > maxBytes) throw new MaskImpossible('there are too many bytes to be masked together');
  return Buffer.allocUnsafe(bytes);
}

const hexDigits = Buffer.from('0123456789abcdef');

/** `random[from, to)` in hex. @returns bytes written */
export function putHex(random: Buffer, from: number, to: number, target: Buffer, at: number): number {
  let next = at;
  for (let i = from; i < to; i++) {
    const byte = random[i] ?? 0;
    target[next++] = hexDigits[byte >> 4] ?? 0;
    target[next++] = hexDigits[byte & 0x0f] ?? 0;
  }
  return next - at;
}

/** Short ASCII. @returns bytes written */
export function putAscii(text: string, target: Buffer, at: number): number {
  for (let i = 0; i < text.length; i++) target[at + i] = text.charCodeAt(i);
  return text.length;
}

/** A number from 0 to `below - 1`, of 12 random bytes. @param below up to 2^53; the bias of the remainder is below 2^-43 */
export function numberBelow(random: Buffer, from: number, below: number): number {
  // Up to here every step stays below 2^53, where doubles are exact.
  if (below <= 2 ** 37) {
    let rest = 0;
    for (let i = from; i < from + 12; i += 2) rest = (rest * 0x1_0000 + pairAt(random, i)) % below;
    return rest;
  }
  return Number(((random.readBigUInt64BE(from) << 32n) | BigInt(random.readUInt32BE(from + 8))) % BigInt(below));
}

/** 16 random bits. Of 10 digits or 26 letters none is more than 0.04 % more likely than another by their remainder. */
export function pairAt(random: Buffer, at: number): number {
  return ((random[at] ?? 0) << 8) | (random[at + 1] ?? 0);
}
