import type { CellMask } from '../../contract/mask.ts';
import type { MaskMethod } from '../../contract/decision.ts';

/** Of one shape and method: see `CellMask.write`. */
export type Write = CellMask['write'];

/** What `write` returns when the cell becomes SQL NULL. */
export const sqlNull = -1;

/** A cell mask that needs `extra` bytes more than its input, and never less than `least`. */
export function cell(method: MaskMethod, least: number, extra: number, write: Write): CellMask {
  return { method, room: (inputBytes) => Math.max(least, inputBytes + extra), write };
}

/** The same text for every value: hides length and content alike. */
export function constant(method: MaskMethod, text: string): CellMask {
  const bytes = Buffer.from(text);
  return {
    method,
    room: () => bytes.length,
    write: (_source, _start, _end, target, at) => put(bytes, target, at),
  };
}

/** NULL for every value. */
export function nothing(method: MaskMethod): CellMask {
  return { method, room: () => 0, write: () => sqlNull };
}

/** Short texts: a loop is faster than the call into `Buffer.copy`. */
export function put(bytes: Uint8Array, target: Buffer, at: number): number {
  for (let i = 0; i < bytes.length; i++) target[at + i] = bytes[i] ?? 0;
  return bytes.length;
}

export const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;

export function isHexDigit(byte: number): boolean {
  const lower = byte | 0x20;
  return isDigit(byte) || (lower >= 0x61 && lower <= 0x66);
}

export const isLetter = (byte: number): boolean => (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;

/** Second and later bytes of a character in UTF-8 (RFC 3629 section 3). */
export const isContinuation = (byte: number): boolean => (byte & 0xc0) === 0x80;
