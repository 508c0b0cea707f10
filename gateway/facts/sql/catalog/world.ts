import type { MeasureFact, PathFact } from '../../../contract/command-postgres.ts';
import {
  columnNames,
  equalityAt,
  kindAt,
  type CatalogFunction,
  type LeanCatalog,
  type LeanRelation,
} from './catalog.ts';
import { parsedBody } from './function-statements.ts';
import { computesOnly } from './functions.ts';
import type { Node } from '../text/node.ts';
import type { ViewRows } from '../text/loose.ts';
import { CatalogNames } from './catalog-names.ts';
import { TableRules } from './table-rules.ts';
import type { Equality } from './equality.ts';
import type { TypeCode } from './type-code.ts';
import type { ValueKind } from './value-kind.ts';
import {
  anyColumn,
  labelledName,
  labelledSchema,
  spreadLabels,
  spreadPaths,
  type ColumnLabels,
  type SpreadLabels,
  type SpreadPaths,
} from './labels.ts';

/** One column of the catalog, with everything that reading it can bring out. */
export interface Base {
  readonly relation: LeanRelation;
  readonly name: string;
  /** `schema.relation.column`. */
  readonly key: string;
  readonly kind: ValueKind;
  readonly equality: Equality;
  readonly labels: readonly string[];
  /** Where in its JSON documents they are; absent where they are about the whole value. */
  readonly paths?: readonly PathFact[];
  /** What the relation itself makes of it: for a table always `plain`, for a view what its definition says. */
  readonly form: Form | undefined;
  /** Of a catalog that holds what is others', in rows that hold nothing of anybody: catalog-rows.ts. */
  readonly ofNobody?: true;
}

/**
 * How a column's value came about, where a mask over it hides its sources wholly. `plain`: it is the source's value. `derived`: made of its
 * sources by what `derived.ts` lists. Anything else has no form.
 */
export type Form = 'plain' | 'derived';

/** The form of what is made of several: the one further from the source. */
export function weaker(forms: Iterable<Form | undefined>): Form | undefined {
  let weakest: Form | undefined = 'plain';
  for (const form of forms) {
    if (form === undefined) return undefined;
    if (form === 'derived') weakest = form;
  }
  return weakest;
}

/** What a view's definition says about one of its columns. */
export interface ViewColumns {
  /** By position: labels of all that the column is made of. */
  readonly labels: readonly (readonly string[])[];
  /** By position: see `Form`. */
  readonly forms: readonly (Form | undefined)[];
  /** By position: all that the column can be made of. */
  readonly sources: readonly ReadonlySet<Base>[];
  /** By position: the column of a table that it is. */
  readonly is: readonly (Base | undefined)[];
  readonly rows: ViewRows;
  /** Labels by whose values the view chooses, joins or orders its rows. */
  readonly hidden: readonly string[];
  /** Why the definition could not be seen through. */
  readonly reasons: readonly string[];
  /** What of the server's own work it shows. */
  readonly measures: readonly MeasureFact[];
  /** What a write to the view writes. */
  readonly relations: readonly LeanRelation[];
}

/** The tagged statements of a text; undefined where it does not parse. */
export type Parser = (text: string) => readonly Node[] | undefined;

/** Reads a view's definition. */
export type ViewReader = (definition: string, world: World) => ViewColumns;

/** A target's catalog and labels, ready to look things up in. Immutable but for what it has worked out so far. */
export class World {
  readonly known: boolean;
  /** A text or UUID may be made something else on its way into a comparison. */
  readonly coerces: boolean;
  /** A value may be made something else on its way into text, or into the type that several have together. */
  readonly converts: boolean;
  /** See `CatalogSnapshot.typeCode`. */
  readonly typeCode: readonly TypeCode[];
  readonly rules: TableRules;
  readonly names: CatalogNames;
  /** By schema, then by name. */
  readonly #relations = new Map<string, Map<string, LeanRelation>>();
  readonly #byOid = new Map<number, LeanRelation>();
  readonly #functions = new Map<string, CatalogFunction[]>();
  readonly #operators = new Map<string, string>();
  readonly #clearParts = new Map<string, Base>();
  readonly #texts = new Map<Base, Base>();
  readonly #labels: SpreadLabels;
  readonly #paths: SpreadPaths;
  /** As they were given, for what the catalog does not know. */
  readonly #given: ColumnLabels;
  readonly #unmade = new Map<string, Base | undefined>();
  readonly #columns = new Map<number, readonly Base[]>();
  readonly #views = new Map<number, ViewColumns>();
  readonly #reading = new Set<number>();
  readonly #bodies = new Map<CatalogFunction, readonly Node[] | undefined>();
  #byName: ReadonlyMap<string, readonly LeanRelation[]> | undefined;
  readonly #readView: ViewReader;
  readonly #parse: Parser;

