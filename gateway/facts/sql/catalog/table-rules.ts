import { ofNoTable, type CatalogRule, type TableRule } from './rules.ts';
import type { LeanCatalog, LeanRelation } from './catalog.ts';

/** Of one kind, or of several. */
export type RuleOf<Kind extends TableRule['kind']> = Extract<TableRule, { readonly kind: Kind }>;
/** A foreign key, from the side that is referred to. */
export type Referrer = RuleOf<'foreign'> & { readonly from: number };

/** The rules of all tables, to look up. */
export class TableRules {
  readonly #rules = new Map<number, TableRule[]>();
  readonly #referrers = new Map<number, Referrer[]>();
  readonly #parents = new Map<number, readonly number[]>();
  readonly #children = new Map<number, number[]>();
  readonly #keys = new Map<number, readonly (readonly string[])[]>();

  constructor(rules: readonly CatalogRule[], relations: readonly LeanRelation[]) {
    for (const { relation, rule } of rules) {
      push(this.#rules, relation, rule);
      if (rule.kind === 'foreign') push(this.#referrers, rule.to.relation, { ...rule, from: relation });
    }
    for (const { oid, inherits } of relations) {
      if (inherits.length === 0) continue;
      this.#parents.set(oid, inherits);
      for (const parent of inherits) push(this.#children, parent, oid);
    }
  }

  /** Of the table itself. */
  of(oid: number): readonly TableRule[] {
    return this.#rules.get(oid) ?? [];
  }

  /** Of event triggers, which are of no table. */
  ofEvents(): readonly TableRule[] {
    return this.of(ofNoTable);
  }

  /** The primary key, where it holds for all rows that reading the table brings: those of tables that inherit from it are under no such rule. */
  keyOf(oid: number): readonly string[] | undefined {
    const rules = this.of(oid);
    const own = !this.#children.has(oid) || rules.some(({ kind }) => kind === 'partition');
    const [key] = rules.flatMap((rule) => (rule.kind === 'primary' ? [rule.columns] : []));
    return own ? key : undefined;
  }

  /** Keys of which a value each chooses one row at most, of all that reading the table brings. */
  keysOf(oid: number): readonly (readonly string[])[] {
    const known = this.#keys.get(oid);
    if (known) return known;
    const primary = this.keyOf(oid);
    const alone = this.of(oid).flatMap((rule) =>
      rule.kind === 'unique' && rule.over === 'alone' ? [rule.columns] : [],
    );
    const keys = primary ? [primary, ...alone] : alone;
    this.#keys.set(oid, keys);
    return keys;
  }

  /** Tables of whose rows somebody's functions make something. */
  *withCode(): Generator<number> {
    for (const [oid, rules] of this.#rules) if (rules.some(({ kind }) => kind === 'called')) yield oid;
  }

  /** The table and all that hold rows of it. */
  storedIn(oid: number): readonly number[] {
    return [...this.#reached(oid, this.#children)];
  }

  /** Of the table and of all that hold rows of it. */
  whereStored(oid: number): readonly TableRule[] {
    return this.storedIn(oid).flatMap((each) => this.of(each));
  }

  /** Foreign keys that refer to the table, or to one that holds rows of it. */
  referrers(oid: number): readonly Referrer[] {
    return this.storedIn(oid).flatMap((each) => this.#referrers.get(each) ?? []);
  }

  /** The table, all that hold rows of it, and those whose rows follow theirs by foreign keys, one behind the other. */
  followedBy(oid: number): ReadonlySet<number> {
    const seen = new Set(this.storedIn(oid));
    for (const each of seen)
      for (const { from, follows } of this.#referrers.get(each) ?? [])
        if (follows) for (const more of this.storedIn(from)) seen.add(more);
    return seen;
  }

  /** By what columns rows get into this table and no other: the keys of those that it is a partition of. */
  partitionedBy(oid: number): readonly string[] {
    const [, ...above] = this.#reached(oid, this.#parents);
    return this.#partitioned(above);
  }

  /** By what columns the rows of this table are in the table they are in. */
  dividedBy(oid: number): readonly string[] {
    return this.#partitioned([...this.#reached(oid, this.#parents), ...this.#reached(oid, this.#children)]);
  }

  #partitioned(oids: readonly number[]): readonly string[] {
    return oids.flatMap((oid) => this.of(oid).flatMap((rule) => (rule.kind === 'partition' ? rule.columns : [])));
  }

  #reached(oid: number, next: ReadonlyMap<number, readonly number[]>): ReadonlySet<number> {
    const seen = new Set([oid]);
    for (const each of seen) for (const more of next.get(each) ?? []) seen.add(more);
    return seen;
  }
}

/** Where the values of a column turn up by themselves: in what is generated from it, and in what refers to it. By table and column. */
export function flowsOf({ rules = [] }: Pick<LeanCatalog, 'rules'>): ReadonlyMap<string, readonly Place[]> {
  const flows = new Map<string, Place[]>();
  for (const { relation, rule } of rules) {
    if (rule.kind === 'stored' || rule.kind === 'virtual')
      for (const source of rule.columns) push(flows, placeName(relation, source), { relation, column: rule.column });
    if (rule.kind === 'foreign')
      for (const source of rule.to.columns)
        for (const column of rule.columns) push(flows, placeName(rule.to.relation, source), { relation, column });
  }
  return flows;
}

export interface Place {
  readonly relation: number;
  readonly column: string;
}

export function placeName(relation: number, column: string): string {
  return `${relation} ${column}`;
}

function push<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const known = map.get(key);
  if (known) known.push(value);
  else map.set(key, [value]);
}
