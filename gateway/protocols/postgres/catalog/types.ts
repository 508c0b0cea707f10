import type { OutputFact } from '../../../contract/command-postgres.ts';
import type { PgField } from '../codec/backend.ts';
import type { CatalogRelation, CatalogSnapshot } from '../../../facts/sql/index.ts';

/** Types of columns by the catalog, for results that the server does not describe. */
export class ColumnTypes {
  readonly #standIns: ReadonlyMap<number, number>;
  readonly #relations: ReadonlyMap<string, CatalogRelation>;

  constructor(snapshot: CatalogSnapshot | undefined) {
    this.#standIns = snapshot?.standIns ?? new Map();
    this.#relations = new Map(
      (snapshot?.relations ?? []).map((relation) => [`${relation.schema}.${relation.name}`, relation]),
    );
  }

  /** The type, or the built-in one that stands for it, of a column that is what its sources are; 0 where they differ or nobody can tell. */
  typeOf({ sources, transform }: OutputFact): number {
    if (transform !== 'plain') return 0;
    const [type = 0, ...others] = new Set(sources.map((source) => this.standIn(this.#columnType(source))));
    return others.length === 0 ? type : 0;
  }

  /** The built-in type whose text and binary forms a type's values have: the type itself where there is none, or none is needed. */
  standIn(typeOid: number): number {
    return this.#standIns.get(typeOid) ?? typeOid;
  }

  /** The fields with the types that we read their values by. The same array where nothing is different, as nearly always. */
  known(fields: readonly PgField[]): readonly PgField[] {
    if (this.#standIns.size === 0 || !fields.some(({ typeOid }) => this.#standIns.has(typeOid))) return fields;
    return fields.map((field) => ({ ...field, typeOid: this.standIn(field.typeOid) }));
  }

  /** @param key `schema.relation.column`; names may hold dots themselves, and a key that can be read in two ways has no type */
  #columnType(key: string): number {
    const found = new Set<number>();
    for (let dot = key.indexOf('.'); dot !== -1; dot = key.indexOf('.', dot + 1)) {
      const column = this.#relations.get(key.slice(0, dot))?.columns.find(({ name }) => name === key.slice(dot + 1));
      if (column) found.add(column.typeOid);
    }
    const [type = 0, ...others] = found;
    return others.length === 0 ? type : 0;
  }
}
