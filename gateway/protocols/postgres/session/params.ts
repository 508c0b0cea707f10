import { type Format, formatOf } from '../codec/frontend.ts';
import { valueText } from '../types/types.ts';

/** Bind parameters in text form, as facts and for the recording. A binary value whose type has no codec comes as `\x` hex. */
export function paramTexts(
  values: readonly (Buffer | null)[],
  formats: readonly Format[],
  types: readonly number[],
): readonly (string | null)[] {
  return values.map((value, i) => {
    if (value === null) return null;
    if (formatOf(formats, i) === 0) return value.toString('utf8');
    return valueText(value, 1, types[i] ?? 0);
  });
}