  constructor(catalog: LeanCatalog | undefined, labels: ColumnLabels, readView: ViewReader, parse: Parser) {
    this.known = catalog !== undefined;
    this.coerces = catalog?.coerces ?? false;
    this.converts = catalog?.converts ?? false;
    this.typeCode = catalog?.typeCode ?? [];
    this.#readView = readView;
    this.#parse = parse;
    this.#given = labels;
    this.#labels = catalog ? spreadLabels(catalog, labels) : new Map();
    this.#paths = catalog ? spreadPaths(catalog, labels) : new Map();
    this.rules = new TableRules(catalog?.rules ?? [], catalog?.relations ?? []);
    this.names = new CatalogNames(catalog);
    for (const relation of catalog?.relations ?? []) {
      const inside = this.#relations.get(relation.schema) ?? new Map<string, LeanRelation>();
      this.#relations.set(relation.schema, inside.set(relation.name, relation));
      this.#byOid.set(relation.oid, relation);
    }
    for (const fn of catalog?.functions ?? []) {
      const same = this.#functions.get(fn.name);
      if (same) same.push(fn);
      else this.#functions.set(fn.name, [fn]);
    }
    for (const operator of catalog?.operators ?? []) {
      if (!computesOnly(operator.extension)) this.#operators.set(operator.name, operator.schema);
    }
  }

  /** @param schema empty where the name stands alone; then `path` is searched as the server does. */
  relation(schema: string, name: string, path: readonly string[]): LeanRelation | undefined {
    if (schema !== '') return this.#relations.get(tempSchema(schema, path))?.get(name);
    // `pg_catalog` comes first unless the path says otherwise.
    const first = path.includes('pg_catalog') ? undefined : this.#relations.get('pg_catalog')?.get(name);
    if (first) return first;
    for (const candidate of path) {
      const found = this.#relations.get(candidate)?.get(name);
      if (found) return found;
    }
    return undefined;
  }

  /** User-defined functions that a call may mean. Functions are never looked for in the temporary schema unless it is named. */
  functions(schema: string, name: string, path: readonly string[]): readonly CatalogFunction[] {
    const same = this.#functions.get(name);
    if (!same) return [];
    const schemas = schema === '' ? path : [tempSchema(schema, path)];
    return same.filter((fn) => schemas.includes(fn.schema));
  }

