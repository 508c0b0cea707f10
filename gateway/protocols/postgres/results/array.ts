import type { MaskMethod } from '../../../contract/decision.ts';
import { MaskImpossible } from '../../../contract/result.ts';
import { quoted } from '../types/array.ts';

/** @returns null where the element becomes NULL */
type MaskElement = (element: Buffer) => Buffer | null;

const emptyText = Buffer.from('{}');
/** `[0:2][1:1]=` in front of an array whose bounds are not 1: postgresql.org/docs/current/arrays.html#ARRAYS-IO */
const bounds = /^(?:\[[+-]?\d+:[+-]?\d+\])+=/;
/** A quoted element, a bare one, or what stands between them. */
const token = /"((?:[^"\\]|\\[^])*)"|([^{},"\\\s]+)|[{},]/y;

/**
 * Masks an array's elements one by one: dimensions, bounds and the places of NULL stay. What is redacted shows not even how many they were.
 * @throws MaskImpossible for what is no array
 */
export function maskArrayText(mask: MaskElement, method: MaskMethod, value: Buffer): Buffer {
  if (method === 'redact') return emptyText;
  // One character for each byte, whatever the encoding: everything that has a meaning here is ASCII.
  const text = value.toString('latin1');
  const parts = [bounds.exec(text)?.[0] ?? ''];
  let depth = 0;
  token.lastIndex = parts[0]?.length ?? 0;
  do {
    const match = token.exec(text);
    if (!match) throw new MaskImpossible('a value is not an array');
    const [written, inQuotes, bare] = match;
    if (written === '{') depth++;
    if (written === '}') depth--;
    const isNull = bare !== undefined && /^null$/i.test(bare);
    const element = inQuotes?.replaceAll(/\\([^])/g, '$1') ?? bare;
    parts.push(element === undefined || isNull ? written : elementText(mask(Buffer.from(element, 'latin1'))));
  } while (depth > 0);
  if (token.lastIndex !== text.length || parts[1] !== '{') throw new MaskImpossible('a value is not an array');
  return Buffer.from(parts.join(''), 'latin1');
}

function elementText(masked: Buffer | null): string {
  return masked === null ? 'NULL' : quoted(masked.toString('latin1'));
}

const HEAD_BYTES = 12;
/** PostgreSQL's MAXDIM. */
const maxDimensions = 6;

/**
 * The same for the binary form: dimensions, a flag that says whether there are NULLs, the element's type, size and lower bound of each
 * dimension, elements (array_send in src/backend/utils/adt/arrayfuncs.c).
 */
export function maskArrayBinary(mask: MaskElement, method: MaskMethod, value: Buffer): Buffer {
  const dimensions = value.length < HEAD_BYTES ? -1 : value.readInt32BE(0);
  const from = HEAD_BYTES + 8 * dimensions;
  if (dimensions < 0 || dimensions > maxDimensions || from > value.length)
    throw new MaskImpossible('a value is not an array');
  const head = Buffer.from(value.subarray(0, from));
  if (method === 'redact') {
    head.writeInt32BE(0, 0);
    head.writeInt32BE(0, 4);
    return head.subarray(0, HEAD_BYTES);
  }
  const parts: Buffer[] = [head];
  for (let at = from; at < value.length;) {
    const length = value.length - at < 4 ? -2 : value.readInt32BE(at);
    const end = at + 4 + Math.max(0, length);
    if (length < -1 || end > value.length) throw new MaskImpossible('an element is longer than its array');
    const masked = length < 0 ? null : mask(value.subarray(at + 4, end));
    const size = Buffer.alloc(4);
    size.writeInt32BE(masked?.length ?? -1);
    parts.push(size, masked ?? Buffer.alloc(0));
    if (masked === null) head.writeInt32BE(1, 4);
    at = end;
  }
  return Buffer.concat(parts);
}
