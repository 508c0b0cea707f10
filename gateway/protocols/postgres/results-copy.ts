import { MaskImpossible, type RowBatch } from '../../contract/result.ts';
import { lengthAt, type Frame } from './frames.ts';

/** Bytes of a CopyData message before its payload. */
const HEADER_BYTES = 5;

/**
 * A run of CopyData messages from COPY TO STDOUT. The server sends one message for each row: postgresql.org/docs/current/protocol-flow.html#PROTOCOL-COPY
 * (the binary format adds a header and a trailer of their own, which count as rows here: limits err on the strict side).
 */
export class CopyRows implements RowBatch {
  readonly rows: number;
  readonly #frame: Frame;

  constructor(frame: Frame, rows: number) {
    this.#frame = { tag: frame.tag, buffer: frame.buffer, start: frame.start, end: frame.end };
    this.rows = rows;
  }

  get bytes(): number {
    return this.#frame.end - this.#frame.start;
  }

  /** COPY of a labelled column is refused before it is sent; if one gets here all the same, nothing of it passes. */
  masked(): never {
    throw new MaskImpossible('COPY data cannot be masked');
  }

  first(n: number): CopyRows {
    const { buffer, start } = this.#frame;
    let at = start;
    for (let i = 0; i < Math.min(n, this.rows); i++) at += 1 + lengthAt(buffer, at);
    return new CopyRows({ ...this.#frame, end: at }, Math.min(n, this.rows));
  }

  texts(maxBytes: number): readonly (readonly (string | null)[])[] {
    const { buffer, start, end } = this.#frame;
    const rows: string[][] = [];
    let left = maxBytes;
    for (let at = start; at < end && left > 0;) {
      const next = at + 1 + lengthAt(buffer, at);
      rows.push([buffer.toString('utf8', at + HEADER_BYTES, next).replace(/\n$/, '')]);
      left -= next - at;
      at = next;
    }
    return rows;
  }

  wire(): Buffer {
    return this.#frame.buffer.subarray(this.#frame.start, this.#frame.end);
  }
}