  /** The statements of a function in SQL; undefined where they cannot be read. */
  body(fn: CatalogFunction): readonly Node[] | undefined {
    if (!fn.body) return undefined;
    if (!this.#bodies.has(fn)) this.#bodies.set(fn, parsedBody(fn.body, this.#parse));
    return this.#bodies.get(fn);
  }

  *#all(): Generator<LeanRelation> {
    for (const relations of this.#relations.values()) yield* relations.values();
  }

  /** Relations of a name, in whatever schema. */
  named(name: string): readonly LeanRelation[] {
    this.#byName ??= Map.groupBy(this.#all(), (relation) => relation.name);
    return this.#byName.get(name) ?? [];
  }

  /** Views whose definition holds a name. */
  *viewsNaming(name: string): Generator<LeanRelation> {
    const written = name.replaceAll('"', '""');
    for (const relation of this.#all()) if (relation.definition?.includes(written) === true) yield relation;
  }

  /** Labels that a column has by its own name, wherever else it has some from. */
  givenTo({ relation, name }: Base): readonly string[] {
    const table = labelledName(relation);
    return union(this.#given.get(`${table}.${name}`) ?? none, this.#given.get(`${table}.${anyColumn}`) ?? none);
  }

  /** Functions of a name, in whatever schema. */
  functionsNamed(name: string): readonly CatalogFunction[] {
    return this.#functions.get(name) ?? [];
  }

  /** The schema of a user-defined operator of this name, wherever it is: operators are calls that nobody sees. */
  operator(name: string): string | undefined {
    return this.#operators.get(name);
  }

  /** For what is done to a schema as a whole. */
  relationsIn(schema: string): Iterable<LeanRelation> {
    return this.#relations.get(schema)?.values() ?? [];
  }

  /**
   * What a relation that the catalog does not know holds by the labels that were copied into it: one that was made in the open transaction is
   * seen by its own session only.
   * @returns one column that stands for all of them; undefined where none is labelled
   */
  unmade(schema: string, name: string, path: readonly string[]): Base | undefined {
    const prefixes = namesUnmade(schema, name, path);
    const key = prefixes.join('\0');
    if (!this.#unmade.has(key)) this.#unmade.set(key, this.#labelledAs(prefixes, schema, name));
    return this.#unmade.get(key);
  }

  /** Any labelled value of the target. */
  get anything(): Base {
    const labels = union(...this.#given.values());
    return { ...this.#standIn('', anyColumn, labels), key: anyColumn };
  }

  #labelledAs(prefixes: readonly string[], schema: string, name: string): Base | undefined {
    const labels: (readonly string[])[] = [];
    for (const [column, carried] of this.#given)
      if (prefixes.some((prefix) => column.startsWith(`${prefix}.`))) labels.push(carried);
    return labels.length === 0 ? undefined : this.#standIn(schema, name, union(...labels));
  }

  #standIn(schema: string, name: string, labels: readonly string[]): Base {
    // No relation of the catalog has such a number.
    const oid = -1 - this.#unmade.size;
    const relation: LeanRelation = {
      ...{
        oid,
        schema,
        name,
        kind: 'composite_type',
        inherits: [],
        hasRules: false,
        names: anyColumn,
        equalities: 'v',
      },
    };
    const key = schema === '' ? `${name}.${anyColumn}` : `${schema}.${name}.${anyColumn}`;
    return { relation, name: anyColumn, key, kind: '.', equality: 'v', labels, form: undefined };
  }

  columns(relation: LeanRelation): readonly Base[] {
    const known = this.#columns.get(relation.oid);
    if (known) return known;
    const own = this.#labels.get(relation.oid);
    const view = this.view(relation);
    const columns = columnNames(relation).map((name, i): Base => {
      // What a view shows carries the labels of what it was made of, and those are about all of it.
      const paths = view ? undefined : this.#paths.get(relation.oid)?.get(name);
      return {
        relation,
        name,
        key: `${relation.schema}.${relation.name}.${name}`,
        kind: kindAt(relation, i),
        equality: equalityAt(relation, i),
        labels: union(own?.get(name) ?? [], view?.labels[i] ?? [], view?.hidden ?? []),
        form: view ? viewForm(view, i) : ('plain' as const),
        ...(paths ? { paths } : {}),
      };
    });
    this.#columns.set(relation.oid, columns);
    const generated = this.#generated(relation, columns);
    if (generated.size === 0) return columns;
    const formed = columns.map((base) =>
      generated.has(base.name) ? { ...base, form: generated.get(base.name) } : base,
    );
    this.#columns.set(relation.oid, formed);
    return formed;
  }

  /** Forms of columns that are generated from labelled ones. A virtual one is made when it is read, and may fail then. */
  #generated(relation: LeanRelation, columns: readonly Base[]): ReadonlyMap<string, Form | undefined> {
    const forms = new Map<string, Form | undefined>();
    for (const rule of this.rules.of(relation.oid)) {
      if (rule.kind !== 'stored' && rule.kind !== 'virtual') continue;
      if (!columns.some(({ name, labels }) => name === rule.column && labels.length > 0)) continue;
      const from = `${quoted(relation.schema)}.${quoted(relation.name)}`;
      const [form] = this.#readView(`SELECT ${rule.sql} FROM ${from}`, this).forms;
      forms.set(rule.column, form && 'derived');
    }
    return forms;
  }

  /** A member of the column's documents that no label is about: `schema.relation.column.member`. */
  clearPart({ relation, name, key, kind, form }: Base, member: string): Base {
    const part: Base = { relation, name, key: `${key}.${member}`, kind, equality: 'v', form, labels: none };
    const known = this.#clearParts.get(part.key);
    if (!known) this.#clearParts.set(part.key, part);
    return known ?? part;
  }

  /** A member of the column's documents as text, which is labelled: what is made of it is made of a text. */
  textOf(document: Base): Base {
    const known = this.#texts.get(document);
    if (known) return known;
    const { paths: _, ...rest } = document;
    const made: Base = { ...rest, kind: 't', equality: 'v' };
    this.#texts.set(document, made);
    return made;
  }

  /** The labelled columns: of these names, or all of them. */
  labelled(relation: LeanRelation, names?: readonly string[]): readonly Base[] {
    if (names?.length === 0) return [];
    return this.columns(relation).filter(({ name, labels }) => labels.length > 0 && (names?.includes(name) ?? true));
  }

  /** Labelled columns whose type is a domain, whichever. */
  *inDomains(): Generator<Base> {
    for (const relation of this.#all())
      for (const rule of this.rules.of(relation.oid))
        if (rule.kind === 'domain') yield* this.labelled(relation, rule.columns);
  }

  byOid(oid: number): LeanRelation | undefined {
    return this.#byOid.get(oid);
  }

  /** The statements of an expression of the catalog, as a query. */
  parsed(expression: string): readonly Node[] | undefined {
    return this.#parse(`SELECT ${expression}`);
  }

  /** Undefined for what is no view. */
  view(relation: LeanRelation): ViewColumns | undefined {
    if (relation.definition === undefined) return undefined;
    const known = this.#views.get(relation.oid);
    if (known) return known;
    if (this.#reading.has(relation.oid)) return { ...noColumns, reasons: ['the view reads itself'] };
    this.#reading.add(relation.oid);
    try {
      const read = this.#readView(relation.definition, this);
      const fits = read.labels.length === columnNames(relation).length;
      const view = fits ? read : { ...read, labels: [], forms: [], hidden: union(read.hidden, ...read.labels) };
      this.#views.set(relation.oid, view);
      return view;
    } finally {
      this.#reading.delete(relation.oid);
    }
  }
}

/** Of a view that cannot be read. */
export const noColumns: Omit<ViewColumns, 'reasons'> = {
  ...{ labels: [], forms: [], sources: [], is: [], hidden: [], measures: [], relations: [] },
  rows: { loose: new Map(), told: new Set(), veiled: new Set(), reads: new Map() },
};

/** Which rows a view shows says something about the values it chose them by: no mask over a column hides that. */
function viewForm(view: ViewColumns, i: number): Form | undefined {
  return view.hidden.length === 0 ? view.forms[i] : undefined;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Names, as labels go by them, that a relation may have which nobody knows yet. */
export function namesUnmade(schema: string, name: string, path: readonly string[]): readonly string[] {
  const schemas = schema === '' ? path.filter((each) => each !== 'pg_catalog') : [schema];
  return [...new Set(schemas.map(labelledSchema))].map((each) => `${each}.${name}`);
}

/** `pg_temp` is a name for whichever temporary schema the session has. */
function tempSchema(schema: string, path: readonly string[]): string {
  return schema === 'pg_temp' ? (path.find((entry) => /^pg_temp_\d+$/.test(entry)) ?? schema) : schema;
}

const none: readonly string[] = [];

export function union(...lists: readonly (readonly string[])[]): readonly string[] {
  const full = lists.filter((list) => list.length > 0);
  const [first] = full;
  if (!first) return none;
  return full.length === 1 ? first : [...new Set(full.flat())].sort();
}

/** Labels of any of them. */
export function labelsOf(bases: Iterable<Base>): readonly string[] {
  let all = none;
  for (const { labels } of bases) if (labels !== all) all = union(all, labels);
  return all;
}
