import type { MaskMethod } from './decision.ts';

/** What a column's text form looks like, so that a masked value still parses as its type. `other`: only NULL is safe. */
export const valueShapes = [
  'text',
  'integer',
  'decimal',
  'boolean',
  'date',
  'timestamp',
  'time',
  'uuid',
  'json',
  'bytes',
  'other',
] as const;
export type ValueShape = (typeof valueShapes)[number];

/**
 * Turns one value's text form into what may be shown. Writes into a buffer that the adapter owns, so a million rows make no garbage.
 * SQL NULL never gets here: it stays NULL.
 */
export interface CellMask {
  readonly method: MaskMethod;
  /** Bytes that an input of `inputBytes` can need at most. */
  room(inputBytes: number): number;
  /**
   * Writes the masked form of `source[start, end)` to `target` at `at`.
   * @returns bytes written, or -1 for NULL
   */
  write(source: Buffer, start: number, end: number, target: Buffer, at: number): number;
}

/** A mask for a column, or undefined where the column may pass as it is. */
export type ColumnMasks = readonly (CellMask | undefined)[];
