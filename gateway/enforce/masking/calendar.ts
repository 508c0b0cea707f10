import { isDigit } from './cell.ts';

/**
 * PostgreSQL's ISO text forms of dates and times, read byte by byte.
 * A client that asked for another DateStyle gets forms that we do not read; such a cell becomes NULL.
 * https://www.postgresql.org/docs/current/datatype-datetime.html#DATATYPE-DATETIME-OUTPUT
 */
export interface Calendar {
  /** Bytes of the year; 0 where the shape has none. */
  readonly yearBytes: number;
  readonly zoned: boolean;
  readonly beforeChrist: boolean;
}

export type CalendarShape = 'date' | 'timestamp' | 'timestamptz' | 'time' | 'timetz';

const plain: Calendar = { yearBytes: 0, zoned: false, beforeChrist: false };
const zoned: Calendar = { yearBytes: 0, zoned: true, beforeChrist: false };
/** Index: year digits (4 to 6), then zone, then era. All answers exist beforehand, so reading makes no garbage. */
const dated: readonly Calendar[] = [4, 5, 6].flatMap((yearBytes) =>
  [false, true].flatMap((z) => [false, true].map((bc) => ({ yearBytes, zoned: z, beforeChrist: bc }))),
);

/** Undefined for anything that is not exactly the shape's ISO form, `infinity` included. */
export function readCalendar(shape: CalendarShape, source: Buffer, start: number, end: number): Calendar | undefined {
  if (shape === 'time' || shape === 'timetz') {
    const clock = clockEnd(source, start, end);
    if (clock === end) return plain;
    return clock > 0 && zoneEnd(source, clock, end) === end ? zoned : undefined;
  }
  let year = start;
  while (year < end && isDigit(source[year] ?? 0)) year++;
  const yearBytes = year - start;
  if (yearBytes < 4 || yearBytes > 6) return undefined;
  const bc = endsWithBc(source, year, end);
  const last = bc ? end - 3 : end;
  let at = pairsEnd(source, year, last, 0x2d, 2);
  if (at < 0) return undefined;
  let hasZone = false;
  if (shape !== 'date') {
    const gap = source[at];
    if (at >= last || (gap !== 0x20 && gap !== 0x54)) return undefined;
    at = clockEnd(source, at + 1, last);
    if (at < 0) return undefined;
    hasZone = at < last;
    if (hasZone) at = zoneEnd(source, at, last);
  }
  if (at !== last) return undefined;
  return dated[(yearBytes - 4) * 4 + (hasZone ? 2 : 0) + (bc ? 1 : 0)];
}

/** After `hh:mm:ss` with an optional fraction, or -1. */
function clockEnd(source: Buffer, start: number, end: number): number {
  if (!isPair(source, start, end)) return -1;
  let at = pairsEnd(source, start + 2, end, 0x3a, 2);
  if (at > 0 && at < end && source[at] === 0x2e) {
    const point = at++;
    while (at < end && isDigit(source[at] ?? 0)) at++;
    if (at === point + 1) return -1;
  }
  return at;
}

/** After `+hh`, `+hh:mm` or `+hh:mm:ss`, or -1. */
function zoneEnd(source: Buffer, start: number, end: number): number {
  const sign = source[start];
  if (start >= end || (sign !== 0x2b && sign !== 0x2d) || !isPair(source, start + 1, end)) return -1;
  let at = start + 3;
  for (let more = 0; more < 2 && at < end; more++) {
    const next = pairsEnd(source, at, end, 0x3a, 1);
    if (next < 0) return -1;
    at = next;
  }
  return at;
}

/** After `count` times the separator and two digits, or -1. */
function pairsEnd(source: Buffer, start: number, end: number, separator: number, count: number): number {
  let at = start;
  for (let i = 0; i < count; i++, at += 3) {
    if (at >= end || source[at] !== separator || !isPair(source, at + 1, end)) return -1;
  }
  return at;
}

function isPair(source: Buffer, at: number, end: number): boolean {
  return at + 2 <= end && isDigit(source[at] ?? 0) && isDigit(source[at + 1] ?? 0);
}

function endsWithBc(source: Buffer, start: number, end: number): boolean {
  return end - start > 3 && source[end - 3] === 0x20 && source[end - 2] === 0x42 && source[end - 1] === 0x43;
}
