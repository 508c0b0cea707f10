import type { CellMask } from '../../contract/mask.ts';
import { MaskImpossible } from '../../contract/result.ts';
import { codecOf } from './types.ts';

/**
 * Masks one value in binary form by way of its text: masks know no binary forms, and a text written into an int8 would be a wrong number.
 * @returns the masked value in binary form, or null
 * @throws MaskImpossible when the type's binary form is unknown or cannot hold what the mask wrote, unless the mask is NULL
 */
export function maskBinary(mask: CellMask, typeOid: number, value: Buffer): Buffer | null {
  if (mask.method === 'null') return null;
  const codec = codecOf(typeOid);
  const text = Buffer.from(decoded(() => codec?.decode(value)) ?? '');
  const scratch = Buffer.alloc(mask.room(text.length));
  const written = mask.write(text, 0, text.length, scratch, 0);
  if (written < 0) return null;
  const result = decoded(() => codec?.encode?.(scratch.toString('utf8', 0, written)));
  if (result === undefined) throw new MaskImpossible(`type ${typeOid} cannot be masked in binary form`);
  return result;
}

function decoded<T>(convert: () => T): T {
  try {
    return convert();
  } catch (error) {
    throw new MaskImpossible(`a value is not of its type: ${error instanceof Error ? error.message : 'unknown'}`);
  }
}
