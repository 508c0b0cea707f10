import type { Spread } from './statistics.ts';

/** What is asked of a row. */
export interface Target {
  readonly kind: 'at-least' | 'below';
  readonly value: number;
  /** Of the median, unless every round has to keep it. */
  readonly of?: 'max';
}

/** `krows/s`: thousand rows a second. */
export type Unit = '×' | 'ms' | 'µs' | 'KiB' | 'MiB' | 'MB/s' | 'krows/s' | 'per s';

/** One line of a table: a figure over the rounds, and what was asked of it. */
export interface Row {
  readonly measure: string;
  readonly unit: Unit;
  readonly spread: Spread;
  readonly target?: Target;
}

/** What one kind of work gave. */
export interface Section {
  readonly title: string;
  /** How it was measured, in a sentence. */
  readonly method: string;
  /** Against peers of the same run. */
  readonly rows: readonly Row[];
  /** The figures behind the rows, this machine's own. */
  readonly figures: readonly Row[];
  /** What could not be measured here, and why. */
  readonly skipped: readonly string[];
}

export type Verdict = 'met' | 'missed' | 'none';

export function verdictOf({ spread, target }: Row): Verdict {
  if (target === undefined) return 'none';
  const value = spread[target.of ?? 'median'];
  switch (target.kind) {
    case 'at-least':
      return value >= target.value ? 'met' : 'missed';
    case 'below':
      return value < target.value ? 'met' : 'missed';
    default:
      return target.kind satisfies never;
  }
}
