import type { ValueCodec } from './codec.ts';
import { sized } from './codec.ts';

export function hex(bytes: Buffer): string {
  return `\\x${bytes.toString('hex')}`;
}

/** Hundredths, or whatever the server's locale has of the currency, int64: which one, the bytes do not tell, so they are read as hex. */
export const money: ValueCodec = {
  decode: hex,
  encode(text) {
    if (text !== '0') throw new RangeError('not an amount without a currency');
    return Buffer.alloc(8);
  },
};

/** The number of bits, int32, and the bits, the first one highest: src/backend/utils/adt/varbit.c. */
export const bits: ValueCodec = {
  decode(bytes) {
    const count = bytes.length < 4 ? -1 : bytes.readInt32BE(0);
    if (count < 0) throw new RangeError('not a bit string');
    sized(bytes, 4 + Math.ceil(count / 8));
    return Array.from(bytes.subarray(4), (byte) => byte.toString(2).padStart(8, '0'))
      .join('')
      .slice(0, count);
  },
  encode(text) {
    if (!/^[01]*$/.test(text)) throw new RangeError('not a bit string');
    const bytes = Buffer.alloc(4 + Math.ceil(text.length / 8));
    bytes.writeInt32BE(text.length);
    for (let i = 0; i < text.length; i++) {
      const at = 4 + (i >> 3);
      if (text[i] === '1') bytes[at] = (bytes[at] ?? 0) | (0x80 >> (i & 7));
    }
    return bytes;
  },
};

/** A byte of flags: src/include/utils/rangetypes.h, RANGE_EMPTY. What else is in one is read as hex. */
export const emptyRange: ValueCodec = {
  decode: hex,
  encode(text) {
    if (text !== 'empty') throw new RangeError('not an empty range');
    return Buffer.of(1);
  },
};

/** Types whose binary form begins with the number of their parts, int32. Of those only the empty one is written. */
export function emptyOne(emptyText: string): ValueCodec {
  return {
    decode: hex,
    encode(text) {
      if (text !== emptyText) throw new RangeError('not an empty value');
      return Buffer.alloc(4);
    },
  };
}
