import type { CellMask, ValueShape } from '../../contract/mask.ts';
import { cell, constant, isHexDigit, nothing, put, sqlNull } from './cell.ts';

export const hiddenText = '***';
/** Every address there is; both an inet and a cidr. */
export const anyNetwork = '0.0.0.0/0';
export const nilUuid = '00000000-0000-0000-0000-000000000000';

/** A constant of the value's own type. Of the value itself it tells nothing; of a JSON document, only what its outermost kind is. */
export function redactMask(shape: ValueShape): CellMask {
  switch (shape) {
    case 'text':
      return constant('redact', hiddenText);
    case 'integer':
    case 'decimal':
      return constant('redact', '0');
    case 'boolean':
      return constant('redact', 'f');
    case 'uuid':
      return constant('redact', nilUuid);
    case 'bytes':
      return constant('redact', '\\x');
    case 'interval':
      return constant('redact', '00:00:00');
    case 'money':
      // Without a currency: which one it is, is the server's locale.
      return constant('redact', '0');
    case 'bit':
      return cell('redact', 0, 0, zeros);
    case 'date':
    case 'timestamp':
    case 'timestamptz':
    case 'time':
    case 'timetz':
      return constant('redact', epoch[shape]);
    case 'network':
      return constant('redact', anyNetwork);
    case 'macaddr':
      return cell('redact', 0, 0, zeroAddress);
    case 'xml':
      return constant('redact', '<redacted/>');
    case 'range':
      return constant('redact', 'empty');
    case 'multirange':
      return constant('redact', '{}');
    case 'varbit':
    case 'hstore':
      return constant('redact', '');
    case 'json':
      return cell('redact', 5, 0, emptyJson);
    case 'row':
    case 'other':
      return nothing('redact');
    default:
      return shape satisfies never;
  }
}

/** As many as there are: a column of bit(n) takes no other number. */
function zeros(_source: Buffer, start: number, end: number, target: Buffer, at: number): number {
  target.fill(0x30, at, at + end - start);
  return end - start;
}

/** A MAC address with six or eight bytes: digits become 0, what stands between them stays. */
function zeroAddress(source: Buffer, start: number, end: number, target: Buffer, at: number): number {
  if (!isMacAddress(source, start, end)) return sqlNull;
  for (let i = 0; i < end - start; i++) target[at + i] = i % 3 === 2 ? colon : 0x30;
  return end - start;
}

const colon = 0x3a;

/** `08:00:2b:01:02:03`, or eight such groups. */
export function isMacAddress(source: Buffer, start: number, end: number): boolean {
  if (end - start !== 17 && end - start !== 23) return false;
  for (let i = 0; i < end - start; i++) {
    const byte = source[start + i] ?? 0;
    if (i % 3 === 2 ? byte !== colon : !isHexDigit(byte)) return false;
  }
  return true;
}

/** The empty value of the document's outermost kind, so that code which expects an object still gets one. */
export function emptyJson(source: Buffer, start: number, end: number, target: Buffer, at: number): number {
  let first = start;
  while (first < end && (source[first] ?? 0) <= 0x20) first++;
  if (first === end) return sqlNull;
  switch (source[first]) {
    case 0x7b: // {
      return put(empty.object, target, at);
    case 0x5b: // [
      return put(empty.array, target, at);
    case 0x22: // "
      return put(empty.string, target, at);
    case 0x74: // true, false
    case 0x66:
      return put(empty.boolean, target, at);
    case 0x6e: // null
      return put(empty.null, target, at);
    default:
      return put(empty.number, target, at);
  }
}

const empty = {
  object: Buffer.from('{}'),
  array: Buffer.from('[]'),
  string: Buffer.from(`"${hiddenText}"`),
  boolean: Buffer.from('false'),
  null: Buffer.from('null'),
  number: Buffer.from('0'),
} as const;

/** Whatever the value was, `infinity` and other styles of dates too. A time stamp with a zone must keep one: drivers that expect it do not read the other form. */
const epoch = {
  date: '1970-01-01',
  timestamp: '1970-01-01 00:00:00',
  timestamptz: '1970-01-01 00:00:00+00',
  time: '00:00:00',
  timetz: '00:00:00+00',
} as const;
