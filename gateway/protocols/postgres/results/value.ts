import type { CellMask } from '../../../contract/mask.ts';
import { MaskImpossible } from '../../../contract/result.ts';
import type { Format } from '../codec/frontend.ts';
import { maskArrayBinary, maskArrayText } from './array.ts';
import { emptyRowBinary, emptyRowText } from './row.ts';
import { codecOf, elementOf, isRow, isTextual } from '../types/types.ts';

/**
 * Whether a mask cannot simply write over a value's bytes: values in binary form, arrays and composites, whose elements are masked one by one,
 * and documents that are rewritten.
 */
export function isMaskedApart(mask: CellMask | undefined, typeOid: number, format: Format): boolean {
  if (mask === undefined) return false;
  return (
    mask.rewrite !== undefined ||
    isRow(typeOid) ||
    elementOf(typeOid) !== undefined ||
    (format === 1 && !isTextual(typeOid))
  );
}

/**
 * Masks one value of such a type.
 * @returns the masked value in the same form, or null
 * @throws MaskImpossible when the value is not of its type, or the type cannot hold what the mask wrote
 */
export function maskApart(mask: CellMask, typeOid: number, format: Format, value: Buffer): Buffer | null {
  if (mask.method === 'null') return null;
  const elementOid = elementOf(typeOid);
  if (elementOid === undefined) return maskOne(mask, typeOid, format, value);
  const maskArray = format === 0 ? maskArrayText : maskArrayBinary;
  return maskArray((element) => maskOne(mask, elementOid, format, element), mask.method, value);
}

function maskOne(mask: CellMask, typeOid: number, format: Format, value: Buffer): Buffer | null {
  if (isRow(typeOid)) return format === 0 ? emptyRowText(value) : emptyRowBinary(value);
  return format === 1 && !isTextual(typeOid) ? maskBinary(mask, typeOid, value) : maskedBytes(mask, value);
}

/** By way of its text: masks know no binary forms, and a text written into an int8 would be a wrong number. */
function maskBinary(mask: CellMask, typeOid: number, value: Buffer): Buffer | null {
  const codec = codecOf(typeOid);
  const text = Buffer.from(decoded(() => codec?.decode(value)) ?? '');
  const masked = maskedBytes(mask, text);
  if (masked === null) return null;
  const result = decoded(() => codec?.encode?.(masked.toString('utf8')));
  if (result === undefined) throw new MaskImpossible(`type ${typeOid} cannot be masked in binary form`);
  return result;
}

function maskedBytes(mask: CellMask, text: Buffer): Buffer | null {
  if (mask.rewrite) return mask.rewrite(text);
  const scratch = Buffer.alloc(mask.room(text.length));
  const written = mask.write(text, 0, text.length, scratch, 0);
  return written < 0 ? null : scratch.subarray(0, written);
}

function decoded<T>(convert: () => T): T {
  try {
    return convert();
  } catch (error) {
    throw new MaskImpossible(`a value is not of its type: ${error instanceof Error ? error.message : 'unknown'}`);
  }
}
