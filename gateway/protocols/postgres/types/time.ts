import { sized } from './codec.ts';
import type { ValueCodec } from './codec.ts';

const DAY_US = 86_400_000_000n;
const HOUR_US = 3_600_000_000n;
const INFINITE_DAYS = 0x7fffffff;
const INFINITE_US = 0x7fffffffffffffffn;
/** Days from 1970-01-01 to 2000-01-01, PostgreSQL's day 0. */
const EPOCH_DAYS = 10_957;

/** Days since 2000-01-01, int32. */
export const date: ValueCodec = {
  decode(bytes) {
    const days = sized(bytes, 4).readInt32BE();
    if (days === INFINITE_DAYS) return 'infinity';
    if (days === -INFINITE_DAYS - 1) return '-infinity';
    const day = dayText(days);
    return `${day.text}${day.era}`;
  },
  encode(text) {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(
      text === 'infinity' ? INFINITE_DAYS : text === '-infinity' ? -INFINITE_DAYS - 1 : dayNumber(text),
    );
    return bytes;
  },
};

/** Microseconds since 2000-01-01 00:00, int64. */
export const timestamp: ValueCodec = {
  decode: (bytes) => timestampText(bytes, ''),
  encode: (text) => timestampBytes(text, false),
};

/** The same in UTC. Text comes out as `+00`; any offset is read. */
export const timestamptz: ValueCodec = {
  decode: (bytes) => timestampText(bytes, '+00'),
  encode: (text) => timestampBytes(text, true),
};

/** Microseconds since midnight, int64. */
export const time: ValueCodec = {
  decode(bytes) {
    return clockText(sized(bytes, 8).readBigInt64BE());
  },
  encode(text) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(clockUs(text));
    return bytes;
  },
};

/** Microseconds since midnight, int64, and seconds west of Greenwich, int32. */
export const timetz: ValueCodec = {
  decode(bytes) {
    sized(bytes, 12);
    return clockText(bytes.readBigInt64BE()) + zoneText(-bytes.readInt32BE(8));
  },
  encode(text) {
    const [, clock = '', zone = ''] = /^([\d:.]+)([+-][\d:]+)$/.exec(text) ?? [];
    const bytes = Buffer.alloc(12);
    bytes.writeBigInt64BE(clockUs(clock), 0);
    bytes.writeInt32BE(-zoneSeconds(zone), 8);
    return bytes;
  },
};

/** What an infinite interval has in each of its parts, from version 17 on. */
const MAX_INT32 = 0x7fff_ffff;

/** Microseconds, int64, days and months, int32. Text in the style `postgres`: EncodeInterval in src/backend/utils/adt/datetime.c. */
export const interval: ValueCodec = {
  decode(bytes) {
    const us = sized(bytes, 16).readBigInt64BE(0);
    const [days, months] = [bytes.readInt32BE(8), bytes.readInt32BE(12)];
    if (us === INFINITE_US && days === MAX_INT32 && months === MAX_INT32) return 'infinity';
    if (us === -INFINITE_US - 1n && days === -MAX_INT32 - 1 && months === -MAX_INT32 - 1) return '-infinity';
    return intervalText(us, days, months);
  },
  encode(text) {
    const [, hours = '', m = '', s = ''] = /^(\d{2,}):([0-5]\d):([0-5]\d)$/.exec(text) ?? [];
    if (hours === '') throw new RangeError('not an interval of hours');
    const bytes = Buffer.alloc(16);
    bytes.writeBigInt64BE(BigInt(Number(hours) * 3600 + Number(m) * 60 + Number(s)) * 1_000_000n);
    return bytes;
  },
};

function intervalText(us: bigint, days: number, months: number): string {
  const parts: string[] = [];
  let isBefore = false;
  const units = [
    [Math.trunc(months / 12), 'year'],
    [months % 12, 'mon'],
    [days, 'day'],
  ] as const;
  for (const [value, unit] of units) {
    if (value === 0) continue;
    parts.push(`${isBefore && value > 0 ? '+' : ''}${value} ${unit}${value === 1 ? '' : 's'}`);
    isBefore = value < 0;
  }
  if (us !== 0n || parts.length === 0) {
    const size = us < 0n ? -us : us;
    const hours = (size / HOUR_US).toString().padStart(2, '0');
    parts.push(`${us < 0n ? '-' : isBefore ? '+' : ''}${hours}${clockText(size % HOUR_US).slice(2)}`);
  }
  return parts.join(' ');
}

