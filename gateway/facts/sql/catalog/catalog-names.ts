import type { LeanCatalog, TypeName } from './catalog.ts';

/** Which schemas have something of a name: what a path finds. */
export class CatalogNames {
  readonly #catalog: Pick<LeanCatalog, 'relations' | 'functions' | 'types'>;
  #types: ReadonlyMap<string, readonly TypeName[]> | undefined;
  #bySchema: ReadonlyMap<string, readonly TypeName[]> | undefined;

  constructor(catalog: LeanCatalog | undefined) {
    this.#catalog = catalog ?? { relations: [], functions: [] };
  }

  /** Schemas of the types of a name, but those of relations. */
  types(name: string): readonly string[] {
    this.#types ??= Map.groupBy(this.#catalog.types ?? [], (type) => type.name);
    return (this.#types.get(name) ?? []).map(({ schema }) => schema);
  }

  /** Names of the relations, functions and types of a schema. */
  in(schema: string): readonly string[] {
    const { relations, functions, types = [] } = this.#catalog;
    this.#bySchema ??= Map.groupBy<string, TypeName>([...relations, ...functions, ...types], (each) => each.schema);
    return (this.#bySchema.get(schema) ?? []).map(({ name }) => name);
  }
}
