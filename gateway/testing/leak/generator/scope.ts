import type { Type } from './schema.ts';
import type { Tape } from './tape.ts';

/** A column that an expression can name. */
export interface Visible {
  /** As written: `c.ssn`. */
  readonly text: string;
  readonly type: Type;
  readonly labelled: boolean;
}

/** What is in sight where an expression stands. */
export interface Sight {
  readonly tape: Tape;
  readonly columns: readonly Visible[];
  /** Names of whole rows. */
  readonly rows: readonly string[];
  /** Queries that WITH has named. */
  readonly named: readonly Relation[];
  /** Queries inside this one that may still be made. */
  readonly depth: number;
  /** How often in a hundred a column is a labelled one, where there are any: much in an output, seldom in a condition. */
  readonly labelledOdds: number;
  /** A query to stand inside an expression: an expression can hold one, which holds expressions. */
  readonly query: (sight: Sight, wanted?: readonly Type[]) => Query;
  /** Counts up, for names that nothing else has. */
  readonly names: { next: number };
}

export interface OutputColumn {
  readonly name: string;
  readonly type: Type;
  readonly labelled: boolean;
}

/** Something FROM can name. */
export interface Relation {
  readonly name: string;
  readonly columns: readonly OutputColumn[];
}

/** A query and what it brings. */
export interface Query {
  readonly text: string;
  readonly columns: readonly OutputColumn[];
}

export function fresh(sight: Sight, prefix: string): string {
  sight.names.next += 1;
  return `${prefix}${String(sight.names.next)}`;
}

/** Inside a condition, a key or another place where a labelled column is a mistake. */
export function guarded(sight: Sight): Sight {
  return { ...sight, labelledOdds: Math.min(sight.labelledOdds, guardedOdds) };
}

const guardedOdds = 3;
