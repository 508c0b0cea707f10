/**
 * One type's binary form and its text form. The text is what the server prints with ISO dates, hex bytea, UTC and all float digits.
 * @throws RangeError from both ways when the bytes or the text are not of the type
 */
export interface ValueCodec {
  decode(bytes: Buffer): string;
  /** Absent where nothing but NULL could be put in a value's place. */
  encode?(text: string): Buffer;
}

/** @throws RangeError unless there are exactly that many bytes */
export function sized(bytes: Buffer, length: number): Buffer {
  if (bytes.length !== length) throw new RangeError(`${bytes.length} bytes where ${length} belong`);
  return bytes;
}
