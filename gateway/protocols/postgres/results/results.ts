import type { CellMask, ColumnMasks } from '../../../contract/mask.ts';
import { MaskImpossible } from '../../../contract/result.ts';
import type { Field, RowBatch } from '../../../contract/result.ts';
import type { PgField } from '../codec/backend.ts';
import type { Doubts } from '../catalog/witness.ts';
import { type Frame, lengthAt } from '../codec/frames.ts';
import { formatOf } from '../codec/frontend.ts';
import type { Format } from '../codec/frontend.ts';
import { inColumns } from './columns.ts';
import { isMaskedApart, maskApart } from './value.ts';
import { shapeOf, valueText } from '../types/types.ts';

/** What a row's bytes mean, column by column. */
export type RowColumns = readonly Pick<PgField, 'typeOid' | 'format'>[];

/** The fields as enforcement sees them. @param doubts by position; see `TargetCatalog.doubts` */
export function contractFields(fields: readonly PgField[], doubts: Doubts = new Map()): readonly Field[] {
  return fields.map(({ name, typeOid, typeModifier }, i) => {
    const doubt = doubts.get(i)?.labels;
    return { name, shape: shapeOf(typeOid, typeModifier), ...(doubt ? { doubt } : {}) };
  });
}

/** The columns of a portal: types from the statement's RowDescription, formats as Bind asked for them. */
export function rowColumns(fields: readonly PgField[], resultFormats: readonly Format[]): RowColumns {
  return fields.map((field, i) => ({ typeOid: field.typeOid, format: formatOf(resultFormats, i) }));
}

/** Bytes of a DataRow before its first value: tag, length, column count. */
const ROW_HEADER_BYTES = 7;

/**
 * A run of whole DataRow messages, one behind the other in `buffer[start, end)`: postgresql.org/docs/current/protocol-message-formats.html
 * The bytes are never changed; masking writes new ones. `rows` is the framer's count.
 */
export class PgRows implements RowBatch {
  readonly columns: RowColumns;
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
  readonly rows: number;

  constructor(columns: RowColumns, buffer: Buffer, start: number, end: number, rows: number) {
    this.columns = columns;
    this.buffer = buffer;
    this.start = start;
    this.end = end;
    this.rows = rows;
  }

  get bytes(): number {
    return this.end - this.start;
  }

  wire(): Buffer {
    return this.buffer.subarray(this.start, this.end);
  }

  first(n: number): PgRows {
    if (n >= this.rows) return this;
    let at = this.start;
    for (let i = 0; i < n; i++) at += 1 + lengthAt(this.buffer, at);
    return new PgRows(this.columns, this.buffer, this.start, at, n);
  }

  masked(masks: ColumnMasks): PgRows {
    if (!masks.some((mask) => mask !== undefined)) return this;
    return inColumns(
      masks,
      (gathering) => new Rewrite(this, gathering, 0).gather(),
      (given) => new Rewrite(this, given, this.bytes + (this.bytes >> 3) + 64).run(),
    );
  }

  /** @throws MaskImpossible when a row does not have the promised columns */
  texts(maxBytes: number): readonly (readonly (string | null)[])[] {
    const rows: (string | null)[][] = [];
    let left = maxBytes;
    for (let at = this.start; at < this.end && left > 0;) {
      const end = rowEnd(this.buffer, at, this.end, this.columns.length);
      const row: (string | null)[] = [];
      let cell = at + ROW_HEADER_BYTES;
      for (const column of this.columns) {
        const from = cell + 4;
        const length = from > end ? -2 : lengthAt(this.buffer, cell - 1) | 0;
        cell = from + Math.max(0, length);
        if (cell > end || length < -1) throw new MaskImpossible('a value is longer than its row');
        row.push(length < 0 ? null : cellText(this.buffer, from, cell, column));
        left -= Math.max(0, length);
      }
      if (cell !== end) throw new MaskImpossible('a row is longer than its columns');
      rows.push(row);
      at = end;
    }
    return rows;
  }
}

/** For reading only, so bytes that are no UTF-8, which a SQL_ASCII database can hold, are shown as far as they can be. */
function cellText(buffer: Buffer, from: number, to: number, column: RowColumns[number]): string {
  if (column.format === 0) return buffer.toString('utf8', from, to);
  return valueText(buffer.subarray(from, to), 1, column.typeOid);
}

/**
 * Where the row at `at` ends.
 * @throws MaskImpossible when it does not end inside the run or has another number of columns
 */
function rowEnd(buffer: Buffer, at: number, runEnd: number, columns: number): number {
  const end = runEnd - at < ROW_HEADER_BYTES ? 0 : at + 1 + lengthAt(buffer, at);
  const isWhole = end >= at + ROW_HEADER_BYTES && end <= runEnd;
  if (!isWhole || ((byte(buffer, at + 5) << 8) | byte(buffer, at + 6)) !== columns)
    throw new MaskImpossible('a row does not have the promised columns');
  return end;
}

/**
 * One pass over a run that copies what may pass and writes masked cells in between. No object per row or cell: this runs for every row of a
 * masked result. Any row that is not exactly what was promised stops it.
 */
