import { readFileSync } from 'node:fs';
import { z } from 'zod';
import {
  openSqlAnalyzer,
  type CatalogRule,
  type CatalogSnapshot,
  type FunctionBody,
  type SqlAnalyzer,
} from '../../facts/sql/index.ts';
import type { Line, LineProtocol, LineTarget, ReadLine } from '../../policy/lines/protocol.ts';
import { typeOids } from './postgres-types.ts';
import { otherName, readRule, tableRule } from './postgres-rules.ts';
import { commandOf, unitsOfQuery } from '../../protocols/postgres/normalize.ts';

type CatalogRelation = CatalogSnapshot['relations'][number];

const relation = z.union([
  z.array(z.string()),
  z.strictObject({
    kind: z.enum(['table', 'view', 'materialized_view', 'foreign_table', 'sequence']).default('table'),
    columns: z.array(z.string()),
    /** The query of a view, every name qualified, as `pg_get_viewdef` with an empty search_path prints it. */
    definition: z.string().optional(),
    /** Parents, as `schema.name`. */
    inherits: z.array(z.string()).default([]),
    triggers: z.boolean().default(false),
    rules: z.boolean().default(false),
    /** Columns that are not text, as `format_type` calls it: by it analysis knows what `=` and `lower` of them tell. */
    types: z.record(z.string(), z.string()).default({}),
    /** Columns of which equal values may be written in several ways, though those of their type are not: domains, citext, a collation that is not deterministic. */
    spelled: z.array(z.string()).default([]),
    by_itself: z.array(tableRule).default([]),
  }),
]);

/** What a function in SQL runs. */
const functionBody = z.strictObject({
  sql: z.string(),
  /** `RETURN ...` or `BEGIN ATOMIC ... END` as `pg_get_function_sqlbody` with an empty search_path prints it. */
  atomic: z.boolean().default(false),
  parameters: z.array(z.string()).readonly().default([]),
  defaults: z.string().nullable().default(null),
  returns: z.enum(['text', 'row', 'other']).default('other'),
  /** By position of an argument: the table whose row it is, as `schema.name`. */
  rows: z.array(z.string().nullable()).readonly().default([]),
});

const calledFunction = z.strictObject({
  language: z.string().default('sql'),
  volatility: z.enum(['immutable', 'stable', 'volatile']).default('volatile'),
  kind: z.enum(['function', 'procedure', 'aggregate', 'window']).default('function'),
  extension: z.string().nullable().default(null),
  /** One call, one value: without it a call may make any number of rows. */
  scalar: z.literal(true).optional(),
  /** Without one a call cannot be seen through. */
  body: functionBody.optional(),
});

const qualified = z.string().regex(/^[^.]+\.[^.]+$/, 'expected schema.name');

/**
 * 1 has neither types nor what tables do by themselves: to lines of it, columns are text, and no table has a key. 2 does not say which types
 * are enums and which are made others of by casts: to lines of it, none is. 3 does not say which columns of keys are filled or may be NULL, which are
 * spelled in several ways, nor which arguments are rows of a table.
 */
export const fixtureFormat = 4;

