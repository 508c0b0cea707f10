import { MaskImpossible } from '../../../contract/result.ts';

/**
 * A composite value with as many fields, each of them NULL: postgresql.org/docs/current/rowtypes.html#ROWTYPES-IO-SYNTAX
 * @throws MaskImpossible for what is no composite
 */
export function emptyRowText(value: Buffer): Buffer {
  let commas = 0;
  let inQuotes = false;
  let at = 0;
  for (; at < value.length; at++) {
    const byte = value[at];
    if (byte === BACKSLASH) at++;
    else if (byte === QUOTE) inQuotes = !inQuotes;
    else if (inQuotes) continue;
    else if (byte === COMMA) commas++;
    else if ((byte === OPEN) !== (at === 0) || (byte === CLOSE) !== (at === value.length - 1)) break;
  }
  // Two quotes inside of quotes end them and begin them again: so what is outside of them is found all the same.
  if (at !== value.length || inQuotes || value[0] !== OPEN) throw new MaskImpossible('a value is no composite');
  return Buffer.from(`(${','.repeat(commas)})`);
}

const [QUOTE, OPEN, CLOSE, COMMA, BACKSLASH] = [0x22, 0x28, 0x29, 0x2c, 0x5c];

/** Bytes of a field before its value: its type, its length. */
const FIELD_BYTES = 8;

/** The same for the binary form: the number of fields, and each with its type and length (record_send in src/backend/utils/adt/rowtypes.c). */
export function emptyRowBinary(value: Buffer): Buffer {
  const count = value.length < 4 ? -1 : value.readInt32BE(0);
  if (count < 0 || count > (value.length - 4) / FIELD_BYTES) throw new MaskImpossible('a value is no composite');
  const row = Buffer.alloc(4 + FIELD_BYTES * count);
  row.writeInt32BE(count);
  let at = 4;
  for (let i = 0; i < count; i++) {
    if (value.length - at < FIELD_BYTES) throw new MaskImpossible('a composite ends inside a field');
    const length = value.readInt32BE(at + 4);
    value.copy(row, 4 + FIELD_BYTES * i, at, at + 4);
    row.writeInt32BE(-1, 8 + FIELD_BYTES * i);
    at += FIELD_BYTES + Math.max(0, length);
  }
  if (at !== value.length) throw new MaskImpossible('a composite is longer than its fields');
  return row;
}
