import type { Detector } from '../../contract/detector.ts';
import { alnum, digit, is, isSeparator, lower, upper, type Stretch } from './bytes.ts';
import { cardAt } from './card.ts';
import { emailAround } from './email.ts';
import { ibanAt } from './iban.ts';
import { phoneAt } from './phone.ts';
import { ssnAt } from './ssn.ts';
import { privateKeyAt, tokenAt } from './token.ts';

/** Bytes `[start, end)` in which a detector recognised something. */
export interface Found {
  readonly detector: Detector;
  readonly start: number;
  readonly end: number;
}

const nothing: readonly Found[] = [];
const at = 0x40;
const dash = 0x2d;

/** What a byte may be the beginning of. Most bytes of most texts are of no interest where they stand. */
const [letter, figure, sign] = [1, 2, 3];
const interest = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) {
  if (is(byte, upper | lower)) interest[byte] = letter;
  else if (is(byte, digit)) interest[byte] = figure;
  else if ('@-+('.includes(String.fromCharCode(byte))) interest[byte] = sign;
}

/**
 * Everything in bytes `[start, end)` of UTF-8 text that one of `wanted` recognises, from left to right, none over another. One pass: each
 * detector looks from one place at a bounded number of bytes, or at a run that it enters once. What is not found may still be there.
 * @param from where to begin; what lies before is only looked at
 */
export function detect(
  source: Buffer,
  start: number,
  end: number,
  wanted: ReadonlySet<Detector>,
  from = start,
): readonly Found[] {
  const text: Stretch = { source, start, end };
  let found: Found[] | undefined;
  let free = from;
  let inWord = from > start && is(source[from - 1], alnum);
  for (let i = from; i < end; i++) {
    const kind = interest[source[i] ?? 0] ?? 0;
    const within = inWord;
    inWord = kind === letter || kind === figure;
    // Nothing begins in the middle of a word or a number.
    if (kind === 0 || (within && inWord)) continue;
    const one = startingAt(text, i, kind, free, wanted);
    if (!one) continue;
    found ??= [];
    found.push(one);
    free = one.end;
    i = free - 1;
    inWord = is(source[i], alnum);
  }
  return found ?? nothing;
}

/** What begins here, or for an address has its @ here. @param free what lies before belongs to something else */
function startingAt(
  text: Stretch,
  i: number,
  kind: number,
  free: number,
  wanted: ReadonlySet<Detector>,
): Found | undefined {
  if (kind === letter) return by('iban', ibanAt, text, i, wanted) ?? by('token', tokenAt, text, i, wanted);
  if (kind === figure && !manyDigits(text, i)) return undefined;
  if (kind === figure) {
    const number = by('card', cardAt, text, i, wanted) ?? by('ssn', ssnAt, text, i, wanted);
    return number ?? by('phone', phoneAt, text, i, wanted);
  }
  const byte = text.source[i];
  if (byte === dash) return by('token', privateKeyAt, text, i, wanted);
  if (byte !== at) return by('phone', phoneAt, text, i, wanted);
  const around = wanted.has('email') ? emailAround(text, i, free) : undefined;
  return around && { detector: 'email', start: around[0], end: around[1] };
}

const fewestDigits = 9;

/** Dates, amounts and small numbers end before that: nothing has to be taken apart to see it. */
function manyDigits({ source, end }: Stretch, from: number): boolean {
  let digits = 0;
  for (let i = from; i < end; i++) {
    const byte = source[i] ?? 0;
    if (interest[byte] === figure) digits++;
    else if (!isSeparator(byte)) return false;
    if (digits === fewestDigits) return true;
    if (i - from > 2 * fewestDigits + 2) return false;
  }
  return false;
}

function by(
  detector: Detector,
  find: (text: Stretch, at: number) => number,
  text: Stretch,
  start: number,
  wanted: ReadonlySet<Detector>,
): Found | undefined {
  if (!wanted.has(detector)) return undefined;
  const end = find(text, start);
  return end < 0 ? undefined : { detector, start, end };
}
