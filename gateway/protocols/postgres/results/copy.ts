import type { ColumnMasks } from '../../../contract/mask.ts';
import { MaskImpossible, type RowBatch } from '../../../contract/result.ts';
import { lengthAt, type Frame } from '../codec/frames.ts';
import { BinaryCopy } from './copy-binary.ts';
import { CsvCopy } from './copy-csv.ts';
import { inColumns } from './columns.ts';
import type { CopyRewriter, CopyShape } from './copy-shape.ts';
import { TextCopy } from './copy-text.ts';
import { Sink } from './sink.ts';

/** Bytes of a CopyData message before its payload. */
const HEADER_BYTES = 5;

/**
 * A run of CopyData messages from COPY TO STDOUT. The server sends one message for each row: postgresql.org/docs/current/protocol-flow.html#PROTOCOL-COPY
 * (a header line is one of its own, and the binary format has a header and a trailer, which count as rows here: limits err on the strict side).
 */
export class CopyRows implements RowBatch {
  readonly rows: number;
  readonly #frame: Frame;
  readonly #shape: CopyShape;
  readonly #isFirst: boolean;

  /** @param isFirst whether the run begins with the first message of its COPY */
  constructor(frame: Frame, rows: number, shape: CopyShape, isFirst: boolean) {
    this.#frame = { tag: frame.tag, buffer: frame.buffer, start: frame.start, end: frame.end };
    this.rows = rows;
    this.#shape = shape;
    this.#isFirst = isFirst;
  }

  get bytes(): number {
    return this.#frame.end - this.#frame.start;
  }

  masked(masks: ColumnMasks): CopyRows {
    if (!masks.some((mask) => mask !== undefined)) return this;
    const rewritten = (given: ColumnMasks) => this.#rewritten(given);
    return inColumns(masks, rewritten, rewritten);
  }

  #rewritten(masks: ColumnMasks): CopyRows {
    const { tag, buffer, start, end } = this.#frame;
    const rewriter = rewriterOf(this.#shape, masks);
    const sink = new Sink(this.bytes + (this.bytes >> 3) + 64);
    let rows = 0;
    for (let at = start; at < end; rows++) {
      const next = at + 1 + lengthAt(buffer, at);
      if (next > end) throw new MaskImpossible('a row of COPY is longer than the run');
      const lengthPlace = sink.at + 1;
      sink.copy(buffer, at, at + HEADER_BYTES);
      if (rows === 0 && this.#isFirst) rewriter.first(buffer, at + HEADER_BYTES, next, sink);
      else rewriter.row(buffer, at + HEADER_BYTES, next, sink);
      sink.int32At(lengthPlace, sink.at - lengthPlace);
      at = next;
    }
    if (rows !== this.rows) throw new MaskImpossible('there are not as many rows as promised');
    return new CopyRows({ tag, buffer: sink.buffer, start: 0, end: sink.at }, rows, this.#shape, this.#isFirst);
  }

  first(n: number): CopyRows {
    const { buffer, start } = this.#frame;
    let at = start;
    for (let i = 0; i < Math.min(n, this.rows); i++) at += 1 + lengthAt(buffer, at);
    return new CopyRows({ ...this.#frame, end: at }, Math.min(n, this.rows), this.#shape, this.#isFirst);
  }

  /** One text for each row, as it is written; of the binary format in hex. */
  texts(maxBytes: number): readonly (readonly (string | null)[])[] {
    const { buffer, start, end } = this.#frame;
    const isBinary = this.#shape.layout?.format === 'binary';
    const rows: string[][] = [];
    let left = maxBytes;
    for (let at = start; at < end && left > 0;) {
      const next = at + 1 + lengthAt(buffer, at);
      const payload = buffer.subarray(at + HEADER_BYTES, next);
      rows.push([isBinary ? `\\x${payload.toString('hex')}` : payload.toString('utf8').replace(/\n$/, '')]);
      left -= next - at;
      at = next;
    }
    return rows;
  }

  wire(): Buffer {
    return this.#frame.buffer.subarray(this.#frame.start, this.#frame.end);
  }
}

/** One COPY TO STDOUT while its rows come. */
export class CopyOut {
  readonly shape: CopyShape;
  #hasBegun = false;

  constructor(shape: CopyShape) {
    this.shape = shape;
  }

  /** The next run of its rows. */
  next(frame: Frame, rows: number): CopyRows {
    const run = new CopyRows(frame, rows, this.shape, !this.#hasBegun);
    this.#hasBegun = true;
    return run;
  }
}

function rewriterOf({ layout, columns }: CopyShape, masks: ColumnMasks): CopyRewriter {
  if (masks.length !== columns.length) throw new MaskImpossible('there are not as many masks as columns');
  if (layout === undefined) throw new MaskImpossible('this COPY cannot be masked');
  switch (layout.format) {
    case 'text':
      return new TextCopy(layout, columns, masks);
    case 'csv':
      return new CsvCopy(layout, columns, masks);
    case 'binary':
      return new BinaryCopy(columns, masks);
    default:
      return layout satisfies never;
  }
}
