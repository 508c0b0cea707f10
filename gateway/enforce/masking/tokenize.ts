import { isContinuation, isDigit, isHexDigit, sqlNull } from './cell.ts';
import { tokenDecimal } from './decimal.ts';
import { form, numberBelow, pairAt, putAscii, putHex, type Form, type FormedShape, type FormWrite } from './form.ts';
import { tokenNetwork } from './network.ts';
import { bytesDigest, hashForm, hexDigest, keyedCalendar, keyedUuid } from './hash.ts';
import type { Prf } from './prf.ts';

/**
 * Tokens that look like the value: digits for digits, letters for letters in the same case, separators where they were.
 * One-way: every character is drawn from a keyed stream over the whole value, so no key turns a token back. (It can still be guessed at:
 * whoever has the key can try values.) Two values may get one token, as often as chance has it for that many digits and letters.
 * What shows, by intent: length, case, punctuation, that equal values are equal, and of texts the version of the key.
 */
export function tokenForm(prf: Prf, shape: FormedShape): Form {
  switch (shape) {
    case 'text':
      return form(2, tokenText(prf.version));
    case 'integer':
      return form(0, tokenInteger);
    case 'decimal':
      return form(2, tokenDecimal);
    case 'bytes':
      return form(1, tokenBytes(prf.version));
    case 'uuid':
      return form(0, keyedUuid(prf.version));
    case 'date':
    case 'timestamp':
    case 'timestamptz':
    case 'time':
    case 'timetz':
      return form(0, keyedCalendar(shape));
    case 'network':
      return form(0, tokenNetwork(prf.version));
    case 'interval':
    case 'macaddr':
    case 'xml':
    case 'json':
      // No format of their own to keep.
      return hashForm(prf, shape);
    default:
      return shape satisfies never;
  }
}

function tokenText(version: number): FormWrite {
  const digest = hexDigest(version);
  return (source, start, end, random, from, target, at) => {
    let next = at;
    let count = 0;
    let sum = 0;
    let last = at;
    for (let i = start; i < end; next++) {
      const byte = source[i] ?? 0;
      let behind = i + 1;
      if (byte >= 0x80) while (behind < end && isContinuation(source[behind] ?? 0)) behind++;
      const first = byte < 0x80 ? (firstOfAscii[byte] ?? 0) : firstOf(source.toString('utf8', i, behind));
      i = behind;
      if (first === separator) target[next] = byte;
      else {
        const written = first + below(sizeOf(first), pairAt(random, from + 2 * (next - at)));
        target[next] = written;
        count++;
        sum += written;
        last = next;
      }
    }
    // Nothing but separators (`---`): there is no format to keep without keeping the value.
    if (count === 0) return digest(source, start, end, random, from, target, at);
    if (count >= leastMarked)
      target[last] = marked(target[last] ?? 0, version - sum, pairAt(random, from + 2 * (last - at)));
    return next - at;
  };
}

/** Characters of which one in four has to say the version: of fewer, too many values would share a token. */
const leastMarked = 6;

/**
 * Another character of the same kind, drawn from those that are `missing` further on, modulo 4: with it the codes of all letters and digits of the token add up
 * to the version of the key, modulo 4. It takes two bits of what a token can be and tells nothing of the value.
 */
function marked(byte: number, missing: number, random: number): number {
  const first = firstOfAscii[byte] ?? 0;
  const least = (byte - first + missing) & 3;
  return first + least + 4 * below(Math.ceil((sizeOf(first) - least) / 4), random);
}

/** What a token of text says of the version of its key: modulo 4. Undefined where it is too short to say it. */
export function versionOfToken(token: string): number | undefined {
  const drawnBytes = Buffer.from(token.replace(/[^0-9A-Za-z]/g, ''));
  if (drawnBytes.length < leastMarked) return undefined;
  return drawnBytes.reduce((sum, byte) => sum + byte, 0) & 3;
}

const [digit, upper, lower, separator] = [0x30, 0x41, 0x61, 0] as const;

/** The first of the characters of which one takes the place of this one. Only ASCII punctuation and blanks pass as separators: whatever else it is, it is replaced. */
function firstOf(character: string): number {
  if (/^\p{Nd}$/u.test(character)) return digit;
  if (/^[\p{Lu}\p{Lt}]$/u.test(character)) return upper;
  return /^[\t\n\r -~]$/.test(character) && !/^[a-z]$/.test(character) ? separator : lower;
}

/** By byte: a call for each would take most of a token's time. */
const firstOfAscii = Uint8Array.from({ length: 0x80 }, (_, byte) => firstOf(String.fromCharCode(byte)));

function sizeOf(first: number): number {
  return first === digit ? 10 : 26;
}

/** @param random 16 bits: of so few numbers none is more than 0.04 % more likely than another */
function below(size: number, random: number): number {
  return (random * size) >>> 16;
}

/** Same sign, same number of digits, and no wider than the value: an int2 column gets an int2. */
const tokenInteger: FormWrite = (source, start, end, random, from, target, at) => {
  const isNegative = source[start] === 0x2d;
  const first = isNegative ? start + 1 : start;
  const digits = end - first;
  if (digits < 1 || digits > 19) return sqlNull;
  let size = 0;
  for (let i = first; i < end; i++) {
    const byte = source[i] ?? 0;
    if (!isDigit(byte)) return sqlNull;
    size = size * 10 + byte - 0x30;
  }
  if (isNegative) target[at] = 0x2d;
  const sign = isNegative ? 1 : 0;
  if (digits > 9) return longInteger(source.toString('latin1', first, end), sign, random, from, target, at);
  const least = digits === 1 ? sign : 10 ** (digits - 1);
  // The lowest of a signed type is one further from zero than the highest. Nine digits always fit in four bytes.
  const int2 = 0x7fff + sign;
  const most = size <= int2 ? Math.min(10 ** digits - 1, 0x7fff) : 10 ** digits - 1;
  return sign + putAscii(String(least + numberBelow(random, from, most - least + 1)), target, at + sign);
};

function longInteger(text: string, sign: number, random: Buffer, from: number, target: Buffer, at: number): number {
  const number = BigInt(text);
  const highest = maxima.find((maximum) => number <= maximum + BigInt(sign));
  if (highest === undefined) return sqlNull;
  const least = 10n ** BigInt(text.length - 1);
  const tenfold = 10n * least - 1n;
  const most = tenfold < highest ? tenfold : highest;
  const drawnNumber = least + (random.readBigUInt64LE(from) % (most - least + 1n));
  return sign + putAscii(String(drawnNumber), target, at + sign);
}

/** int4, oid, int8. */
const maxima = [0x7fff_ffffn, 0xffff_ffffn, 0x7fff_ffff_ffff_ffffn];

/** As many bytes as there were, in the hex form. The escape form (bytea_output) has no length to read. */
function tokenBytes(version: number): FormWrite {
  const digest = bytesDigest(version);
  return (source, start, end, random, from, target, at) => {
    if (!isHexBytes(source, start, end)) return digest(source, start, end, random, from, target, at);
    const head = putAscii('\\x', target, at);
    return head + putHex(random, from, from + (end - start - 2) / 2, target, at + head);
  };
}

function isHexBytes(source: Buffer, start: number, end: number): boolean {
  const digits = end - start - 2;
  if (digits < 2 || digits % 2 !== 0 || source[start] !== 0x5c || source[start + 1] !== 0x78) return false;
  for (let i = start + 2; i < end; i++) if (!isHexDigit(source[i] ?? 0)) return false;
  return true;
}
