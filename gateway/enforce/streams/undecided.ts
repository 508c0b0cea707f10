import { alnum, atom, beyond, digit, is, isSeparator, joiner, lower, upper } from '../detectors/bytes.ts';
import { beginsToken } from '../detectors/token.ts';

const plus = 0x2b;
const open = 0x28;
const at = 0x40;
const dot = 0x2e;
const keyBegin = Buffer.from('-----BEGIN');
/** Fewer digits are a page, a version or a choice, and tell little of a number. */
const tellingDigits = 4;

/**
 * Where in a text that ends without a break the beginning of something may stand that a detector would recognise: a number with four digits or
 * more, an address from its @ on, a token from its whole prefix on, a private key. The end, when nothing of that does.
 * @param from what lies before is only looked at
 */
export function undecidedFrom(text: Buffer, from: number): number {
  const key = text.indexOf(keyBegin, from);
  const found = [numberFrom(text, from), addressFrom(text, from), tokenFrom(text, from), key].filter((i) => i >= 0);
  return Math.min(text.length, ...found);
}

function numberFrom(text: Buffer, from: number): number {
  let start = text.length;
  while (start > from && isOfNumber(text[start - 1])) start--;
  for (let i = start; i < text.length; i++) {
    if (i > from && is(text[i - 1], alnum)) continue;
    const first = text[i];
    // An account number begins with two letters of a country and a digit.
    const begins =
      is(first, digit) ||
      first === plus ||
      first === open ||
      (is(first, upper | lower) && is(text[i + 1], upper | lower) && is(text[i + 2], digit));
    if (begins) return text.subarray(i).filter((byte) => is(byte, digit)).length >= tellingDigits ? i : -1;
  }
  return -1;
}

function isOfNumber(byte: number | undefined): boolean {
  return byte !== undefined && (is(byte, alnum) || byte === plus || isSeparator(byte));
}

function addressFrom(text: Buffer, from: number): number {
  const sign = text.lastIndexOf(at);
  if (sign < from) return -1;
  for (let i = sign + 1; i < text.length; i++) {
    const isOfDomain = is(text[i], alnum | joiner | beyond) || text[i] === dot;
    if (!isOfDomain) return -1;
  }
  let start = sign;
  while (start > from && is(text[start - 1], alnum | joiner | atom | beyond)) start--;
  return start;
}

function tokenFrom(text: Buffer, from: number): number {
  let start = text.length;
  while (start > from && (is(text[start - 1], alnum | joiner) || text[start - 1] === dot)) start--;
  return start < text.length && beginsToken({ source: text, start: from, end: text.length }, start) ? start : -1;
}
