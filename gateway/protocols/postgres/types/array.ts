import type { ValueCodec } from './codec.ts';

/**
 * An array's binary form as the server would print it.
 * Dimensions, a flag, the element's OID, size and lower bound of each dimension, elements (src/backend/utils/adt/arrayfuncs.c).
 * @throws RangeError when the bytes are no array or the element's type is unknown
 */
export function decodeArray(bytes: Buffer, codecOf: (typeOid: number) => ValueCodec | undefined): string {
  const dimensions = bytes.readInt32BE(0);
  const codec = codecOf(bytes.readUInt32BE(8));
  if (codec === undefined) throw new RangeError('array of an unknown type');
  if (dimensions === 0) return '{}';
  if (dimensions < 0 || dimensions > 6) throw new RangeError('array with too many dimensions'); // MAXDIM
  const sizes: number[] = [];
  const bounds: number[] = [];
  for (let i = 0; i < dimensions; i++) {
    sizes.push(bytes.readInt32BE(12 + 8 * i));
    bounds.push(bytes.readInt32BE(16 + 8 * i));
  }
  const from = 12 + 8 * dimensions;
  // Each element takes four bytes at least. Sizes that claim more would have us count to two thousand million for nothing.
  const claimed = sizes.reduce((product, size) => product * size, 1);
  if (sizes.some((size) => size < 1) || claimed > (bytes.length - from) / 4)
    throw new RangeError('array with fewer elements than it claims');
  const items = elements(bytes, from, codec);
  const body = nested(items, sizes);
  if (items.next().done !== true) throw new RangeError('array with too many elements');
  if (bounds.every((bound) => bound === 1)) return body;
  return `${bounds.map((bound, i) => `[${bound}:${bound + (sizes[i] ?? 0) - 1}]`).join('')}=${body}`;
}

function* elements(bytes: Buffer, from: number, codec: ValueCodec): Generator<string, undefined> {
  let at = from;
  while (at < bytes.length) {
    const length = bytes.readInt32BE(at);
    at += 4;
    if (length === -1) {
      yield 'NULL';
      continue;
    }
    if (length < 0 || length > bytes.length - at) throw new RangeError('array element outside of the array');
    yield quoted(codec.decode(bytes.subarray(at, at + length)));
    at += length;
  }
  return undefined;
}

function nested(items: Iterator<string, undefined>, sizes: readonly number[]): string {
  const [size = 0, ...inner] = sizes;
  const parts: string[] = [];
  for (let i = 0; i < size; i++) {
    if (inner.length > 0) {
      parts.push(nested(items, inner));
      continue;
    }
    const item = items.next();
    if (item.done === true) throw new RangeError('array with too few elements');
    parts.push(item.value);
  }
  return `{${parts.join(',')}}`;
}

/** An array's element as the server quotes it. */
export function quoted(text: string): string {
  const plain = text !== '' && text.toLowerCase() !== 'null' && !/[\s{}",\\]/.test(text);
  return plain ? text : `"${text.replace(/["\\]/g, '\\$&')}"`;
}
