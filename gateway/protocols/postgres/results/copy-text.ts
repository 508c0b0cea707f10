import type { CellMask, ColumnMasks } from '../../../contract/mask.ts';
import type { CopyTextLayout } from '../../../facts/sql/index.ts';
import { type CopyColumn, type CopyRewriter, nameMask, strange } from './copy-shape.ts';
import { Sink } from './sink.ts';
import { isMaskedApart, maskApart } from './value.ts';

const NEWLINE = 0x0a;
const BACKSLASH = 0x5c;
/** `\b` and the like, by their letters: CopyAttributeOutText in src/backend/commands/copyto.c. */
const controls: ReadonlyMap<number, number> = new Map(
  Object.entries({ b: 0x08, f: 0x0c, n: 0x0a, r: 0x0d, t: 0x09, v: 0x0b }).map(([letter, control]) => [
    letter.charCodeAt(0),
    control,
  ]),
);
const letters: ReadonlyMap<number, number> = new Map([...controls].map(([letter, control]) => [control, letter]));

/** Rows of the text format, each in one pass: fields without a mask are copied as they are written. */
export class TextCopy implements CopyRewriter {
  readonly #masks: ColumnMasks;
  readonly #names: ColumnMasks;
  readonly #hasHeader: boolean;
  readonly #delimiter: number;
  readonly #null: Buffer;
  /** Types of the columns whose values are masked in a buffer of their own. */
  readonly #apart: readonly (number | undefined)[];
  readonly #scratch = new Sink(256);

  constructor(layout: CopyTextLayout, columns: readonly CopyColumn[], masks: ColumnMasks) {
    this.#masks = masks;
    this.#names = columns.map(({ name }, i) => masks[i] && nameMask(name));
    this.#apart = columns.map(({ typeOid }, i) => (isMaskedApart(masks[i], typeOid, 0) ? typeOid : undefined));
    this.#hasHeader = layout.header;
    this.#delimiter = layout.delimiter.charCodeAt(0);
    this.#null = Buffer.from(layout.nullText);
  }

  first(source: Buffer, from: number, to: number, sink: Sink): void {
    if (this.#hasHeader) this.#fields(source, from, to, sink, this.#names, []);
    else this.row(source, from, to, sink);
  }

  row(source: Buffer, from: number, to: number, sink: Sink): void {
    this.#fields(source, from, to, sink, this.#masks, this.#apart);
  }

  #fields(
    source: Buffer,
    from: number,
    to: number,
    sink: Sink,
    masks: ColumnMasks,
    apart: readonly (number | undefined)[],
  ): void {
    const end = to - 1;
    if (end < from || source[end] !== NEWLINE) throw strange('does not end with its line');
    const delimiter = this.#delimiter;
    let at = from;
    for (let i = 0; i < masks.length; i++, at++) {
      const start = at;
      let isEscaped = false;
      for (; at < end; at++) {
        const byte = source[at];
        if (byte === delimiter) break;
        if (byte === NEWLINE) throw strange('has more than one line');
        if (byte !== BACKSLASH) continue;
        isEscaped = true;
        at++;
      }
      // Past the end: a backslash escaped the line's own end.
      const isLast = i === masks.length - 1;
      if (at > end || isLast !== (at === end)) throw strange('does not have the promised columns');
      const mask = masks[i];
      if (mask === undefined || this.#isNull(source, start, at)) sink.copy(source, start, at);
      else if (isEscaped) this.#escapedField(mask, apart[i], source, start, at, sink);
      else this.#write(mask, apart[i], source, start, at, sink);
      sink.byte(isLast ? NEWLINE : delimiter);
    }
    if (masks.length === 0 && from !== end) throw strange('does not have the promised columns');
  }

  #isNull(source: Buffer, from: number, to: number): boolean {
    const text = this.#null;
    return to - from === text.length && source.compare(text, 0, text.length, from, to) === 0;
  }

  #escapedField(mask: CellMask, apart: number | undefined, source: Buffer, from: number, to: number, sink: Sink): void {
    const value = this.#scratch;
    value.at = 0;
    for (let at = from; at < to; at++) {
      const byte = source[at] ?? 0;
      if (byte !== BACKSLASH) {
        value.byte(byte);
        continue;
      }
      const next = source[++at] ?? 0;
      const control = controls.get(next);
      if (control === undefined && next !== BACKSLASH && next !== this.#delimiter)
        throw strange('has an unknown escape');
      value.byte(control ?? next);
    }
    this.#write(mask, apart, value.buffer, 0, value.at, sink);
  }

  /** @param apart the type of a value that is not masked in place */
  #write(mask: CellMask, apart: number | undefined, source: Buffer, from: number, to: number, sink: Sink): void {
    if (apart !== undefined) return this.#put(maskApart(mask, apart, 0, source.subarray(from, to)) ?? undefined, sink);
    sink.reserve(mask.room(to - from));
    const start = sink.at;
    const bytes = mask.write(source, from, to, sink.buffer, start);
    if (bytes < 0) return this.#put(undefined, sink);
    for (let at = start; at < start + bytes; at++) {
      if (!this.#needsEscape(sink.buffer[at] ?? 0)) continue;
      return this.#put(Buffer.from(sink.buffer.subarray(start, start + bytes)), sink);
    }
    sink.at += bytes;
  }

  /** A value with its escapes, or what stands for NULL. */
  #put(value: Buffer | undefined, sink: Sink): void {
    if (value === undefined) return sink.copy(this.#null, 0, this.#null.length);
    for (const byte of value) this.#escaped(byte, sink);
  }

  #needsEscape(byte: number): boolean {
    return byte === BACKSLASH || byte === this.#delimiter || (byte < 0x20 && letters.has(byte));
  }

  #escaped(byte: number, sink: Sink): void {
    if (this.#needsEscape(byte)) sink.byte(BACKSLASH);
    sink.byte(letters.get(byte) ?? byte);
  }
}
