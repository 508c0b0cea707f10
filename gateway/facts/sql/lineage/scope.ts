import type { ColumnUse } from '../../../contract/command-postgres.ts';
import type { LeanRelation } from '../catalog/catalog.ts';
import type { Ledger } from './ledger.ts';
import { nameParts, nodes, type Node } from '../text/node.ts';
import type { Narrowed } from '../catalog/value-kind.ts';
import type { Base, Form } from '../catalog/world.ts';
import type { Json } from '../../../contract/principal.ts';

/** A type of which it matters, and is known, that it is this one: `text` is any of text, `of` a column's, `literal` a constant without a type of its own, or a number. */
export type ColumnType = Narrowed | 'text' | 'literal' | `of ${string}`;

/** A column as a query sees or makes it. */
export interface Column {
  readonly name: string;
  /** Everything its value can be made of. */
  readonly sources: ReadonlySet<Base>;
  /** See `Form`. */
  readonly form?: Form;
  /** Absent where it is not known, and for a plain column, whose table says it. */
  readonly type?: ColumnType;
  /** It is this column of a relation itself. */
  readonly is?: Base;
  /** What it is made of otherwise, where that can be looked at: an expression, or one of several columns. */
  readonly made?: { readonly tree: Node; readonly scope: Scope } | { readonly arms: readonly Column[] };
  /** Stands for any number of columns of any name (the star of a function's row). */
  readonly wild?: true;
}

/** Something with columns in a FROM list. */
export interface Item {
  /** The name it goes by; none for a join without an alias. */
  readonly name: string | undefined;
  /** The table itself, where nothing is in between: it has system columns. */
  readonly table?: LeanRelation;
  /** What decides which table a row of it is in, where that is labelled: partitions. */
  readonly placed?: ReadonlySet<Base>;
  /** What decides where in its table a row stands, where that is labelled. */
  readonly stands?: ReadonlySet<Base>;
  /** Its schema, where it may be named with one: a table without an alias. */
  readonly schema?: string;
  readonly columns: readonly Column[];
  /** Set where it may have more columns than `columns` lists: what those can carry. */
  readonly more?: ReadonlySet<Base>;
  /** Seen by a column's name alone. A side of USING, or `excluded`, is not. */
  readonly bare: boolean;
}

/** A WITH query, read when it is first named. */
export interface NamedQuery {
  columns(): readonly Column[];
}
export type NamedQueries = ReadonlyMap<string, NamedQuery>;

export interface Scope {
  readonly items: readonly Item[];
  readonly outer: Scope | undefined;
  readonly queries: NamedQueries;
  /** The query to be read is a statement of its own: nothing around it goes on with what its conditions tell. */
  readonly outermost?: true;
}

/** The parts of the walk that call one another, tied together in `walk.ts`. */
export interface Walk {
  readonly ledger: Ledger;
  /** Any statement that has columns: SELECT, VALUES, INSERT, UPDATE, DELETE, MERGE. `tree` is tagged. */
  query(tree: Node, scope: Scope): readonly Column[];
  /** Writes down all that the expression reads as used for `use`, and adds it to `into`. */
  expression(tree: Json | undefined, scope: Scope, use: ColumnUse, into?: Set<Base>): void;
  /** The same for a value that leaves. @returns its form */
  value(tree: Node, scope: Scope, into: Set<Base>): Form | undefined;
  /** The FROM items of one entry. @param before items to its left, for LATERAL */
  from(tree: Node, before: readonly Item[], scope: Scope): readonly Item[];
  /** The output columns of a target list. */
  targets(list: readonly Node[], scope: Scope): readonly Column[];
}

export const emptyScope: Scope = { items: [], outer: undefined, queries: new Map() };
export const outermostScope: Scope = { ...emptyScope, outermost: true };

/** What a reference can mean. `undefined`: nothing that is in sight. */
export type Reference =
  | {
      readonly kind: 'column';
      readonly column: Column;
      /** The column may not be there: then it is the function of this name, called with the row. */
      readonly mayCall?: string;
    }
  | {
      readonly kind: 'row';
      readonly columns: readonly Column[];
      readonly sources: ReadonlySet<Base>;
      readonly field?: string;
    };

/** The parts of a reference, without the database of a four-part one. */
export function referenceParts(body: Node): readonly string[] {
  const parts = nameParts(nodes(body, 'fields'));
  return parts.length > 3 ? parts.slice(-3) : parts;
}

const systemColumns: ReadonlySet<string> = new Set(['ctid', 'xmin', 'xmax', 'cmin', 'cmax', 'tableoid']);

export function isSystemColumn(name: string): boolean {
  return systemColumns.has(name);
}

/**
 * Looks a reference up as the server does: innermost level first, columns before whole rows.
 * @param parts the name's parts, without a database; the last may be `*`
 */
