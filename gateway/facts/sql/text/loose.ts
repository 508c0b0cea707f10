/** OIDs of tables whose rows come in no settled order, by the item of FROM that reads them. */
export type Loose = Map<object, number>;

/** Names of a table's columns: all that are read, and those that rows are searched by. */
export interface Reads {
  readonly columns: Set<string>;
  readonly searched: Set<string>;
  /** Those of which only NULLs are searched, or the rest. */
  readonly nulls: Set<string>;
}

/** What a view's own query leaves open, and how it searches. */
export interface ViewRows {
  readonly loose: Loose;
  readonly told: ReadonlySet<number>;
  /** Read in an order that it hides. */
  readonly veiled: ReadonlySet<number>;
  readonly reads: ReadonlyMap<number, Reads>;
}
