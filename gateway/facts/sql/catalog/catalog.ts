import type { CatalogRule } from './rules.ts';
import type { TypeCode } from './type-code.ts';
import { equalityOf, type Equality } from './equality.ts';
import { valueKind, type ValueKind } from './value-kind.ts';

/** What a target's catalog says, as of one reading. Plain, so that it can be posted to the parser's threads. */
export interface CatalogSnapshot {
  /** Grows with every reading that found something different. Part of every facts' key. */
  readonly version: number;
  readonly relations: readonly CatalogRelation[];
  /** Functions outside `pg_catalog` and `information_schema`. */
  readonly functions: readonly CatalogFunction[];
  /** Operators outside `pg_catalog`. An operator is a function call that has no name to see. */
  readonly operators: readonly CatalogOperator[];
  /** What tables do by themselves with values of their columns. Absent where nobody asked. */
  readonly rules?: readonly CatalogRule[];
  /** What somebody wrote that types run by themselves. Absent where nobody asked. */
  readonly typeCode?: readonly TypeCode[];
  /** Types outside `pg_catalog` whose values are written as those of a built-in one: the built-in one's OID by theirs. */
  readonly standIns?: ReadonlyMap<number, number>;
  /** Somebody defined a cast that the server applies by itself to texts or UUIDs. */
  readonly coerces?: boolean;
  /** Somebody defined how a value becomes text, or a cast by which several have one type, or called a type text. */
  readonly converts?: boolean;
  /** Built-in types whose values somebody's cast makes others of by itself, where several have to have one type. */
  readonly moved?: ReadonlySet<number>;
  /** Domains, ranges and base types outside `pg_catalog`. */
  readonly types?: readonly TypeName[];
  /** Enum types outside `pg_catalog`. */
  readonly enums: readonly { readonly schema: string; readonly name: string; readonly values: readonly string[] }[];
}

export type CatalogKind =
  'table' | 'view' | 'materialized_view' | 'foreign_table' | 'sequence' | 'index' | 'catalog' | 'composite_type';

export interface CatalogRelation {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** `catalog` is anything in `pg_catalog` and `information_schema`. */
  readonly kind: CatalogKind;
  /** In the order of `*`. Dropped columns are absent. */
  readonly columns: readonly CatalogColumn[];
  /** Direct parents: inheritance and partitions alike. */
  readonly inherits: readonly number[];
  /** The query of a view or materialized view with every name qualified; absent for anything else and for `catalog`. */
  readonly definition?: string;
  /** Has rules other than the one that makes a view a view. */
  readonly hasRules: boolean;
  readonly hasTriggers: boolean;
}

export interface CatalogColumn {
  readonly name: string;
  /** `pg_attribute.attnum`, as in RowDescription. */
  readonly attnum: number;
  readonly typeOid: number;
  /** `format_type` without modifier: `text`, `integer[]`, `public.mood`. */
  readonly typeName: string;
  /** Computed from other columns. COPY of the table leaves such a column out. */
  readonly isGenerated?: true;
  /** Texts that are not the same may be equal: its collation is not deterministic. */
  readonly folds?: true;
}

export interface CatalogFunction {
  readonly schema: string;
  readonly name: string;
  readonly language: string;
  readonly volatility: 'immutable' | 'stable' | 'volatile';
  readonly kind: 'function' | 'procedure' | 'aggregate' | 'window';
  /** The extension it belongs to. */
  readonly extension: string | null;
  /** What it runs, for a function in SQL that belongs to no extension and sets no setting of its own. */
  readonly body?: FunctionBody;
  /** One call, one value; absent where it may be a set of rows. */
  readonly scalar?: true;
  /** Of a function in SQL or PL/pgSQL that tables call by themselves: every name that its text holds, also those that name nothing. */
  readonly names?: readonly string[];
  /** Its own `search_path`, as it says. */
  readonly path?: readonly string[];
}

export interface TypeName {
  readonly schema: string;
  readonly name: string;
}

export interface FunctionBody {
  readonly sql: string;
  /** `RETURN ...` or `BEGIN ATOMIC ... END`, with every name qualified. Else names are looked up when it runs. */
  readonly atomic: boolean;
  /** Names in order, those of results included; empty where one has none. */
  readonly parameters: readonly string[];
  /** What parameters default to, as a list of expressions. */
  readonly defaults: string | null;
  readonly returns: 'text' | 'row' | 'other';
  /** By position of an argument: OID of the table whose row type it has, or 0. Absent where none has one. */
  readonly rowTypes?: readonly number[];
}

