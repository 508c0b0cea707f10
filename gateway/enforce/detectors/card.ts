import { after, alnum, before, digit, is, type Stretch } from './bytes.ts';

const fewest = 13;
const most = 19;
const space = 0x20;
const dash = 0x2d;

/**
 * A card number that begins at `at`: 13 to 19 digits with a right check digit (ISO/IEC 7812-1) from a range that is in use, in one piece
 * or in groups with one space or dash between them. Where several fit, the longest.
 * @returns its end, or -1
 */
export function cardAt(text: Stretch, at: number): number {
  if (is(before(text, at), alnum)) return -1;
  const { source } = text;
  let digits = '';
  let found = -1;
  for (let i = at; digits.length < most && is(after(text, i), digit);) {
    digits += String.fromCharCode(source[i] ?? 0);
    i++;
    const next = after(text, i);
    if (is(next, digit)) continue;
    if (!is(next, alnum) && digits.length >= fewest && isCard(digits)) found = i;
    if (next !== space && next !== dash) break;
    i++;
  }
  return found;
}

function isCard(digits: string): boolean {
  return ranges.test(digits) && luhn(digits);
}

/** Visa, Mastercard, American Express, Diners, JCB, Discover, UnionPay, Maestro: prefix and how long. Anchored, so linear. */
const ranges = new RegExp(
  [
    '4(?:\\d{12}|\\d{15}|\\d{18})',
    '5[1-5]\\d{14}',
    '2(?:22[1-9]|2[3-9]\\d|[3-6]\\d\\d|7[01]\\d|720)\\d{12}',
    '3[47]\\d{13}',
    '3(?:0[0-5]|[689]\\d)\\d{11,16}',
    '35(?:2[89]|[3-8]\\d)\\d{12,15}',
    '6(?:011|4[4-9]\\d|5\\d\\d|2\\d\\d)\\d{12,15}',
    '(?:50|5[6-8]|6\\d)\\d{11,17}',
  ]
    .map((one) => `^${one}$`)
    .join('|'),
);

function luhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const value = digits.charCodeAt(digits.length - 1 - i) - 0x30;
    const twice = value * 2;
    sum += i % 2 === 0 ? value : twice > 9 ? twice - 9 : twice;
  }
  return sum % 10 === 0;
}
