/** A small encoder for ASN.1 DER, as far as an X.509 certificate needs it. ITU-T X.690; pure. */

/** One value with its tag. Lengths are definite and as short as can be (X.690 section 10.1). */
export function encodeDer(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const hex = body.length.toString(16);
  const length = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, body]);
}

export const encodeSequence = (...parts: readonly Uint8Array[]): Buffer => encodeDer(0x30, ...parts);
export const encodeSet = (...parts: readonly Uint8Array[]): Buffer => encodeDer(0x31, ...parts);
export const encodeBoolean = (value: boolean): Buffer => encodeDer(0x01, Buffer.from([value ? 0xff : 0x00]));
export const encodeOctets = (...parts: readonly Uint8Array[]): Buffer => encodeDer(0x04, ...parts);
export const encodeText = (text: string): Buffer => encodeDer(0x0c, Buffer.from(text, 'utf8'));

/** A positive integer from its big-endian bytes: no leading zeros but the one that keeps it positive. */
export function encodeInteger(bytes: Uint8Array): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const value = bytes.subarray(start);
  const negative = (value[0] ?? 0) >= 0x80;
  return encodeDer(0x02, Buffer.from(negative ? [0] : []), value);
}

/** Bits from whole bytes; `unused` says how many of the last byte's bits do not count. */
export const encodeBits = (bytes: Uint8Array, unused = 0): Buffer => encodeDer(0x03, Buffer.from([unused]), bytes);

/** An object identifier from its dotted form. */
export function encodeOid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return encodeDer(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

/** UTCTime until 2049, GeneralizedTime from 2050 (RFC 5280 section 4.1.2.5). */
export function encodeTime(at: Date): Buffer {
  const text = at.toISOString().replace(/[-:T]|\.\d{3}/g, '');
  return at.getUTCFullYear() < 2050
    ? encodeDer(0x17, Buffer.from(text.slice(2), 'latin1'))
    : encodeDer(0x18, Buffer.from(text, 'latin1'));
}

function base128(value: number): readonly number[] {
  const groups = [value & 0x7f];
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) groups.unshift((rest & 0x7f) | 0x80);
  return groups;
}
