import { sized } from './codec.ts';
import type { ValueCodec } from './codec.ts';

export const boolean: ValueCodec = {
  decode(bytes) {
    sized(bytes, 1);
    return bytes[0] === 0 ? 'f' : 't';
  },
  encode(text) {
    if (text === 't' || text === 'true') return Buffer.from([1]);
    if (text === 'f' || text === 'false') return Buffer.from([0]);
    throw new RangeError('not a boolean');
  },
};

export const smallint: ValueCodec = {
  decode(bytes) {
    return sized(bytes, 2).readInt16BE().toString();
  },
  encode(text) {
    const bytes = Buffer.alloc(2);
    bytes.writeInt16BE(Number(whole(text)));
    return bytes;
  },
};

export const integer: ValueCodec = {
  decode(bytes) {
    return sized(bytes, 4).readInt32BE().toString();
  },
  encode(text) {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(Number(whole(text)));
    return bytes;
  },
};

export const oid: ValueCodec = {
  decode(bytes) {
    return sized(bytes, 4).readUInt32BE().toString();
  },
  encode(text) {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(Number(whole(text)));
    return bytes;
  },
};

export const bigint: ValueCodec = {
  decode(bytes) {
    return sized(bytes, 8).readBigInt64BE().toString();
  },
  encode(text) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(whole(text));
    return bytes;
  },
};

/** Shortest digits that give the same number back; exponent form as the server's float4out prints it. */
export const float4: ValueCodec = {
  decode(bytes) {
    const value = sized(bytes, 4).readFloatBE();
    return floatText(value, shortestFloat4(value), 6);
  },
  encode(text) {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatBE(floatValue(text));
    return bytes;
  },
};

export const float8: ValueCodec = {
  decode(bytes) {
    const value = sized(bytes, 8).readDoubleBE();
    return floatText(value, value.toExponential(), 15);
  },
  encode(text) {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleBE(floatValue(text));
    return bytes;
  },
};

const NAN = 0xc000;
const POSITIVE = 0x0000;
const NEGATIVE = 0x4000;
const INFINITE = 0xd000;
const NEGATIVE_INFINITE = 0xf000;
const specials = new Map([
  [NAN, 'NaN'],
  [INFINITE, 'Infinity'],
  [NEGATIVE_INFINITE, '-Infinity'],
]);

/** Base 10,000: digit count, weight of the first digit, sign, digits after the point, digits (src/backend/utils/adt/numeric.c). */
export const numeric: ValueCodec = {
  decode(bytes) {
    if (bytes.length < 8) throw new RangeError('not a numeric');
    const count = bytes.readUInt16BE(0);
    const weight = bytes.readInt16BE(2);
    const sign = bytes.readUInt16BE(4);
    const scale = bytes.readUInt16BE(6);
    sized(bytes, 8 + 2 * count);
    const special = specials.get(sign);
    if (special !== undefined) return special;
    if (sign !== POSITIVE && sign !== NEGATIVE) throw new RangeError('not a numeric');
    const digit = (i: number): string => {
      const value = i >= 0 && i < count ? bytes.readUInt16BE(8 + 2 * i) : 0;
      if (value > 9999) throw new RangeError('not a numeric');
      return value.toString().padStart(4, '0');
    };
    let before = '';
    for (let i = 0; i <= weight; i++) before += digit(i);
    let after = '';
    for (let i = weight + 1; after.length < scale; i++) after += digit(i);
    const point = scale > 0 ? `.${after.slice(0, scale)}` : '';
    return `${sign === NEGATIVE ? '-' : ''}${before.replace(/^0+/, '') || '0'}${point}`;
  },
  encode(text) {
    // The server gives infinities a scale of 32, which nobody reads.
    for (const [sign, name] of specials) if (text === name) return numericBytes([], 0, sign, sign === NAN ? 0 : 32);
    const [, minus, before = '', after = ''] = /^([+-]?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
    if (before === '') throw new RangeError('not a numeric');
    const left = before.padStart(Math.ceil(before.length / 4) * 4, '0');
    const right = after.padEnd(Math.ceil(after.length / 4) * 4, '0');
    const digits = (`${left}${right}`.match(/\d{4}/g) ?? []).map(Number);
    let weight = left.length / 4 - 1;
    while (digits[0] === 0) {
      digits.shift();
      weight--;
    }
    while (digits.at(-1) === 0) digits.pop();
    const isZero = digits.length === 0;
    return numericBytes(digits, isZero ? 0 : weight, minus === '-' && !isZero ? NEGATIVE : POSITIVE, after.length);
  },
};

function numericBytes(digits: readonly number[], weight: number, sign: number, scale: number): Buffer {
  const bytes = Buffer.alloc(8 + 2 * digits.length);
  bytes.writeUInt16BE(digits.length, 0);
  bytes.writeInt16BE(weight, 2);
  bytes.writeUInt16BE(sign, 4);
  bytes.writeUInt16BE(scale, 6);
  for (const [i, digit] of digits.entries()) bytes.writeUInt16BE(digit, 8 + 2 * i);
  return bytes;
}

function whole(text: string): bigint {
  if (!/^[+-]?\d{1,20}$/.test(text)) throw new RangeError('not an integer');
  return BigInt(text);
}

function floatValue(text: string): number {
  if (text === 'NaN' || text === 'Infinity' || text === '-Infinity') return Number(text);
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) throw new RangeError('not a number');
  return Number(text);
}

/** @param shortest as toExponential prints it; @param fixedBelow the decimal exponent from which the server turns to exponent form */
function floatText(value: number, shortest: string, fixedBelow: number): string {
  if (!Number.isFinite(value)) return value.toString();
  const [, sign = '', lead = '', rest = '', power = '0'] = /^(-?)(\d)\.?(\d*)e([+-]\d+)$/.exec(shortest) ?? [];
  const minus = sign || (Object.is(value, -0) ? '-' : '');
  const exponent = Number(power);
  const digits = lead + rest;
  if (exponent < -4 || exponent >= fixedBelow) {
    const size = Math.abs(exponent).toString().padStart(2, '0');
    return `${minus}${lead}${rest && `.${rest}`}e${exponent < 0 ? '-' : '+'}${size}`;
  }
  if (exponent < 0) return `${minus}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const before = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const after = digits.slice(exponent + 1);
  return `${minus}${before}${after && `.${after}`}`;
}

/** Nine digits always bring a float4 back; fewer often do. */
function shortestFloat4(value: number): string {
  for (let digits = 0; digits < 8; digits++) {
    const text = value.toExponential(digits);
    if (Math.fround(Number(text)) === value) return text;
  }
  return value.toExponential(8);
}
