import type { PathFact } from '../../../contract/command-postgres.ts';
import {
  isClear,
  type CatalogRelation,
  type CatalogSnapshot,
  type CommandFacts,
  type SpreadLabels,
  type SpreadPaths,
} from '../../../facts/sql/index.ts';
import type { PgField } from '../codec/backend.ts';

/** One output column whose origin by the server's word is not what the analysis says. */
export interface Doubt {
  /** Labels that the server's word adds. */
  readonly labels: readonly string[];
  /** For operators; names columns and labels, never a value. */
  readonly why: string;
}

/** By position of the output column. */
export type Doubts = ReadonlyMap<number, Doubt>;

/**
 * RowDescription as the second witness: for a column that leaves as it is, the server itself names table and attribute by number, whatever
 * they are called now. https://www.postgresql.org/docs/current/protocol-message-formats.html
 * It says nothing of what is computed, and of a view only that the column is the view's.
 */
export class CatalogWitness {
  readonly #relations = new Map<number, CatalogRelation>();
  /** By table OID and attribute number. */
  readonly #labelled = new Map<number, ReadonlyMap<number, readonly string[]>>();

  /** By `schema.relation.column`. */
  readonly #byName = new Map<string, readonly string[]>();

  /** Where labels are in the documents of a column of which nothing else is labelled. */
  readonly #paths = new Map<string, readonly PathFact[]>();

  /**
   * @param spread the labels of each column of the snapshot
   * @param paths where in a document they are
   */
  constructor(snapshot: CatalogSnapshot | undefined, spread: SpreadLabels, paths: SpreadPaths) {
    if (!snapshot || spread.size === 0) return;
    for (const relation of snapshot.relations) {
      this.#relations.set(relation.oid, relation);
      const own = spread.get(relation.oid);
      if (!own) continue;
      const byNumber = relation.columns.flatMap(({ name, attnum }) => {
        const carried = own.get(name);
        const within = paths.get(relation.oid)?.get(name);
        if (within) this.#paths.set(`${relation.schema}.${relation.name}.${name}`, within);
        if (carried) this.#byName.set(`${relation.schema}.${relation.name}.${name}`, carried);
        return carried ? [[attnum, carried] as const] : [];
      });
      this.#labelled.set(relation.oid, new Map(byNumber));
    }
  }

  /** Whether anything of the target is labelled: otherwise there is nothing to doubt. */
  get watches(): boolean {
    return this.#labelled.size > 0;
  }

  /** Facts that do not claim to be complete are policy's to judge as such. */
  doubts({ analysis, output }: CommandFacts, fields: readonly PgField[]): Doubts | undefined {
    if (!analysis.complete || !this.watches) return undefined;
    let doubts: Map<number, Doubt> | undefined;
    for (const [i, field] of fields.entries()) {
      const doubt = this.#outdated(output[i]) ?? (field.tableOid === 0 ? undefined : this.#doubt(output[i], field));
      if (doubt) (doubts ??= new Map()).set(i, doubt);
    }
    return doubts;
  }

  /** Judged before a label followed values into one of its sources: a statement can wait for a lock meanwhile. */
  #outdated(fact: CommandFacts['output'][number] | undefined): Doubt | undefined {
    for (const source of fact?.sources ?? []) {
      const missed = this.#labelsOf(source).filter((label) => !fact?.labels.includes(label));
      if (missed.length > 0) return { labels: missed, why: `${source} has come to carry ${missed.join(', ')}` };
    }
    return undefined;
  }

  /** A source may be a member of a column's documents: `schema.relation.column.member`, or one in it. */
  #labelsOf(source: string): readonly string[] {
    let column = source;
    const names: string[] = [];
    while (column !== '') {
      const own = this.#byName.get(column);
      const paths = this.#paths.get(column);
      if (own) return names.length > 0 && paths && isClear(paths, names) ? [] : own;
      const dot = Math.max(column.lastIndexOf('.'), 0);
      names.unshift(column.slice(dot + 1));
      column = column.slice(0, dot);
    }
    return [];
  }

  #doubt(fact: CommandFacts['output'][number] | undefined, { tableOid, attnum }: PgField): Doubt | undefined {
    const relation = this.#relations.get(tableOid);
    if (!relation) return { labels: [], why: `it comes from a table that the catalog does not know (OID ${tableOid})` };
    const at = `${relation.schema}.${relation.name}`;
    // System columns have numbers below 1.
    const column = attnum > 0 ? relation.columns.find((each) => each.attnum === attnum) : undefined;
    if (attnum > 0 && !column) return { labels: [], why: `${at} has no column ${attnum} in the catalog` };
    const key = `${at}.${column?.name ?? ''}`;
    const carried = this.#labelled.get(tableOid)?.get(attnum) ?? [];
    const missed = carried.filter((label) => !fact?.labels.includes(label));
    if (missed.length > 0) return { labels: missed, why: `it is ${key} (${missed.join(', ')}) by the server’s word` };
    const isPlain = fact?.transform === 'plain' && fact.labels.length > 0;
    if (isPlain && column && !fact.sources.includes(key))
      return { labels: [], why: `it is ${key} by the server’s word, and ${fact.sources.join(', ')} by the analysis` };
    return undefined;
  }
}
