/** What several rounds of one measurement say. The distance between least and most is the noise. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** @throws RangeError for no values: nothing measured is no result */
export function spreadOf(values: readonly number[]): Spread {
  return { min: Math.min(...values), median: median(values), max: Math.max(...values) };
}

/** The middle one, or the mean of the middle two. @throws RangeError for no values */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  if (upper === undefined || lower === undefined) throw new RangeError('no values, no median');
  return (lower + upper) / 2;
}

/** The value that a share of all are not above: 0.99 for p99. @throws RangeError for no values */
export function quantile(values: readonly number[], share: number): number {
  const at = values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1];
  if (at === undefined) throw new RangeError('no values, no quantile');
  return at;
}

/** Round by round `a / b`: what two peers met in the same round, they met under the same load. */
export function ratios(a: readonly number[], b: readonly number[]): readonly number[] {
  return paired(a, b, (x, y) => x / y);
}

/** Round by round `a - b`. */
export function differences(a: readonly number[], b: readonly number[]): readonly number[] {
  return paired(a, b, (x, y) => x - y);
}

function paired(
  a: readonly number[],
  b: readonly number[],
  combine: (x: number, y: number) => number,
): readonly number[] {
  if (a.length !== b.length) throw new RangeError(`${String(a.length)} rounds against ${String(b.length)}`);
  return a.flatMap((x, i) => {
    const y = b[i];
    return y === undefined ? [] : [combine(x, y)];
  });
}