/** A database as far as SQL is read by it. */
export const postgresFixture = z
  .strictObject({
    format: z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(fixtureFormat)]).default(1),
    /** Which server's grammar. */
    major: z.int().min(15).max(18).default(18),
    search_path: z.array(z.string()).default(['public']),
    relations: z.record(qualified, relation).default({}),
    /** Those of one name as a list. */
    functions: z.record(qualified, z.union([calledFunction, z.array(calledFunction)])).default({}),
    /** Operators outside `pg_catalog`, with the extension that they belong to; those of one name as a list. */
    operators: z.record(qualified, z.union([z.string().nullable(), z.array(z.string().nullable())])).default({}),
    /** A cast of somebody's own may make a text or UUID something else on its way into a comparison. */
    coerces: z.boolean().default(false),
    /** A cast or type of somebody's own may make a value something else on its way into text, or into the type that several have together. */
    converts: z.boolean().default(false),
    /** Enum types, as `schema.name`: of the others that a database defines nothing is known. */
    enums: z.array(qualified).default([]),
    /** Domains, ranges and base types that the database defines, as `schema.name`: names in the text of a function may mean them. */
    own_types: z.array(qualified).default([]),
    /** Built-in types, as `types` calls them, whose values a cast of somebody's own makes others of by itself. */
    moved: z.array(z.string()).default([]),
    /** Functions that somebody wrote and that types call by themselves: whose they are, and every name that their text holds; without `names` they can reach anything. */
    type_code: z
      .record(qualified, z.strictObject({ of: z.string(), names: z.array(z.string()).exactOptional() }))
      .default({}),
  })
  .superRefine(({ relations }, context) => {
    // A rule about a table that is not there would be one that nothing tests.
    for (const [name, described] of Object.entries(relations)) {
      for (const rule of Array.isArray(described) ? [] : described.by_itself) {
        const other = otherName(rule);
        if (other !== undefined && !Object.hasOwn(relations, other))
          context.addIssue({
            code: 'custom',
            path: ['relations', name, 'by_itself'],
            message: `there is no relation ${other}`,
          });
      }
    }
  });
/** As it stands in a file, where what has a default may be missing. */
export type WrittenPostgresFixture = z.input<typeof postgresFixture>;
type Fixture = z.infer<typeof postgresFixture>;

/** SQL as production reads it: the server's own grammar, the same facts, the same commands. Only the catalog comes from a file. */
export function openPostgresLines(): LineProtocol {
  return new PostgresLines();
}

class PostgresLines implements LineProtocol {
  readonly name = 'postgres';
  readonly fixture = postgresFixture;
  readonly #analyzer: SqlAnalyzer = openSqlAnalyzer();
  /** Catalogs that the analyzer knows, by what the fixture says. */
  readonly #known = new Map<string, { readonly id: string; readonly labels: LineTarget['labels'] }>();
  #told = 0;

  async commandsOf({ text, params }: Line, { target, section, labels }: LineTarget): Promise<ReadLine> {
    const { major, search_path: path, ...rest } = postgresFixture.parse(section);
    const name = this.#targetOf(target.name, { major, search_path: path, ...rest }, labels);
    const searchPath = ['pg_catalog', ...path];
    const bytes = Buffer.from(text);
    const analysis = await this.#analyzer.analyze({ target: name, text: bytes, major, searchPath });
    if (!analysis.ok) return { ok: false, why: analysis.message };
    const none = { get: () => undefined };
    const names = { statements: none, portals: none, epoch: 0, searchPath };
    const units = unitsOfQuery(bytes, analysis.statements, names);
    const missing = units.find((unit) => unit.missing)?.missing;
    if (missing !== undefined)
      return { ok: false, why: `${missing.what} ${missing.name} was declared by nobody in this line` };
    const transaction = { in: false, failed: false };
    const commands = units.map((unit, index) => {
      const bound = params.length === 0 ? unit : { ...unit, params };
      return { command: commandOf(bound, { index, count: units.length }, transaction, undefined), key: unit.key };
    });
    return { ok: true, commands };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#analyzer[Symbol.asyncDispose]();
  }

  /** The analyzer's name for this catalog with these labels: told once. */
  #targetOf(name: string, described: Fixture, labels: LineTarget['labels']): string {
    const content = JSON.stringify([name, described]);
    const known = this.#known.get(content);
    if (known?.labels === labels) return known.id;
    const id = `${name}/${String(this.#told++)}`;
    this.#analyzer.setCatalog(id, snapshotOf(described));
    this.#analyzer.setLabels(id, labels, id);
    this.#known.set(content, { id, labels });
    return id;
  }
}

const firstOid = 100_000;
const textOid = 25;

