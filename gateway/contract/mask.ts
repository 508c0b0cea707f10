import type { OutputFact } from './command-postgres.ts';
import { maskMethods, type MaskMethod } from './decision.ts';
import { namesDetector } from './detector.ts';
import { namesPattern } from './pattern.ts';

/**
 * What a column's text form looks like, so that a masked value still parses as its type. `row`: of a composite each field becomes NULL.
 * `other`: only NULL is safe.
 */
export const valueShapes = [
  'text',
  'integer',
  'decimal',
  'boolean',
  'date',
  'timestamp',
  'timestamptz',
  'time',
  'timetz',
  'uuid',
  'json',
  'bytes',
  'interval',
  'money',
  'bit',
  'varbit',
  'network',
  'macaddr',
  'xml',
  'range',
  'multirange',
  'hstore',
  'row',
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
  /**
   * Set where a value is rewritten as a whole, into something that no `room` tells beforehand; then `write` only ever makes it NULL.
   * @throws MaskImpossible when the value is not what it is said to be
   */
  readonly rewrite?: (value: Buffer) => Buffer;
  /**
   * Set where many values are masked together at a fraction of what they cost one by one: what `write` says of each, in the same order.
   * @throws MaskImpossible when there are too many bytes for one buffer
   */
  readonly column?: (values: Values) => Values;
}

/** Values that lie in one buffer: the one at `i` is `bytes[starts[i], ends[i])`, and NULL where it would end before it starts. */
export interface Values {
  readonly bytes: Buffer;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly count: number;
}

/** A mask for a column, or undefined where the column may pass as it is. */
export type ColumnMasks = readonly (CellMask | undefined)[];

/** Whether what a mask is for is a label, and not what a detector or a pattern finds. */
export function namesLabel(masked: string): boolean {
  return !namesDetector(masked) && !namesPattern(masked);
}

/** How one output column leaves. */
export interface ColumnMask {
  readonly label: string;
  readonly method: MaskMethod;
}

/**
 * The most private of the methods that a column's labels ask for; undefined where none does. What was computed leaves redacted at least:
 * of a part of a value, or of several together, a milder method could leave what it hides of the whole.
 * @param masks method by label, as decided
 */
export function columnMask(
  output: OutputFact | undefined,
  masks: { readonly [label: string]: MaskMethod },
): ColumnMask | undefined {
  let found: ColumnMask | undefined;
  for (const label of output?.labels ?? []) {
    const wanted = masks[label];
    if (wanted === undefined) continue;
    const method = output?.transform === 'plain' ? wanted : morePrivate(wanted, 'redact');
    if (!found || morePrivate(method, found.method) !== found.method) found = { label, method };
  }
  return found;
}

/** The more private of two methods. */
export function morePrivate(a: MaskMethod, b: MaskMethod): MaskMethod {
  return maskMethods.indexOf(a) < maskMethods.indexOf(b) ? a : b;
}