function timestampText(bytes: Buffer, zone: string): string {
  const us = sized(bytes, 8).readBigInt64BE();
  if (us === INFINITE_US) return 'infinity';
  if (us === -INFINITE_US - 1n) return '-infinity';
  const clock = ((us % DAY_US) + DAY_US) % DAY_US;
  const day = dayText(Number((us - clock) / DAY_US));
  return `${day.text} ${clockText(clock)}${zone}${day.era}`;
}

function timestampBytes(text: string, zoned: boolean): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(timestampUs(text, zoned));
  return bytes;
}

function timestampUs(text: string, zoned: boolean): bigint {
  if (text === 'infinity') return INFINITE_US;
  if (text === '-infinity') return -INFINITE_US - 1n;
  const [, day = '', clock = '', zone = '', era = ''] =
    /^(\d+-\d\d-\d\d)(?:[ T]([\d:.]+)([+-][\d:]+|Z)?)?( BC)?$/.exec(text) ?? [];
  if (!zoned && zone !== '') throw new RangeError('a timestamp without time zone has none');
  const offset = zone === '' || zone === 'Z' ? 0 : zoneSeconds(zone);
  return BigInt(dayNumber(day + era)) * DAY_US + (clock === '' ? 0n : clockUs(clock)) - BigInt(offset) * 1_000_000n;
}

function clockText(us: bigint): string {
  if (us < 0n || us > DAY_US) throw new RangeError('not a time of day');
  const seconds = Number(us / 1_000_000n);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const fraction = (us % 1_000_000n).toString().padStart(6, '0').replace(/0+$/, '');
  return parts.map(two).join(':') + (fraction && `.${fraction}`);
}

function clockUs(text: string): bigint {
  const [, h = '', m = '', s = '0', fraction = ''] = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?$/.exec(text) ?? [];
  if (h === '' || Number(m) > 59 || Number(s) > 59) throw new RangeError('not a time of day');
  const us = BigInt(Number(h) * 3600 + Number(m) * 60 + Number(s)) * 1_000_000n + BigInt(fraction.padEnd(6, '0'));
  if (us > DAY_US) throw new RangeError('not a time of day');
  return us;
}

/** @param seconds east of Greenwich */
function zoneText(seconds: number): string {
  const size = Math.abs(seconds);
  const parts = [Math.floor(size / 3600), Math.floor(size / 60) % 60, size % 60];
  while (parts.length > 1 && parts.at(-1) === 0) parts.pop();
  return (seconds < 0 ? '-' : '+') + parts.map(two).join(':');
}

function zoneSeconds(text: string): number {
  const [, sign, h = '', m = '0', s = '0'] = /^([+-])(\d\d)(?::?(\d\d))?(?::(\d\d))?$/.exec(text) ?? [];
  if (h === '') throw new RangeError('not a time zone offset');
  return (sign === '-' ? -1 : 1) * (Number(h) * 3600 + Number(m) * 60 + Number(s));
}

function two(n: number): string {
  return n.toString().padStart(2, '0');
}

/**
 * Proleptic Gregorian calendar in days, by Howard Hinnant's `civil_from_days`: JavaScript's Date ends in the year 275,760, PostgreSQL's later.
 * @param days since 2000-01-01
 */
function dayText(days: number): { readonly text: string; readonly era: '' | ' BC' } {
  const z = days + EPOCH_DAYS + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1;
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const shown = year > 0 ? year : 1 - year;
  return { text: `${shown.toString().padStart(4, '0')}-${two(month)}-${two(day)}`, era: year > 0 ? '' : ' BC' };
}

/** @returns days since 2000-01-01 */
function dayNumber(text: string): number {
  const [, y = '', m = '', d = '', bc] = /^(\d+)-(\d\d)-(\d\d)( BC)?$/.exec(text) ?? [];
  const month = Number(m);
  const day = Number(d);
  if (y === '' || month < 1 || month > 12 || day < 1 || day > 31) throw new RangeError('not a date');
  const astronomical = bc === undefined ? Number(y) : 1 - Number(y);
  const year = month <= 2 ? astronomical - 1 : astronomical;
  const era = Math.floor(year / 400);
  const yearOfEra = year - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468 - EPOCH_DAYS;
}
