/** Labels that a column carries because of what became of labelled values, beside those that the bundle gives it. */
export interface FollowedLabels {
  /** As in `CopiedFact.column`. */
  readonly column: string;
  readonly labels: readonly string[];
  /** Columns that they came from. */
  readonly sources: readonly string[];
}

/** A labelled column by the server's numbers, which stay when it is renamed. */
export interface LabelAnchor {
  /** `pg_class.oid` and `pg_attribute.attnum`. */
  readonly relation: number;
  readonly attnum: number;
  /** What it was called when it was last seen. */
  readonly column: string;
  readonly labels: readonly string[];
}

/** Who moved the values, for those who look at it later. */
export interface FollowedBy {
  /** Empty where nobody's session of the gateway's did: it was found in the catalog. */
  readonly session: string;
  readonly identity: string;
  readonly request: string;
}

/** What one database's followed labels are kept in. Everything is on disk when a call returns: a label must outlive the copy. */
export interface LabelKeeper {
  followed(): readonly FollowedLabels[];
  follow(more: readonly FollowedLabels[], by: FollowedBy): void;
  anchors(): { readonly version: string; readonly anchors: readonly LabelAnchor[] };
  /** Replaces all of them. @param version of the bundle's labels by which they were found */
  anchor(version: string, anchors: readonly LabelAnchor[]): void;
}
