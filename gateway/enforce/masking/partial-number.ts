import { isDigit, put, type Write } from './cell.ts';

/**
 * What `partial` leaves of a number: its order of magnitude (54321.50 becomes 10000), without the sign.
 * That is enough to tell a salary from a budget. Numbers of up to four whole digits become 0: for those the magnitude is most of the value.
 */
export const partialNumber: Write = (source, start, end, target, at) => {
  const first = start < end && source[start] === 0x2d ? start + 1 : start;
  const whole = digitsEnd(source, first, end);
  if (whole === first) return put(zero, target, at);
  let i = whole;
  if (i < end && source[i] === 0x2e) i = digitsEnd(source, i + 1, end);
  if (i < end) return exponentOnly(source, i, end, target, at);
  if (whole - first <= 4) return put(zero, target, at);
  target[at] = 0x31;
  target.fill(0x30, at + 1, at + whole - first);
  return whole - first;
};

/** The last `shown` digits as a number, where a card or the like is kept as one. Leading zeros are lost. */
export function lastDigitsOfNumber(shown: number, least: number, most: number): Write {
  return (source, start, end, target, at) => {
    const digits = end - start;
    if (digits < least || digits > most || digitsEnd(source, start, end) !== end) return put(zero, target, at);
    let i = end - shown;
    while (i < end - 1 && source[i] === 0x30) i++;
    const bytes = end - i;
    for (let k = 0; k < bytes; k++) target[at + k] = source[i + k] ?? 0;
    return bytes;
  };
}

const zero = Buffer.from('0');
/** As float8 prints it: two digits of exponent, three for the largest. */
const maxExponentDigits = 3;

/** `2.5e+20` becomes `1e+20`; whatever is small, odd or no number becomes 0. */
function exponentOnly(source: Buffer, start: number, end: number, target: Buffer, at: number): number {
  const digits = end - start - 2;
  const isLarge = source[start] === 0x65 && source[start + 1] === 0x2b;
  if (!isLarge || digits < 1 || digits > maxExponentDigits || digitsEnd(source, start + 2, end) !== end) {
    return put(zero, target, at);
  }
  target[at] = 0x31;
  for (let i = start; i < end; i++) target[at + 1 + i - start] = source[i] ?? 0;
  return 1 + end - start;
}

function digitsEnd(source: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && isDigit(source[at] ?? 0)) at++;
  return at;
}
