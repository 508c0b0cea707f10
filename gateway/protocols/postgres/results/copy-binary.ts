import type { CellMask, ColumnMasks } from '../../../contract/mask.ts';
import { type CopyColumn, type CopyRewriter, strange } from './copy-shape.ts';
import type { Sink } from './sink.ts';
import { isMaskedApart, maskApart } from './value.ts';

/** postgresql.org/docs/current/sql-copy.html, "Binary Format". */
const signature = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');
/** Signature, flags and the length of an extension, of which there is none yet. */
const HEADER_BYTES = signature.length + 8;
const noFlags = Buffer.alloc(8);
const TRAILER_FIELDS = 0xffff;

/** Rows of the binary format: a count of fields, and each field with its length. */
export class BinaryCopy implements CopyRewriter {
  readonly #columns: readonly CopyColumn[];
  readonly #masks: ColumnMasks;

  constructor(columns: readonly CopyColumn[], masks: ColumnMasks) {
    this.#columns = columns;
    this.#masks = masks;
  }

  /** The server sends the header together with the first row, or with the trailer where there is none. */
  first(source: Buffer, from: number, to: number, sink: Sink): void {
    const behind = from + HEADER_BYTES;
    const isHeader =
      behind <= to &&
      source.compare(signature, 0, signature.length, from, from + signature.length) === 0 &&
      source.compare(noFlags, 0, noFlags.length, from + signature.length, behind) === 0;
    if (!isHeader) throw strange('has a header that is not known');
    sink.copy(source, from, behind);
    if (behind < to) this.row(source, behind, to, sink);
  }

  row(source: Buffer, from: number, to: number, sink: Sink): void {
    if (to - from < 2) throw strange('ends inside its count of fields');
    const count = source.readUInt16BE(from);
    const isTrailer = count === TRAILER_FIELDS && to - from === 2;
    if (!isTrailer && count !== this.#masks.length) throw strange('does not have the promised columns');
    sink.copy(source, from, from + 2);
    let at = from + 2;
    for (let i = 0; i < count && !isTrailer; i++) {
      if (to - at < 4) throw strange('ends inside a field');
      const length = source.readInt32BE(at);
      const start = at + 4;
      const end = start + Math.max(0, length);
      if (length < -1 || end > to) throw strange('has a field that is longer than itself');
      const mask = this.#masks[i];
      if (mask === undefined || length < 0) sink.copy(source, at, end);
      else this.#write(mask, this.#columns[i]?.typeOid ?? 0, source, start, end, sink);
      at = end;
    }
    if (at !== to) throw strange('is longer than its fields');
  }

  #write(mask: CellMask, typeOid: number, source: Buffer, from: number, to: number, sink: Sink): void {
    if (isMaskedApart(mask, typeOid, 1)) {
      const value = maskApart(mask, typeOid, 1, source.subarray(from, to));
      sink.reserve(4);
      sink.int32At(sink.at, value?.length ?? -1);
      sink.at += 4;
      if (value) sink.copy(value, 0, value.length);
      return;
    }
    sink.reserve(4 + mask.room(to - from));
    const bytes = mask.write(source, from, to, sink.buffer, sink.at + 4);
    sink.int32At(sink.at, bytes);
    sink.at += 4 + Math.max(0, bytes);
  }
}
