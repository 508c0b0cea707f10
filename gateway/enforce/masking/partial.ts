import type { CellMask, ValueShape } from '../../contract/mask.ts';
import { readCalendar, type CalendarShape } from './calendar.ts';
import { cell, isHexDigit, nothing, put, sqlNull, type Write } from './cell.ts';
import { labelKind, type LabelKind } from './label-kind.ts';
import { lastDigitsOfNumber, partialNumber } from './partial-number.ts';
import { partialCard, partialEmail, partialIban, partialPhone, partialSsn, partialText } from './partial-text.ts';
import { partialNetwork } from './network.ts';
import { anyNetwork, emptyJson, isMacAddress, nilUuid, redactMask } from './redact.ts';

/** Keeps the part that the README of this folder states for the label and the shape, and nothing else. */
export function partialMask(label: string, shape: ValueShape): CellMask {
  const kind = labelKind(label);
  switch (shape) {
    case 'text':
      return cell('partial', 8, 3, textForms[kind]);
    case 'integer':
    case 'decimal':
      return cell('partial', 1, 0, numberForms[kind]);
    case 'date':
    case 'timestamp':
    case 'timestamptz':
      return cell('partial', 0, 16, yearOnly(shape));
    case 'uuid':
      return cell('partial', nilUuid.length, 0, lastFourOfUuid);
    case 'json':
      return cell('partial', 5, 0, emptyJson);
    case 'network':
      return cell('partial', anyNetwork.length, 4, partialNetwork);
    case 'macaddr':
      return cell('partial', 0, 0, vendorOnly);
    case 'boolean':
    case 'time':
    case 'timetz':
    case 'bytes':
    case 'interval':
    case 'money':
    case 'bit':
    case 'varbit':
    case 'xml':
    case 'range':
    case 'multirange':
    case 'hstore':
      // No part of these is both useful and harmless.
      return { ...redactMask(shape), method: 'partial' };
    case 'row':
    case 'other':
      return nothing('partial');
    default:
      return shape satisfies never;
  }
}

const textForms: Readonly<Record<LabelKind, Write>> = {
  card: partialCard,
  ssn: partialSsn,
  phone: partialPhone,
  iban: partialIban,
  email: partialEmail,
  any: partialText,
};

const numberForms: Readonly<Record<LabelKind, Write>> = {
  card: lastDigitsOfNumber(4, 12, 19),
  ssn: lastDigitsOfNumber(4, 9, 9),
  phone: lastDigitsOfNumber(2, 7, 15),
  iban: partialNumber,
  email: partialNumber,
  any: partialNumber,
};

const restOfYear = {
  date: Buffer.from('-01-01'),
  timestamp: Buffer.from('-01-01 00:00:00'),
} as const;
const zone = Buffer.from('+00');
const era = Buffer.from(' BC');

function yearOnly(shape: Exclude<CalendarShape, 'time' | 'timetz'>): Write {
  return (source, start, end, target, at) => {
    const form = readCalendar(shape, source, start, end);
    if (!form) return sqlNull;
    for (let i = 0; i < form.yearBytes; i++) target[at + i] = source[start + i] ?? 0;
    let to = at + form.yearBytes;
    to += put(restOfYear[shape === 'date' ? 'date' : 'timestamp'], target, to);
    if (form.zoned) to += put(zone, target, to);
    if (form.beforeChrist) to += put(era, target, to);
    return to - at;
  };
}

/** The first three bytes say who made the device. */
const vendorBytes = 'aa:bb:cc'.length;

function vendorOnly(source: Buffer, start: number, end: number, target: Buffer, at: number): number {
  if (!isMacAddress(source, start, end)) return sqlNull;
  for (let i = 0; i < end - start; i++)
    target[at + i] = i <= vendorBytes || i % 3 === 2 ? (source[start + i] ?? 0) : 0x30;
  return end - start;
}

const nil = Buffer.from(nilUuid);

function lastFourOfUuid(source: Buffer, start: number, end: number, target: Buffer, at: number): number {
  put(nil, target, at);
  if (end - start === nil.length) {
    for (let i = nil.length - 4; i < nil.length; i++) {
      const byte = source[start + i] ?? 0;
      if (isHexDigit(byte)) target[at + i] = byte;
    }
  }
  return nil.length;
}
