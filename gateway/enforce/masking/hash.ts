import { readCalendar, type CalendarShape } from './calendar.ts';
import { isDigit, sqlNull } from './cell.ts';
import { hashDecimal } from './decimal.ts';
import { form, numberBelow, putAscii, putHex, type Form, type FormedShape, type FormWrite } from './form.ts';
import { localNetwork } from './network.ts';
import { integerPermutation } from './permutation.ts';
import type { Prf } from './prf.ts';
import { isMacAddress } from './redact.ts';

/** Keyed pseudonyms: equal values stay equal, and nothing else can be read from them without the key. */
export function hashForm(prf: Prf, shape: FormedShape): Form {
  switch (shape) {
    case 'text':
      return form(0, hexDigest(prf.version));
    case 'json':
      return form(0, quotedDigest(prf.version));
    case 'bytes':
      return form(0, bytesDigest(prf.version));
    case 'integer':
      return form(0, hashInteger(prf));
    case 'decimal':
      return form(2, hashDecimal);
    case 'date':
    case 'timestamp':
    case 'timestamptz':
    case 'time':
    case 'timetz':
      return form(0, keyedCalendar(shape));
    case 'uuid':
      return form(0, keyedUuid(prf.version));
    case 'interval':
      return form(0, keyedInterval);
    case 'network':
      return form(0, localNetwork(prf.version));
    case 'macaddr':
      return form(0, keyedMacAddress);
    case 'xml':
      return form(0, elementDigest(prf.version));
    default:
      return shape satisfies never;
  }
}

/** The version in two hex digits and 96 bits: among 10^9 distinct values two meet with a probability of 6e-12. */
export function hexDigest(version: number): FormWrite {
  const mark = Buffer.of(version);
  return (_source, _start, _end, random, from, target, at) =>
    putHex(mark, 0, 1, target, at) + putHex(random, from, from + 12, target, at + 2);
}

function quotedDigest(version: number): FormWrite {
  const digest = hexDigest(version);
  return (source, start, end, random, from, target, at) => {
    const bytes = digest(source, start, end, random, from, target, at + 1);
    target[at] = 0x22;
    target[at + 1 + bytes] = 0x22;
    return bytes + 2;
  };
}

function elementDigest(version: number): FormWrite {
  const digest = hexDigest(version);
  return (source, start, end, random, from, target, at) => {
    let next = at + putAscii('<hash>', target, at);
    next += digest(source, start, end, random, from, target, next);
    return next - at + putAscii('</hash>', target, next);
  };
}

/** Some hours, minutes and seconds, up to a year. */
const keyedInterval: FormWrite = (_source, _start, _end, random, from, target, at) => {
  const seconds = numberBelow(random, from, 366 * daySeconds);
  const two = (n: number): string => String(Math.floor(n)).padStart(2, '0');
  const text = `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
  return putAscii(text, target, at);
};

/** A locally administered address (IEEE 802, bit 1 of the first byte), of as many bytes. */
const keyedMacAddress: FormWrite = (source, start, end, random, from, target, at) => {
  if (!isMacAddress(source, start, end)) return sqlNull;
  const bytes = Buffer.from(random.subarray(from, from + (end - start + 1) / 3));
  bytes[0] = ((bytes[0] ?? 0) & 0xfc) | 0x02;
  let next = at;
  for (let i = 0; i < bytes.length; i++) {
    if (i > 0) target[next++] = 0x3a;
    next += putHex(bytes, i, i + 1, target, next);
  }
  return next - at;
};

/** The version and 16 bytes. */
export function bytesDigest(version: number): FormWrite {
  const mark = Buffer.of(0, version);
  return (_source, _start, _end, random, from, target, at) => {
    const head = putAscii('\\x', target, at) + putHex(mark, 1, 2, target, at + 2);
    return head + putHex(random, from, from + 16, target, at + head);
  };
}

/** RFC 9562 version 8 (custom): the key's version, and 114 random bits. */
export function keyedUuid(version: number): FormWrite {
  const bytes = Buffer.alloc(16);
  return (_source, _start, _end, random, from, target, at) => {
    random.copy(bytes, 0, from, from + bytes.length);
    bytes[0] = version;
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
    let next = at;
    for (const [first, last] of uuidGroups) {
      if (first > 0) target[next++] = 0x2d;
      next += putHex(bytes, first, last, target, next);
    }
    return next - at;
  };
}

const uuidGroups = [[0, 4], [4, 6], [6, 8], [8, 10], [10, 16]] as const; // prettier-ignore

/**
 * A day between 1700 and 2199 (what every driver and pandas can hold) and a second of the day.
 * 182,621 days: dates do collide, and are few enough to begin with.
 */
export function keyedCalendar(shape: CalendarShape): FormWrite {
  return (source, start, end, random, from, target, at) => {
    const read = readCalendar(shape, source, start, end);
    if (!read) return sqlNull;
    const second = numberBelow(random, from, days * daySeconds);
    const iso = new Date(firstDayMs + second * 1000).toISOString();
    const zone = read.zoned ? '+00' : '';
    switch (shape) {
      case 'date':
        return putAscii(iso.slice(0, 10), target, at);
      case 'timestamp':
      case 'timestamptz':
        return putAscii(`${iso.slice(0, 10)} ${iso.slice(11, 19)}${zone}`, target, at);
      case 'time':
      case 'timetz':
        return putAscii(iso.slice(11, 19) + zone, target, at);
      default:
        return shape satisfies never;
    }
  };
}

const daySeconds = 86_400;
const firstDayMs = Date.UTC(1700, 0, 1);
const days = (Date.UTC(2200, 0, 1) - firstDayMs) / (daySeconds * 1000);

/** As many as an int8 can have. */
const maxIntegerDigits = 19;

/**
 * Up to int4 a permutation: ids stay distinct, which truncation to 31 bits would break for the 100,000th. It can be undone with the key,
 * but so could any keyed function of so few values, by trying all. Larger ones get 53 bits.
 * What shows is whether the value needs two, four or eight bytes: it must fit the column.
 */
function hashInteger(prf: Prf): FormWrite {
  let permute: ((value: number) => number) | undefined;
  return (source, start, end, random, from, target, at) => {
    const first = source[start] === 0x2d ? start + 1 : start;
    if (first >= end || end - first > maxIntegerDigits) return sqlNull;
    let size = 0;
    for (let i = first; i < end; i++) {
      const byte = source[i] ?? 0;
      if (!isDigit(byte)) return sqlNull;
      size = size * 10 + byte - 0x30;
    }
    const number = first > start ? -size : size;
    if (number >= -0x8000_0000 && number <= 0x7fff_ffff) {
      permute ??= integerPermutation(prf.subkey('integer permutation'));
      return putAscii(String(permute(number)), target, at);
    }
    // oid and the like are unsigned and four bytes wide.
    const masked =
      number > 0 && number <= 0xffff_ffff
        ? 0x8000_0000 + numberBelow(random, from, 0x8000_0000)
        : 0x1_0000_0000 + numberBelow(random, from, Number.MAX_SAFE_INTEGER - 0x1_0000_0000);
    return putAscii(String(masked), target, at);
  };
}
