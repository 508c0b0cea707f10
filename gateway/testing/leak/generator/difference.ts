import type { WireMessage } from '../../behaviour/wire.ts';
import { columnsOf } from '../conversation.ts';

/** Where two lists first differ, in words. */
export function difference(left: readonly string[], right: readonly string[]): string | undefined {
  const length = Math.max(left.length, right.length);
  const at = Array.from({ length }, (_, i) => i).find((i) => left[i] !== right[i]);
  return at === undefined ? undefined : `${shown(left[at])} and ${shown(right[at])}`;
}

/** What stands in place of a redacted text or document, whatever was there: in a column of JSON, and in its binary form. */
const redacted: ReadonlySet<string> = new Set(['***', '{}', '[]', '"***"', '\u0001{}', '\u0001[]', '\u0001"***"']);

/** An array without elements in its binary form: no dimensions, no flags, the type of the elements. */
const isEmptyArray = (value: string): boolean => value.length === 12 && value.startsWith('\0'.repeat(8));

/**
 * The first value that the gateway gives otherwise than the database does, masks apart: a value that is not the same in both databases is made
 * of labelled ones, and has to be another.
 */
export function otherRows(
  through: readonly WireMessage[],
  directA: readonly WireMessage[],
  directB: readonly WireMessage[],
): string | undefined {
  const [columns, a, b] = [through, directA, directB].map(columnsOf);
  if (!columns || !a || !b) return undefined;
  if (columns.length !== a.length) return `${String(columns.length)} columns and ${String(a.length)}`;
  for (const [i, values] of columns.entries()) {
    const [wanted = [], others = []] = [a[i], b[i]];
    if (values.length !== wanted.length) return `${String(values.length)} rows and ${String(wanted.length)}`;
    const at = values.findIndex(
      (value, row) =>
        value !== wanted[row] && wanted[row] === others[row] && !redacted.has(value) && !isEmptyArray(value),
    );
    if (at >= 0) return `${shown(values[at])} and ${shown(wanted[at])}`;
  }
  return undefined;
}

function shown(text: string | undefined): string {
  return text === undefined ? 'nothing' : JSON.stringify(text.slice(0, 200));
}
