import type { ValueShape } from '../../contract/mask.ts';
import { readCalendar, type CalendarShape } from './calendar.ts';
import { integerPermutation } from './permutation.ts';
import type { Prf } from './prf.ts';

/**
 * One value to its masked text, or null where the value does not read as its shape.
 * @param attempt counts up when the outcome equalled the value
 */
export type Form = (value: Buffer, attempt: number) => string | Buffer | null;

/** Longest form that does not grow with its value: a time stamp with its zone, 24 hex digits in quotes, `\x` and 32 hex digits, a uuid. */
export const maxFormBytes = 36;

/** Keyed pseudonyms: equal values stay equal, and nothing else can be read from them without the key. */
export function hashForm(prf: Prf, shape: ValueShape): Form {
  switch (shape) {
    case 'text':
      return (value, attempt) => hexDigest(prf, value, attempt);
    case 'json':
      return (value, attempt) => `"${hexDigest(prf, value, attempt)}"`;
    case 'bytes':
      return (value, attempt) => `\\x${prf.digest(value, attempt).toString('hex', 0, 16)}`;
    case 'integer':
      return hashInteger(prf);
    case 'decimal':
      // 15 digits: exact in float8 and numeric. A float4 column rounds them to seven.
      return (value, attempt) => String(prf.below(value, attempt, 1e15));
    case 'date':
    case 'timestamp':
    case 'time':
      return keyedCalendar(prf, shape);
    case 'uuid':
      return (value, attempt) => uuidOf(prf.digest(value, attempt));
    case 'boolean':
      // Two values hide behind no pseudonym.
      return () => 'f';
    case 'other':
      return () => null;
    default:
      return shape satisfies never;
  }
}

/** 96 bits: among 10^9 distinct values two meet with a probability of 6e-12. */
export function hexDigest(prf: Prf, value: Uint8Array, attempt: number): string {
  return prf.digest(value, attempt).toString('hex', 0, 12);
}

/** RFC 9562 version 8 (custom): 122 bits of the digest. */
export function uuidOf(digest: Buffer): string {
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x80;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  const hex = digest.toString('hex', 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/**
 * A day between 1700 and 2199 (what every driver and pandas can hold) and a second of the day.
 * 182,621 days: dates do collide, and are few enough to begin with.
 */
export function keyedCalendar(prf: Prf, shape: CalendarShape): Form {
  return (value, attempt) => {
    const form = readCalendar(shape, value, 0, value.length);
    if (!form) return null;
    const second = prf.below(value, attempt, days * daySeconds);
    const iso = new Date(firstDayMs + second * 1000).toISOString();
    const zone = form.zoned ? '+00' : '';
    switch (shape) {
      case 'date':
        return iso.slice(0, 10);
      case 'timestamp':
        return `${iso.slice(0, 10)} ${iso.slice(11, 19)}${zone}`;
      case 'time':
        return iso.slice(11, 19) + zone;
      default:
        return shape satisfies never;
    }
  };
}

const daySeconds = 86_400;
const firstDayMs = Date.UTC(1700, 0, 1);
const days = (Date.UTC(2200, 0, 1) - firstDayMs) / (daySeconds * 1000);

/**
 * Up to int4 a permutation: ids stay distinct, which truncation to 31 bits would break for the 100,000th. It can be undone with the key,
 * but so could any keyed function of so few values, by trying all. Larger ones get 53 bits of the digest.
 * What shows is whether the value needs two, four or eight bytes: it must fit the column.
 */
function hashInteger(prf: Prf): Form {
  let permute: ((value: number) => number) | undefined;
  return (value, attempt) => {
    const text = value.toString('latin1');
    if (!/^-?\d{1,19}$/.test(text)) return null;
    const number = Number(text);
    if (number >= -0x8000_0000 && number <= 0x7fff_ffff) {
      permute ??= integerPermutation(prf.subkey('integer permutation'));
      return String(permute(number));
    }
    // oid and the like are unsigned and four bytes wide.
    if (number > 0 && number <= 0xffff_ffff) return String(0x8000_0000 + prf.below(value, attempt, 0x8000_0000));
    return String(0x1_0000_0000 + prf.below(value, attempt, Number.MAX_SAFE_INTEGER - 0x1_0000_0000));
  };
}
