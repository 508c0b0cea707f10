import { z } from 'zod';
import type { Folded, Follows, TableRule } from '../../facts/sql/index.ts';

const columns = z.array(z.string());
/** `schema.name` of a table of the fixture. The server notes no policy's reading of its own catalogs. */
const table = z.string();

/** What a table does by itself with the values of its columns, as `TableRule`; other tables go by their names. */
export const tableRule = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.enum(['primary', 'unique']),
    columns,
    over: z.enum(['alone', 'own', 'columns', 'computed']).default('columns'),
    nulls: z.boolean().optional(),
    folded: z.strictObject({ while_null: z.string().exactOptional() }).exactOptional(),
  }),
  z.strictObject({ kind: z.enum(['check', 'unchecked', 'partition', 'domain', 'filled']), columns }),
  z.strictObject({ kind: z.enum(['redundant', 'each']) }),
  z.strictObject({ kind: z.enum(['trigger', 'called', 'asked']), calls: z.string() }),
  z.strictObject({
    kind: z.literal('index'),
    keys: columns,
    covers: columns.default([]),
    own: z.literal(true).exactOptional(),
  }),
  z.strictObject({
    kind: z.literal('entry'),
    columns,
    long: columns.default([]),
    computed: z.array(columns).default([]),
    chosen: columns.default([]),
    shared: z.literal(true).exactOptional(),
  }),
  z.strictObject({
    kind: z.literal('foreign'),
    columns,
    to: table,
    to_columns: columns,
    /** What becomes of the rows that refer to one, when that one is deleted or gets another key. */
    on_delete: z.enum(['delete', 'null', 'update']).exactOptional(),
    on_update: z.enum(['null', 'update']).exactOptional(),
  }),
  z.strictObject({ kind: z.literal('policy'), reads: table, columns }),
  z.strictObject({
    kind: z.enum(['stored', 'virtual']),
    column: z.string(),
    columns,
    sql: z.string(),
    limited: z.boolean().optional(),
  }),
  z.strictObject({ kind: z.literal('default'), column: z.string(), sql: z.string() }),
]);
export type WrittenRule = z.input<typeof tableRule>;
export type FixtureRule = z.output<typeof tableRule>;

/** The other table that a rule is about. */
export function otherTable(rule: TableRule): number | undefined {
  if (rule.kind === 'foreign') return rule.to.relation;
  return rule.kind === 'policy' ? rule.reads.relation : undefined;
}

/** The same by name. */
export function otherName(rule: FixtureRule): string | undefined {
  if (rule.kind === 'foreign') return rule.to;
  return rule.kind === 'policy' ? rule.reads : undefined;
}

/** @param nameOf undefined for a table that the fixture does not have: nothing can be said of it */
export function writtenRule(rule: TableRule, nameOf: (oid: number) => string | undefined): WrittenRule | undefined {
  const list = (names: readonly string[]): string[] => [...names];
  switch (rule.kind) {
    case 'primary':
    case 'unique':
      return {
        ...{ kind: rule.kind, columns: list(rule.columns) },
        ...(rule.over !== 'columns' && { over: rule.over }),
        ...(rule.nulls === true && { nulls: true }),
        ...(rule.folded && { folded: writtenFolded(rule.folded) }),
      };
    case 'check':
    case 'unchecked':
    case 'partition':
    case 'domain':
    case 'filled':
      return { kind: rule.kind, columns: list(rule.columns) };
    case 'redundant':
    case 'each':
      return { kind: rule.kind };
    case 'entry':
      return {
        ...{ kind: rule.kind, columns: list(rule.columns) },
        ...(rule.long.length > 0 && { long: list(rule.long) }),
        ...(rule.computed.length > 0 && { computed: rule.computed.map(list) }),
        ...(rule.chosen.length > 0 && { chosen: list(rule.chosen) }),
        ...(rule.shared && { shared: rule.shared }),
      };
    case 'trigger':
    case 'called':
    case 'asked':
      return { kind: rule.kind, calls: rule.calls };
    case 'index':
      return {
        ...{ kind: rule.kind, keys: list(rule.keys) },
        ...(rule.covers.length > 0 && { covers: list(rule.covers) }),
        ...(rule.own && { own: rule.own }),
      };
    case 'foreign': {
      const to = nameOf(rule.to.relation);
      return to === undefined
        ? undefined
        : {
            ...{ kind: 'foreign', columns: list(rule.columns), to, to_columns: list(rule.to.columns) },
            ...(rule.follows?.delete && { on_delete: rule.follows.delete }),
            ...(rule.follows?.update && { on_update: rule.follows.update }),
          };
    }
    case 'policy': {
      const reads = nameOf(rule.reads.relation);
      return reads === undefined ? undefined : { kind: 'policy', reads, columns: list(rule.reads.columns) };
    }
    case 'stored':
    case 'virtual':
      return {
        kind: rule.kind,
        column: rule.column,
        columns: list(rule.columns),
        sql: rule.sql,
        ...(rule.limited === true && { limited: true }),
      };
    case 'default':
      return { kind: 'default', column: rule.column, sql: rule.sql };
    default:
      return rule satisfies never;
  }
}

function writtenFolded({ whileNull }: Folded): { while_null?: string } {
  return whileNull === undefined ? {} : { while_null: whileNull };
}

function followsOf({ on_delete: onDelete, on_update: onUpdate }: Extract<FixtureRule, { kind: 'foreign' }>): {
  readonly follows?: Follows;
} {
  if (onDelete === undefined && onUpdate === undefined) return {};
  return { follows: { ...(onDelete && { delete: onDelete }), ...(onUpdate && { update: onUpdate }) } };
}

function readFolded({ while_null: whileNull }: { readonly while_null?: string }): Folded {
  return whileNull === undefined ? {} : { whileNull };
}

/** @param oidOf of each table that the fixture's rules name */
export function readRule(rule: FixtureRule, oidOf: (name: string) => number): TableRule {
  switch (rule.kind) {
    case 'foreign':
      return {
        ...{ kind: 'foreign', columns: rule.columns, to: { relation: oidOf(rule.to), columns: rule.to_columns } },
        ...followsOf(rule),
      };
    case 'policy':
      return { kind: 'policy', reads: { relation: oidOf(rule.reads), columns: rule.columns } };
    case 'primary':
    case 'unique': {
      const { folded, ...key } = rule;
      return folded ? { ...key, folded: readFolded(folded) } : key;
    }
    case 'check':
    case 'unchecked':
    case 'partition':
    case 'domain':
    case 'filled':
    case 'redundant':
    case 'each':
    case 'entry':
    case 'trigger':
    case 'called':
    case 'asked':
    case 'index':
    case 'stored':
    case 'virtual':
    case 'default':
      return rule;
    default:
      return rule satisfies never;
  }
}
