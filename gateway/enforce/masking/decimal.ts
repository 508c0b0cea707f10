import { isDigit, sqlNull } from './cell.ts';
import { numberBelow, pairAt, putAscii, type FormWrite } from './form.ts';

/** The parts of a number's text, by where they end; each begins where the one before it ends. */
interface Decimal {
  readonly first: number;
  readonly wholeEnd: number;
  /** The point included; `wholeEnd` where there is no fraction. */
  readonly fractionEnd: number;
}

const zero = 0x30;
const point = 0x2e;

/** Undefined for what is no number: `NaN`, `Infinity`, anything else. */
function readDecimal(source: Buffer, start: number, end: number): Decimal | undefined {
  const first = source[start] === 0x2d ? start + 1 : start;
  const wholeEnd = digitsEnd(source, first, end);
  if (wholeEnd === first) return undefined;
  let fractionEnd = wholeEnd;
  if (wholeEnd < end && source[wholeEnd] === point) {
    fractionEnd = digitsEnd(source, wholeEnd + 1, end);
    if (fractionEnd === wholeEnd + 1) return undefined;
  }
  if (fractionEnd < end) {
    const sign = source[fractionEnd + 1];
    const isExponent = source[fractionEnd] === 0x65 && (sign === 0x2b || sign === 0x2d);
    if (!isExponent || fractionEnd + 2 >= end || digitsEnd(source, fractionEnd + 2, end) !== end) return undefined;
  }
  return { first, wholeEnd, fractionEnd };
}

function digitsEnd(source: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && isDigit(source[at] ?? 0)) at++;
  return at;
}

/**
 * Digits for digits, so that the result fits wherever the value did, whatever its precision and scale:
 * - the first of several whole digits is 8 at most, because a column of negative scale rounds up
 * - below 1 the zeros behind the point stay, because a column may have a scale larger than its precision
 */
function putDigits(
  source: Buffer,
  { first, wholeEnd, fractionEnd }: Decimal,
  leastFirst: number,
  random: Buffer,
  from: number,
  target: Buffer,
  at: number,
): number {
  let next = at;
  let i = first;
  let pair = from;
  if (wholeEnd - first > 1) {
    target[next++] = zero + leastFirst + (pairAt(random, pair) % (9 - leastFirst));
    i++;
  } else if (fractionEnd > wholeEnd && source[first] === zero) {
    // All but the last digit, where all are zero.
    while (i < fractionEnd - 1 && (source[i] === zero || source[i] === point)) target[next++] = source[i++] ?? 0;
  }
  for (; i < fractionEnd; i++) {
    pair += 2;
    target[next++] = source[i] === point ? point : zero + (pairAt(random, pair) % 10);
  }
  return next - at;
}

/** No sign, and no zeros in front. A number with an exponent is a float, which takes 15 digits (a float4 rounds them to seven). */
export const hashDecimal: FormWrite = (source, start, end, random, from, target, at) => {
  const read = readDecimal(source, start, end);
  if (!read) return sqlNull;
  if (read.fractionEnd < end) return putAscii(String(numberBelow(random, from, 1e15)), target, at);
  const bytes = putDigits(source, read, 0, random, from, target, at);
  let zeros = 0;
  while (zeros < read.wholeEnd - read.first - 1 && target[at + zeros] === zero) zeros++;
  if (zeros > 0) target.copyWithin(at, at + zeros, at + bytes);
  return bytes - zeros;
};

/**
 * The same sign, and as many digits before and behind the point. With an exponent the first digit is 1 and the second 6 at most: the largest
 * float8 is 1.79e+308, the largest float4 3.4e+38.
 */
export const tokenDecimal: FormWrite = (source, start, end, random, from, target, at) => {
  const read = readDecimal(source, start, end);
  if (!read) return sqlNull;
  let next = at;
  if (read.first > start) target[next++] = 0x2d;
  const digitsAt = next;
  next += putDigits(source, read, 1, random, from, target, next);
  if (read.fractionEnd < end) {
    target[digitsAt] = zero + 1;
    const second = digitsAt + 2;
    if (second < next && (target[second] ?? 0) > zero + 6) target[second] = (target[second] ?? 0) - 3;
    next += source.copy(target, next, read.fractionEnd, end);
  }
  return next - at;
};
