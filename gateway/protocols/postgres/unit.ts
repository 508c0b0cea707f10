import type { CommandFacts, StatementFacts } from '../../facts/sql/index.ts';

/** One statement on its way: what was sent, and what it does once names are looked up. */
export interface Unit {
  readonly statement: StatementFacts;
  /** What runs: the statement itself, or the one behind EXECUTE and FETCH. */
  readonly behind: StatementFacts;
  /** Of what really runs: behind EXECUTE and FETCH stands another statement. */
  readonly facts: CommandFacts;
  readonly key: string;
  readonly text: string;
  readonly params: readonly (string | null)[];
  readonly recordText: string;
  /** The text with every literal and comment blanked. */
  readonly outline: string;
  readonly recordParams: readonly (string | null)[];
  /** `facts` as the recording may have them. */
  readonly recordFacts: CommandFacts;
  /** Names of what differs between the one and the other, text and parameters included. */
  readonly erased: readonly string[];
  /** Shared by everything that fetches from the same portal or cursor, so that limits count over all pieces. */
  readonly tally: object;
  readonly changes: boolean;
  /** A prepared statement or cursor that it names and that nobody declared: the server would say so, and so do we. */
  readonly missing?: { readonly what: 'statement' | 'cursor'; readonly name: string };
}
