/** Classes of bytes, as bits. Text is UTF-8: every byte of a character beyond ASCII is `beyond`. */
export const digit = 1;
export const upper = 2;
export const lower = 4;
/** `-` and `_`. */
export const joiner = 8;
/** What else the local part of an address has without quotes: RFC 5322, section 3.2.3, with the dot. */
export const atom = 16;
export const beyond = 32;
export const alnum = digit | upper | lower;
/** base64url, and most tokens. */
export const word = alnum | joiner;

const classes = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) {
  const c = String.fromCharCode(byte);
  if (byte >= 0x80) classes[byte] = beyond;
  else if (c >= '0' && c <= '9') classes[byte] = digit;
  else if (c >= 'A' && c <= 'Z') classes[byte] = upper;
  else if (c >= 'a' && c <= 'z') classes[byte] = lower;
  else if (c === '-' || c === '_') classes[byte] = joiner;
  else if ("!#$%&'*+/=?^`{|}~.".includes(c)) classes[byte] = atom;
}

/** @param wanted bits; outside the buffer nothing is of any class */
export function is(byte: number | undefined, wanted: number): boolean {
  return byte !== undefined && ((classes[byte] ?? 0) & wanted) !== 0;
}

/** Past the last byte from `at` on that is of this class. */
export function runEnd(source: Buffer, at: number, end: number, wanted: number): number {
  let i = at;
  while (i < end && is(source[i], wanted)) i++;
  return i;
}

/** A stretch of text: bytes `[start, end)` of `source`. What lies outside is not looked at. */
export interface Stretch {
  readonly source: Buffer;
  readonly start: number;
  readonly end: number;
}

/** What stands right before `at`, or undefined at the beginning of the text. */
export function before({ source, start }: Stretch, at: number): number | undefined {
  return at > start ? source[at - 1] : undefined;
}

/** What stands at `at`, or undefined past the end of the text. */
export function after({ source, end }: Stretch, at: number): number | undefined {
  return at < end ? source[at] : undefined;
}

const separators = new Uint8Array(256);
for (const character of ' -./()') separators[character.charCodeAt(0)] = 1;

/** Stands between the digits of a number that people write in groups. */
export function isSeparator(byte: number): boolean {
  return separators[byte] === 1;
}
