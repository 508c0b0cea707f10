import type { ValueShape } from '../../contract/mask.ts';
import { isDigit } from './cell.ts';
import { hashForm, hexDigest, keyedCalendar, uuidOf, type Form } from './hash.ts';
import type { Prf } from './prf.ts';

/**
 * Tokens that look like the value: digits for digits, letters for letters in the same case, separators where they were.
 * One-way: every character is drawn from a keyed stream over the whole value, so no key turns a token back. (It can still be guessed at:
 * whoever has the key can try values.) Two values may get one token, as often as chance has it for that many digits and letters.
 * What shows, by intent: length, case, punctuation, and that equal values are equal.
 */
export function tokenForm(prf: Prf, shape: ValueShape): Form {
  switch (shape) {
    case 'text':
      return (value, attempt) => tokenText(prf, value, attempt);
    case 'integer':
      return (value, attempt) => tokenInteger(prf, value, attempt);
    case 'decimal':
      return (value, attempt) => tokenDecimal(prf, value, attempt);
    case 'bytes':
      return (value, attempt) => tokenBytes(prf, value, attempt);
    case 'uuid':
      return (value, attempt) => uuidOf(prf.digest(value, attempt));
    case 'date':
    case 'timestamp':
    case 'time':
      return keyedCalendar(prf, shape);
    case 'json':
    case 'boolean':
    case 'other':
      // A document has no format of its own to keep; the other two have nothing to vary.
      return hashForm(prf, shape);
    default:
      return shape satisfies never;
  }
}

function tokenText(prf: Prf, value: Buffer, attempt: number): string | Buffer {
  const text = value.toString('utf8');
  const stream = prf.stream(value, attempt, text.length * 2);
  const token = Buffer.alloc(text.length);
  let bytes = 0;
  let replaced = false;
  for (const character of text) {
    const kind = kindOf(character);
    if (kind !== 'separator') replaced = true;
    token[bytes] = draw(kind, character, stream.readUInt16LE(bytes * 2));
    bytes++;
  }
  // Nothing but separators (`---`): there is no format to keep without keeping the value.
  return replaced ? token.subarray(0, bytes) : hexDigest(prf, value, attempt);
}

type Kind = 'digit' | 'upper' | 'lower' | 'separator';

/** Only ASCII punctuation and blanks pass as separators: whatever else it is, it is replaced. */
function kindOf(character: string): Kind {
  const code = character.charCodeAt(0);
  if (isDigit(code)) return 'digit';
  if (code >= 0x61 && code <= 0x7a) return 'lower';
  if (code >= 0x41 && code <= 0x5a) return 'upper';
  if ((code >= 0x20 && code < 0x7f) || code === 0x09 || code === 0x0a || code === 0x0d) return 'separator';
  if (/^\p{Nd}$/u.test(character)) return 'digit';
  return /^[\p{Lu}\p{Lt}]$/u.test(character) ? 'upper' : 'lower';
}

/** 16 random bits for one of 26: no letter is more than 0.04 % more likely than another. */
function draw(kind: Kind, character: string, random: number): number {
  switch (kind) {
    case 'digit':
      return 0x30 + (random % 10);
    case 'upper':
      return 0x41 + (random % 26);
    case 'lower':
      return 0x61 + (random % 26);
    case 'separator':
      return character.charCodeAt(0);
    default:
      return kind satisfies never;
  }
}

/** Same sign, same number of digits, and no wider than the value: an int2 column gets an int2. */
function tokenInteger(prf: Prf, value: Buffer, attempt: number): string | null {
  const [, sign, digits] = /^(-?)(\d{1,19})$/.exec(value.toString('latin1')) ?? [];
  if (sign === undefined || digits === undefined) return null;
  const number = BigInt(digits);
  // The lowest of a signed type is one further from zero than the highest.
  const highest = maxima.find((maximum) => number <= (sign ? maximum + 1n : maximum));
  if (highest === undefined) return null;
  const least = digits.length === 1 ? BigInt(sign.length) : 10n ** BigInt(digits.length - 1);
  const tenfold = 10n ** BigInt(digits.length) - 1n;
  const most = tenfold < highest ? tenfold : highest;
  const random = prf.digest(value, attempt).readBigUInt64LE(0);
  return sign + String(least + (random % (most - least + 1n)));
}

/** int2, int4, oid, int8. */
const maxima = [0x7fffn, 0x7fff_ffffn, 0xffff_ffffn, 0x7fff_ffff_ffff_ffffn];

/** Digits for digits around the same point. A number with an exponent keeps that and its first digit is 1, or it might not fit its type. */
function tokenDecimal(prf: Prf, value: Buffer, attempt: number): string | null {
  const [, sign, whole, rest, exponent] = /^(-?)(\d+)(\.\d+)?(e[+-]\d+)?$/.exec(value.toString('latin1')) ?? [];
  if (sign === undefined || whole === undefined) return null;
  const stream = prf.stream(value, attempt, value.length * 2);
  const mantissa = whole + (rest ?? '');
  const drawn = Array.from(mantissa, (character, i) => {
    const random = stream.readUInt16LE(i * 2);
    if (character === '.') return '.';
    if (i > 0) return String(random % 10);
    if (exponent !== undefined) return '1';
    return String(whole.length === 1 ? random % 10 : 1 + (random % 9));
  });
  return sign + drawn.join('') + (exponent ?? '');
}

/** As many bytes as there were, in the hex form. The escape form (bytea_output) has no length to read. */
function tokenBytes(prf: Prf, value: Buffer, attempt: number): string | null {
  const text = value.toString('latin1');
  if (!/^\\x(?:[0-9a-f]{2})+$/i.test(text)) return `\\x${prf.digest(value, attempt).toString('hex', 0, 16)}`;
  return `\\x${prf.stream(value, attempt, (value.length - 2) / 2).toString('hex')}`;
}