export function resolve(parts: readonly string[], scope: Scope): Reference | undefined {
  const last = parts.at(-1) ?? '';
  if (parts.length === 1) return last === '*' ? undefined : bareName(last, scope);
  const items = itemsNamed(parts, scope);
  const [item] = items;
  if (!item) return undefined;
  if (last === '*') return row(items);
  const found = columnsNamed(last, items);
  if (found.length > 0) return { kind: 'column', column: merge(found) };
  if (item.table && systemColumns.has(last)) return { kind: 'column', column: systemColumn(last, [item]) };
  if (item.more) return { kind: 'column', column: { name: last, sources: item.more }, mayCall: last };
  // `row.name` where the row has no such column calls the function `name` with the row.
  return { ...row(items), field: last };
}

function bareName(name: string, scope: Scope): Reference | undefined {
  const possible = new Set<Base>();
  let unsure = false;
  for (let level: Scope | undefined = scope; level; level = level.outer) {
    const seen = level.items.every((item) => item.bare) ? level.items : level.items.filter((item) => item.bare);
    const found = columnsNamed(name, seen);
    if (found.length > 0) {
      const column = merge(found);
      return { kind: 'column', column: unsure ? { name, sources: new Set([...possible, ...column.sources]) } : column };
    }
    if (systemColumns.has(name) && seen.some((item) => item.table))
      return { kind: 'column', column: systemColumn(name, seen) };
    for (const item of seen) {
      if (!item.more) continue;
      unsure = true;
      for (const base of item.more) possible.add(base);
    }
  }
  for (let level: Scope | undefined = scope; level; level = level.outer) {
    const rows = level.items.filter((item) => item.name === name);
    if (rows.length === 0) continue;
    const whole = row(rows);
    return unsure ? { ...whole, sources: new Set([...possible, ...whole.sources]) } : whole;
  }
  return unsure ? { kind: 'column', column: { name, sources: possible } } : undefined;
}

/** `tableoid` says which partition a row is in, `ctid` where in it. */
function systemColumn(name: string, items: readonly Item[]): Column {
  switch (name) {
    case 'tableoid':
      return { name, sources: new Set(items.flatMap(({ placed }) => [...(placed ?? [])])) };
    case 'ctid': {
      const sources = new Set(items.flatMap(({ stands }) => [...(stands ?? [])]));
      return { name, sources, ...(sources.size > 0 ? { form: 'derived' } : {}) };
    }
    default:
      return { name, sources: new Set() };
  }
}

/** A loop: most of the time that a long statement takes is spent here. */
function columnsNamed(name: string, items: readonly Item[]): readonly Column[] {
  const found: Column[] = [];
  for (const item of items)
    for (const column of item.columns) if (column.name === name && !column.wild) found.push(column);
  return found;
}

/** The item that stands before the last part, and others of the same name at its level. */
function itemsNamed(parts: readonly string[], scope: Scope): readonly Item[] {
  const name = parts.at(-2);
  const schema = parts.at(-3);
  for (let level: Scope | undefined = scope; level; level = level.outer) {
    const found = level.items.filter((item) => item.name === name && (schema === undefined || item.schema === schema));
    if (found.length > 0) return found;
  }
  return [];
}

function row(items: readonly Item[]): Extract<Reference, { kind: 'row' }> {
  const columns = allColumns(items);
  return { kind: 'row', columns, sources: sourcesOf(columns) };
}

function allColumns(items: readonly Item[]): readonly Column[] {
  return items.flatMap((item) =>
    item.more ? [...item.columns, { name: '*', sources: item.more, wild: true as const }] : item.columns,
  );
}

/** Columns of one name: one of them is meant, or the server refuses. */
function merge(columns: readonly Column[]): Column {
  const [first] = columns;
  if (first && columns.length === 1) return first;
  return { name: first?.name ?? '', sources: sourcesOf(columns) };
}

export function sourcesOf(columns: readonly Column[]): ReadonlySet<Base> {
  const [first] = columns;
  // Arms of a UNION mostly read the same.
  if (first && columns.every((column) => addsNothing(column.sources, first.sources))) return first.sources;
  const sources = new Set<Base>();
  for (const column of columns) for (const base of column.sources) sources.add(base);
  return sources;
}

function addsNothing(sources: ReadonlySet<Base>, to: ReadonlySet<Base>): boolean {
  if (sources === to) return true;
  for (const base of sources) if (!to.has(base)) return false;
  return true;
}

/** The columns of `*`: with a place holder where there may be more. */
export function starColumns(items: readonly Item[]): readonly Column[] {
  return allColumns(items.filter((item) => item.bare));
}

/** Nobody can say any more which value is which: all of it counts as used, and nothing as plain. */
export function blur(ledger: Ledger, columns: readonly Column[], use: ColumnUse): ReadonlySet<Base> {
  const sources = sourcesOf(columns);
  ledger.touchAll(sources, use);
  return sources;
}

/** Names from an alias's column list, by position. */
export function renamed(ledger: Ledger, columns: readonly Column[], names: readonly string[]): readonly Column[] {
  if (names.length === 0) return columns;
  if (!columns.some((column) => column.wild)) {
    return columns.map((column, i) => ({ ...column, name: names[i] ?? column.name }));
  }
  const sources = blur(ledger, columns, 'expression');
  return [...names.map((name) => ({ name, sources })), { name: '*', sources, wild: true as const }];
}