export interface CatalogOperator {
  readonly schema: string;
  readonly name: string;
  readonly extension: string | null;
}

/**
 * The part of a snapshot that the walk reads, small enough to keep in every thread: 200,000 columns are one string for each relation,
 * not 200,000 objects.
 */
export interface LeanCatalog {
  readonly version: number;
  readonly relations: readonly LeanRelation[];
  readonly functions: readonly CatalogFunction[];
  readonly operators: readonly CatalogOperator[];
  /** All types outside `pg_catalog`, but rows and arrays. */
  readonly types?: readonly TypeName[];
  readonly coerces?: boolean;
  readonly converts?: boolean;
  readonly rules?: readonly CatalogRule[];
  readonly typeCode?: readonly TypeCode[];
}

export interface LeanRelation extends Omit<CatalogRelation, 'columns' | 'hasTriggers'> {
  /** Names in order, with a NUL between them: no name holds one. Empty without columns. */
  readonly names: string;
  /** What kind of values columns hold, a letter for each: see `ValueKind`. Absent where it is dots only. */
  readonly kinds?: string;
  /** What is said of equal values, a letter for each column: see `Equality`. */
  readonly equalities: string;
  /** Names of generated columns. */
  readonly generated?: readonly string[];
}

export function leanCatalog(snapshot: CatalogSnapshot): LeanCatalog {
  const {
    version,
    relations,
    functions,
    operators,
    coerces = false,
    converts = false,
    rules,
    typeCode,
    types = [],
    enums,
  } = snapshot;
  const lettered = letters(snapshot);
  return {
    version,
    relations: relations.map(({ oid, schema, name, kind, columns, inherits, definition, hasRules }) => {
      const generated = columns.filter((column) => column.isGenerated).map((column) => column.name);
      return {
        oid,
        schema,
        name,
        kind,
        inherits,
        hasRules,
        ...(definition === undefined ? {} : { definition }),
        names: columns.map((column) => column.name).join('\0'),
        ...lettered(columns),
        ...(generated.length === 0 ? {} : { generated }),
      };
    }),
    functions,
    operators,
    types: [...types, ...enums.map(({ schema, name }) => ({ schema, name }))],
    ...(rules ? { rules } : {}),
    ...(typeCode ? { typeCode } : {}),
    ...(coerces ? { coerces } : {}),
    ...(converts ? { converts } : {}),
  };
}

type Letters = Pick<LeanRelation, 'kinds' | 'equalities'>;

function letters({ standIns, enums, moved }: CatalogSnapshot): (columns: readonly CatalogColumn[]) => Letters {
  const enumNames = new Set(enums.map(({ schema, name }) => `${schema}.${name}`));
  const isEnum = ({ typeName }: CatalogColumn): boolean => enumNames.has(typeName.replaceAll('"', ''));
  const kind = (column: CatalogColumn): ValueKind => {
    const oid = standIns?.get(column.typeOid) ?? column.typeOid;
    return moved?.has(oid) === true ? 'c' : valueKind(oid, isEnum(column));
  };
  const equality = (column: CatalogColumn): Equality =>
    equalityOf(column.typeOid, isEnum(column), column.folds === true);
  // Few words for many tables.
  const seen = new Map<string, Letters>();
  return (columns) => {
    const kinds = columns.map(kind).join('');
    const equalities = columns.map(equality).join('');
    const key = `${kinds} ${equalities}`;
    const known = seen.get(key) ?? { equalities, ...(/[^.]/.test(kinds) ? { kinds } : {}) };
    seen.set(key, known);
    return known;
  };
}

export function columnNames(relation: LeanRelation): readonly string[] {
  return relation.names === '' ? [] : relation.names.split('\0');
}

/** @param at position of the column among `columnNames` */
export function kindAt(relation: LeanRelation, at: number): ValueKind {
  // Letters are written by `valueKind` alone.
  return (relation.kinds?.[at] ?? '.') as ValueKind;
}

/** The same of its equality. */
export function equalityAt(relation: LeanRelation, at: number): Equality {
  return (relation.equalities[at] ?? 'v') as Equality; // written by `equalityOf` alone
}
