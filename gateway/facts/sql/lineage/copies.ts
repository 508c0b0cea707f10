import type { LeanRelation } from '../catalog/catalog.ts';
import type { Ledger } from './ledger.ts';
import { anyColumn, labelledName, labelledSchema } from '../catalog/labels.ts';
import { node, text, type Node } from '../text/node.ts';
import { sourcesOf, type Column } from './scope.ts';
import { namesUnmade, type Base } from '../catalog/world.ts';

/** What is written: a relation, or the name of one that nobody knows yet. */
export interface Destination {
  readonly relation: LeanRelation | undefined;
  readonly schema: string;
  readonly name: string;
}

/** @param column undefined where it may be any */
export function copyInto(ledger: Ledger, to: Destination, column: string | undefined, sources: Iterable<Base>): void {
  const from = [...sources];
  if (from.length === 0) return;
  const { relation } = to;
  if (!relation) {
    for (const name of namesUnmade(to.schema, to.name, ledger.path))
      ledger.copies.add(`${name}.${column ?? anyColumn}`, from, []);
    return;
  }
  const behind = ledger.world.view(relation)?.relations ?? [];
  // Which column of a table a view's column writes is not asked.
  for (const each of behind) ledger.copies.add(`${labelledName(each)}.${anyColumn}`, from, []);
  if (behind.length > 0) return;
  const bases = ledger.world.columns(relation);
  const base = column === undefined ? undefined : bases.find(({ name }) => name === column);
  if (base) ledger.copies.add(`${labelledName(relation)}.${base.name}`, from, base.labels);
  else for (const each of bases) ledger.copies.add(`${labelledName(relation)}.${each.name}`, from, each.labels);
}

/** The columns of a query, one into the other. @param names of the target's columns, in that order; undefined where they are not known */
export function copyColumns(
  ledger: Ledger,
  to: Destination,
  names: readonly string[] | undefined,
  columns: readonly Column[],
): void {
  if (!names || columns.some((column) => column.wild)) copyInto(ledger, to, undefined, sourcesOf(columns));
  else columns.forEach((column, i) => copyInto(ledger, to, names[i], column.sources));
}

/** A table that the statement makes of a query's columns. @param names of its columns, where the statement says them */
export function copyNew(ledger: Ledger, made: string, names: readonly string[], columns: readonly Column[]): void {
  if (columns.some((column) => column.wild)) {
    ledger.copies.add(`${made}.${anyColumn}`, sourcesOf(columns), []);
    return;
  }
  columns.forEach((column, i) => ledger.copies.add(`${made}.${names[i] ?? column.name}`, column.sources, []));
}

/** RENAME and SET SCHEMA: what is labelled by its name has to be labelled by the new one. */
export function copyRenamed(ledger: Ledger, tag: string, body: Node): void {
  const { world, path } = ledger;
  const about = node(body, 'relation') ?? {};
  const [schema, name] = [text(about, 'schemaname'), text(about, 'relname')];
  const type = text(body, tag === 'RenameStmt' ? 'renameType' : 'objectType');
  const newName = text(body, tag === 'RenameStmt' ? 'newname' : 'newschema');
  if (type === 'OBJECT_SCHEMA') {
    for (const relation of world.relationsIn(text(body, 'subname')))
      for (const base of world.columns(relation)) renamed(ledger, `${newName}.${relation.name}.${base.name}`, base);
    return;
  }
  if (name === '') return;
  const relation = world.relation(schema, name, path);
  if (!relation) {
    const base = world.unmade(schema, name, path);
    const old = base ? namesUnmade(schema, name, path) : [];
    for (const each of old) if (base) renamed(ledger, `${moved(each, name, type, tag, newName)}.${anyColumn}`, base);
    return;
  }
  const bases = world.columns(relation);
  const place = labelledSchema(relation.schema);
  if (type === 'OBJECT_COLUMN') {
    const base = bases.find((each) => each.name === text(body, 'subname'));
    if (base) renamed(ledger, `${place}.${relation.name}.${newName}`, base);
    return;
  }
  const now = moved(`${place}.${relation.name}`, relation.name, type, tag, newName);
  for (const base of bases) renamed(ledger, `${now}.${base.name}`, base);
}

function moved(old: string, name: string, type: string, tag: string, newName: string): string {
  if (type === 'OBJECT_COLUMN') return old;
  return tag === 'RenameStmt' ? `${old.slice(0, old.length - name.length)}${newName}` : `${newName}.${name}`;
}

function renamed({ copies }: Ledger, column: string, base: Base): void {
  if (base.labels.length > 0) copies.add(column, [base], []);
}
