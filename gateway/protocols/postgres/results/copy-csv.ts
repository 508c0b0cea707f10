import type { CellMask, ColumnMasks } from '../../../contract/mask.ts';
import type { CopyTextLayout } from '../../../facts/sql/index.ts';
import { type CopyColumn, type CopyRewriter, nameMask, strange } from './copy-shape.ts';
import { Sink } from './sink.ts';
import { isMaskedApart, maskApart } from './value.ts';

const NEWLINE = 0x0a;
const RETURN = 0x0d;
/** Alone on a line it would end the data of older readers, so the server quotes it. */
const endOfData = Buffer.from('\\.');

/** What a masked field is besides its mask. */
interface Kind {
  /** Quoted whatever it holds. */
  readonly isForced: boolean;
  /** The type of a value that is not masked in place. */
  readonly apart: number | undefined;
}
const plain: Kind = { isForced: false, apart: undefined };

/**
 * Rows of the CSV format. What is masked is quoted anew, by what it is now: quotes that stay would tell that the value had a comma in it.
 * CopyAttributeOutCSV in src/backend/commands/copyto.c.
 */
export class CsvCopy implements CopyRewriter {
  readonly #masks: ColumnMasks;
  readonly #names: ColumnMasks;
  readonly #kinds: readonly Kind[];
  readonly #hasHeader: boolean;
  readonly #delimiter: number;
  readonly #quote: number;
  readonly #escape: number;
  readonly #null: Buffer;
  readonly #scratch = new Sink(256);

  constructor(layout: CopyTextLayout, columns: readonly CopyColumn[], masks: ColumnMasks) {
    const { forceQuote } = layout;
    this.#masks = masks;
    this.#names = columns.map(({ name }, i) => masks[i] && nameMask(name));
    this.#kinds = columns.map(({ name, typeOid }, i) => ({
      isForced: forceQuote.includes('*') || forceQuote.includes(name),
      apart: isMaskedApart(masks[i], typeOid, 0) ? typeOid : undefined,
    }));
    this.#hasHeader = layout.header;
    this.#delimiter = layout.delimiter.charCodeAt(0);
    this.#quote = layout.quote.charCodeAt(0);
    this.#escape = layout.escape.charCodeAt(0);
    this.#null = Buffer.from(layout.nullText);
  }

  first(source: Buffer, from: number, to: number, sink: Sink): void {
    if (this.#hasHeader) this.#fields(source, from, to, sink, this.#names, []);
    else this.row(source, from, to, sink);
  }

  row(source: Buffer, from: number, to: number, sink: Sink): void {
    this.#fields(source, from, to, sink, this.#masks, this.#kinds);
  }

  #fields(source: Buffer, from: number, to: number, sink: Sink, masks: ColumnMasks, kinds: readonly Kind[]): void {
    const end = to - 1;
    if (end < from || source[end] !== NEWLINE) throw strange('does not end with its line');
    let at = from;
    for (let i = 0; i < masks.length; i++, at++) {
      const start = at;
      const isQuoted = at < end && source[at] === this.#quote;
      at = isQuoted ? this.#quotedEnd(source, at, end) : this.#plainEnd(source, at, end);
      const isLast = i === masks.length - 1;
      if (isLast ? at !== end : at >= end || source[at] !== this.#delimiter)
        throw strange('does not have the promised columns');
      const mask = masks[i];
      if (mask === undefined || (!isQuoted && this.#isNull(source, start, at))) sink.copy(source, start, at);
      else if (isQuoted) this.#quotedField(mask, source, start + 1, at - 1, sink, kinds[i] ?? plain);
      else this.#write(mask, source, start, at, sink, kinds[i] ?? plain);
      sink.byte(isLast ? NEWLINE : this.#delimiter);
    }
    if (masks.length === 0 && from !== end) throw strange('does not have the promised columns');
  }

  #plainEnd(source: Buffer, from: number, end: number): number {
    let at = from;
    for (; at < end; at++) {
      const byte = source[at];
      if (byte === this.#delimiter) break;
      if (byte === this.#quote || byte === NEWLINE || byte === RETURN) throw strange('has a quote outside of quotes');
    }
    return at;
  }

  /** @returns where what follows the closing quote stands */
  #quotedEnd(source: Buffer, from: number, end: number): number {
    for (let at = from + 1; at < end; at++) {
      const byte = source[at];
      if (byte === this.#escape && at + 1 < end && this.#isEscaped(source[at + 1] ?? 0)) at++;
      else if (byte === this.#quote) return at + 1;
    }
    throw strange('ends inside quotes');
  }

  #isEscaped(byte: number): boolean {
    return byte === this.#quote || byte === this.#escape;
  }

  #isNull(source: Buffer, from: number, to: number): boolean {
    const text = this.#null;
    return to - from === text.length && source.compare(text, 0, text.length, from, to) === 0;
  }

  #quotedField(mask: CellMask, source: Buffer, from: number, to: number, sink: Sink, kind: Kind): void {
    const value = this.#scratch;
    value.at = 0;
    for (let at = from; at < to; at++) {
      if (source[at] === this.#escape && at + 1 < to && this.#isEscaped(source[at + 1] ?? 0)) at++;
      value.byte(source[at] ?? 0);
    }
    this.#write(mask, value.buffer, 0, value.at, sink, kind);
  }

  #write(mask: CellMask, source: Buffer, from: number, to: number, sink: Sink, kind: Kind): void {
    const { isForced, apart } = kind;
    if (apart !== undefined) {
      const value = maskApart(mask, apart, 0, source.subarray(from, to));
      if (value === null) return this.#putNull(sink);
      const needsQuotes = isForced || this.#needsQuotes(value, 0, value.length);
      return needsQuotes ? this.#putQuoted(value, sink) : sink.copy(value, 0, value.length);
    }
    sink.reserve(mask.room(to - from));
    const start = sink.at;
    const bytes = mask.write(source, from, to, sink.buffer, start);
    if (bytes < 0) return this.#putNull(sink);
    if (!isForced && !this.#needsQuotes(sink.buffer, start, start + bytes)) {
      sink.at += bytes;
      return;
    }
    this.#putQuoted(Buffer.from(sink.buffer.subarray(start, start + bytes)), sink);
  }

  #putNull(sink: Sink): void {
    sink.copy(this.#null, 0, this.#null.length);
  }

  #putQuoted(value: Buffer, sink: Sink): void {
    sink.byte(this.#quote);
    for (const byte of value) {
      if (this.#isEscaped(byte)) sink.byte(this.#escape);
      sink.byte(byte);
    }
    sink.byte(this.#quote);
  }

  #needsQuotes(buffer: Buffer, from: number, to: number): boolean {
    if (this.#isNull(buffer, from, to)) return true;
    for (let at = from; at < to; at++) {
      const byte = buffer[at];
      if (byte === this.#delimiter || byte === this.#quote || byte === NEWLINE || byte === RETURN) return true;
    }
    return this.#masks.length === 1 && buffer.subarray(from, to).equals(endOfData);
  }
}