class Rewrite {
  readonly #rows: PgRows;
  readonly #masks: ColumnMasks;
  /** Columns whose values are masked in a buffer of their own. */
  readonly #apart: readonly boolean[];
  /** Only shows the values to their masks. */
  #isGathering = false;
  #target: Buffer;
  /** Where the next byte goes. */
  #at = 0;
  /** Source bytes before this one are in the target or were masked away. */
  #copied: number;

  /** @param room bytes that the result will probably have */
  constructor(rows: PgRows, masks: ColumnMasks, room: number) {
    this.#rows = rows;
    this.#masks = masks;
    this.#apart = rows.columns.map(({ typeOid, format }, i) => isMaskedApart(masks[i], typeOid, format));
    this.#copied = rows.start;
    this.#target = Buffer.allocUnsafe(room);
  }

  run(): PgRows {
    const { columns, buffer, end } = this.#rows;
    const count = this.#all();
    this.#copy(buffer, end);
    return new PgRows(columns, this.#target, 0, this.#at, count);
  }

  gather(): void {
    this.#isGathering = true;
    this.#all();
  }

  /** @returns how many rows there are */
  #all(): number {
    const { columns, start, end } = this.#rows;
    if (this.#masks.length !== columns.length) throw new MaskImpossible('there are not as many masks as columns');
    let count = 0;
    for (let at = start; at < end; count++) at = this.#row(at);
    if (count !== this.#rows.rows) throw new MaskImpossible('there are not as many rows as promised');
    return count;
  }

  /** @returns where the next row starts */
  #row(at: number): number {
    const { columns, buffer, end } = this.#rows;
    const masks = this.#masks;
    const count = columns.length;
    const to = rowEnd(buffer, at, end, count);
    // Where the row will begin in the target: what is not copied yet goes there unchanged.
    const rowAt = this.#at + at - this.#copied;
    let growth = 0;
    let cell = at + ROW_HEADER_BYTES;
    for (let i = 0; i < count; i++) {
      const from = cell + 4;
      if (from > to) throw new MaskImpossible('a row ends inside a column');
      const length = lengthAt(buffer, cell - 1) | 0;
      cell = length > 0 ? from + length : from;
      if (cell > to || length < -1) throw new MaskImpossible('a value is longer than its row');
      const mask = masks[i];
      if (mask !== undefined && length >= 0) growth += this.#cell(mask, i, from, cell) - length;
    }
    if (cell !== to) throw new MaskImpossible('a row is longer than its columns');
    if (growth !== 0) {
      this.#copy(buffer, to);
      writeLength(this.#target, rowAt + 1, to - at - 1 + growth);
    }
    return to;
  }

  /** Writes the masked form of `source[from, to)`. @returns its bytes, 0 for NULL; as many as there were where nothing is written */
  #cell(mask: CellMask, i: number, from: number, to: number): number {
    const { columns, buffer } = this.#rows;
    const column = columns[i];
    if (this.#isGathering) {
      if (column && this.#apart[i]) maskApart(mask, column.typeOid, column.format, buffer.subarray(from, to));
      else mask.write(buffer, from, to, this.#target, 0);
      return to - from;
    }
    this.#copy(buffer, from - 4);
    if (column && this.#apart[i]) {
      const value = maskApart(mask, column.typeOid, column.format, buffer.subarray(from, to));
      this.#reserve(value === null ? 4 : 4 + value.length);
      if (value !== null) value.copy(this.#target, this.#at + 4);
      return this.#written(value === null ? -1 : value.length, to);
    }
    this.#reserve(4 + mask.room(to - from));
    return this.#written(mask.write(buffer, from, to, this.#target, this.#at + 4), to);
  }

  #written(length: number, to: number): number {
    writeLength(this.#target, this.#at, length);
    const bytes = length < 0 ? 0 : length;
    this.#at += 4 + bytes;
    this.#copied = to;
    return bytes;
  }

  /** Copies the source as it is up to `to`. */
  #copy(source: Buffer, to: number): void {
    const from = this.#copied;
    this.#reserve(to - from);
    const target = this.#target;
    let at = this.#at;
    // A call into the engine's copy costs more than a short loop.
    if (to - from < 48) for (let i = from; i < to; i++) target[at++] = byte(source, i);
    else at += source.copy(target, at, from, to);
    this.#at = at;
    this.#copied = to;
  }

  /** Makes room for `bytes` and for all of the source that may still follow. */
  #reserve(bytes: number): void {
    const needed = this.#at + bytes + this.#rows.end - this.#copied;
    if (needed <= this.#target.length) return;
    const grown = Buffer.allocUnsafe(needed + (needed >> 1));
    this.#target.copy(grown, 0, 0, this.#at);
    this.#target = grown;
  }
}

function writeLength(target: Buffer, at: number, length: number): void {
  target[at] = length >>> 24;
  target[at + 1] = length >>> 16;
  target[at + 2] = length >>> 8;
  target[at + 3] = length;
}

function byte(buffer: Buffer, at: number): number {
  return buffer[at] as number; // the callers have compared `at` with the row's end
}

/** For rows whose description nobody asked for: as many columns as the row has, of unknown type. */
export function columnsOfRow(frame: Frame, formats: readonly Format[]): RowColumns {
  const count = frame.end - frame.start < 7 ? 0 : frame.buffer.readUInt16BE(frame.start + 5);
  return Array.from({ length: count }, (_, i) => ({ typeOid: 0, format: formatOf(formats, i) }));
}