/** The catalog that a fixture describes. Oids are made up; a column without a type is text. */
export function snapshotOf({
  relations,
  functions,
  operators,
  coerces,
  converts,
  enums,
  own_types: ownTypes,
  moved,
  type_code: typeCode,
}: Fixture): CatalogSnapshot {
  const names = Object.keys(relations);
  const oidOf = (name: string): number => firstOid + names.indexOf(name);
  const typeOidOf = typeOids();
  const rules: CatalogRule[] = [];
  const own = Object.entries(relations).map(([name, described], i): CatalogRelation => {
    const [schema, relname] = nameParts(name);
    const full = Array.isArray(described) ? relation.parse({ columns: described }) : described;
    if (Array.isArray(full)) throw new TypeError(name); // an object went in
    const { kind, columns, definition, inherits, triggers, rules: hasRules, types, spelled, by_itself: own } = full;
    const oid = firstOid + i;
    rules.push(...own.map((rule) => ({ relation: oid, rule: readRule(rule, oidOf) })));
    const generated = new Set(
      own.flatMap((rule) => (rule.kind === 'stored' || rule.kind === 'virtual' ? [rule.column] : [])),
    );
    return {
      oid,
      schema,
      name: relname,
      kind,
      columns: columns.map((column, n) => {
        const typeName = types[column] ?? 'text';
        const typeOid = typeOidOf(typeName);
        return {
          ...{ name: column, attnum: n + 1, typeOid, typeName },
          ...(generated.has(column) && { isGenerated: true }),
          ...(spelled.includes(column) && { folds: true }),
        };
      }),
      inherits: inherits.map((parent) => firstOid + names.indexOf(parent)),
      ...(definition === undefined ? {} : { definition }),
      hasRules,
      hasTriggers: triggers,
    };
  });
  const called = Object.entries(functions).flatMap(([name, described]) => {
    const [schema, proname] = nameParts(name);
    return [described].flat().map(({ scalar, body, ...one }) => ({
      schema,
      name: proname,
      ...one,
      ...(scalar && { scalar }),
      ...(typeCode[name]?.names && { names: typeCode[name].names }),
      ...(body && { body: readBody(body, (table) => (names.includes(table) ? oidOf(table) : 0)) }),
    }));
  });
  const signs = Object.entries(operators).flatMap(([name, extensions]) => {
    const [schema, oprname] = nameParts(name);
    return [extensions].flat().map((extension) => ({ schema, name: oprname, extension }));
  });
  return {
    version: 1,
    relations: [...systemCatalog(), ...own],
    functions: called,
    operators: signs,
    enums: enums.map((name) => ({ ...typeName(name), values: [] })),
    types: ownTypes.map(typeName),
    moved: new Set(moved.map(typeOidOf)),
    rules,
    typeCode: Object.entries(typeCode).map(([name, { of }]) => ({ ...typeName(name), of })),
    coerces,
    converts,
  };
}

function readBody({ rows, ...body }: z.output<typeof functionBody>, oidOf: (table: string) => number): FunctionBody {
  return rows.length === 0 ? body : { ...body, rowTypes: rows.map((table) => (table === null ? 0 : oidOf(table))) };
}

function typeName(qualifiedName: string): { readonly schema: string; readonly name: string } {
  const [schema, name] = nameParts(qualifiedName);
  return { schema, name };
}

function nameParts(name: string): readonly [schema: string, name: string] {
  const [schema = '', relname = ''] = name.split('.');
  return [schema, relname];
}

const systemRelations = z.record(z.string(), z.string());

/** `pg_catalog` and `information_schema` of PostgreSQL 18: names of relations to names of columns. */
function systemCatalog(): readonly CatalogRelation[] {
  const file = new URL('./postgres-18-catalog.json', import.meta.url);
  const read = systemRelations.parse(JSON.parse(readFileSync(file, 'utf8')));
  return Object.entries(read).map(([name, columns], i) => {
    const [schema, relname] = nameParts(name);
    return {
      oid: 1000 + i,
      schema,
      name: relname,
      kind: 'catalog',
      columns: columns
        .split(' ')
        .map((column, n) => ({ name: column, attnum: n + 1, typeOid: textOid, typeName: 'text' })),
      inherits: [],
      hasRules: false,
      hasTriggers: false,
    };
  });
}
