import type { LeanRelation } from '../catalog/catalog.ts';
import type { Ledger } from '../lineage/ledger.ts';
import type { TableRule } from '../catalog/rules.ts';
import type { RuleOf } from '../catalog/table-rules.ts';
import { nothingGiven, type GivenValues } from '../lineage/given-values.ts';
import type { Base, World } from '../catalog/world.ts';

/** What is done to rows. Of new ones every value is the statement's own, but for defaults. */
export type RowChange = 'insert' | 'update' | 'delete';

/**
 * Writes down which labelled columns decide whether the change of rows goes through.
 * @param written names of columns; undefined where it may be any
 * @returns names of columns whose keys tell no more than a look-up of each of the values
 */
export function readRuleUses(
  ledger: Ledger,
  relation: LeanRelation,
  change: RowChange,
  written: readonly string[] | undefined,
  given: GivenValues = nothingGiven,
  /** What this change follows from, through foreign keys. */
  seen: ReadonlySet<string> = new Set(),
): ReadonlySet<string> {
  const lookedUp = new Map<string, Base>();
  const { world } = ledger;
  const rules = world.rules.whereStored(relation.oid);
  const generated = rules.flatMap((rule) => {
    if (rule.kind === 'filled') return change === 'insert' ? rule.columns : [];
    return isGenerated(rule) && meets(written, rule.columns) ? [rule.column] : [];
  });
  const now = written && [...written, ...generated];
  const anew = written?.filter((name) => !given.kept.has(name));
  const whole = anew && [
    ...anew,
    ...rules.flatMap((rule) => (isGenerated(rule) && isGiven(world, relation, rule, anew) ? [rule.column] : [])),
  ];
  if (change !== 'delete')
    for (const rule of rules) {
      const used = usedBy(world, relation, rule, change, now, whole, given);
      const isFound = used.length > 0 && isLookUp(world, relation, rule, change, now, given);
      for (const base of used)
        if (isFound) lookedUp.set(base.name, base);
        else ledger.touch(base, useOf(rule));
    }
  for (const [name, base] of lookedUp) ledger.lookUp(base, given.labelled.get(name));
  const names = new Set(lookedUp.keys());
  if (change === 'insert') return names;
  // Whether somebody refers to the row.
  for (const { from, columns, to, follows } of world.rules.referrers(relation.oid)) {
    if (change === 'update' && !meets(now, to.columns)) continue;
    const other = world.byOid(from);
    const bases = [...world.labelled(relation, to.columns), ...(other ? world.labelled(other, columns) : [])];
    for (const base of bases) ledger.touch(base, 'key');
    if (other) readFollowing(ledger, other, columns, follows?.[change], seen);
  }
  return names;
}

/** What follows from a change of a row that others refer to is a change of these, and their table makes of it what it makes of any. */
function readFollowing(
  ledger: Ledger,
  relation: LeanRelation,
  columns: readonly string[],
  follows: 'delete' | 'null' | 'update' | undefined,
  seen: ReadonlySet<string>,
): void {
  const step = `${relation.oid} ${String(follows)} ${columns.join('\0')}`;
  if (follows === undefined || seen.has(step)) return;
  const emptied = new Set(columns);
  const given = follows === 'null' ? { ...nothingGiven, emptied, short: emptied } : nothingGiven;
  const change = follows === 'delete' ? 'delete' : 'update';
  readRuleUses(ledger, relation, change, change === 'delete' ? undefined : columns, given, new Set([...seen, step]));
}

/**
 * Whether the key tells whether a row has the values that the client gives, and nothing else: all that the key compares with them are values of
 * unlabelled columns, that are given as well or that the row keeps.
 * @param written names of columns; undefined where it may be any
 */
function isLookUp(
  world: World,
  relation: LeanRelation,
  rule: TableRule,
  change: RowChange,
  written: readonly string[] | undefined,
  { labelled, plain }: GivenValues,
): boolean {
  if ((rule.kind !== 'primary' && rule.kind !== 'unique') || (rule.over !== 'alone' && !rule.folded)) return false;
  const names = world.labelled(relation, rule.columns).map(({ name }) => name);
  const whileNull = rule.folded?.whileNull;
  // A labelled column would tell as well whether it is NULL.
  if (whileNull !== undefined && names.includes(whileNull)) return false;
  return rule.columns.every((name) => {
    if (names.includes(name)) return labelled.has(name);
    if (plain.has(name)) return true;
    if (written === undefined || written.includes(name)) return false;
    return change === 'update' || (name === whileNull && hasPlainDefault(world, relation, name));
  });
}

/** What nobody gives follows from what nobody wrote a function for. */
function hasPlainDefault(world: World, { oid }: LeanRelation, column: string): boolean {
  return !world.rules.whereStored(oid).some((rule) => rule.kind === 'default' && rule.column === column);
}

/** Rows that are deleted softly are under the key no more, and so compared with none. */
function leaves(
  { columns, folded }: Extract<TableRule, { kind: 'primary' | 'unique' }>,
  written: readonly string[] | undefined,
  { filled }: GivenValues,
): boolean {
  const whileNull = folded?.whileNull;
  if (whileNull === undefined || !filled.has(whileNull)) return false;
  return !meets(
    written,
    columns.filter((name) => name !== whileNull),
  );
}

/** Of rows that have NULL in it a key compares none. */
function empties(
  { columns, over, nulls }: Extract<TableRule, { kind: 'primary' | 'unique' }>,
  written: readonly string[] | undefined,
  { emptied }: GivenValues,
): boolean {
  // What is written may be any column: one of which nobody knows that it becomes NULL.
  if (written === undefined || nulls !== true || over === 'computed') return false;
  return columns.filter((name) => written.includes(name)).every((name) => emptied.has(name));
}

function isGenerated(rule: TableRule): rule is RuleOf<'stored' | 'virtual'> {
  return rule.kind === 'stored' || rule.kind === 'virtual';
}

const keys: ReadonlySet<TableRule['kind']> = new Set(['primary', 'unique', 'foreign']);

function useOf({ kind }: TableRule): 'key' | 'rule' {
  return keys.has(kind) ? 'key' : 'rule';
}

/** All that is labelled in it is written. */
function isGiven(
  world: World,
  relation: LeanRelation,
  rule: RuleOf<'stored' | 'virtual'>,
  written: readonly string[],
): boolean {
  return (
    meets(written, rule.columns) && world.labelled(relation, rule.columns).every(({ name }) => written.includes(name))
  );
}

/** What an update makes of values that are there and of others that it gives may fail: by how it is made, and where it has to fit. */
function madeAnew(world: World, relation: LeanRelation, rule: RuleOf<'stored' | 'virtual'>): boolean {
  if (rule.limited === true) return true;
  return rule.kind === 'stored' && world.columns(relation).some(({ name, form }) => name === rule.column && !form);
}

function usedBy(
  world: World,
  relation: LeanRelation,
  rule: TableRule,
  change: RowChange,
  written: readonly string[] | undefined,
  /** Of which the row keeps nothing that is labelled. */
  whole: readonly string[] | undefined,
  given: GivenValues,
): readonly Base[] {
  switch (rule.kind) {
    case 'primary':
    case 'unique': {
      const labelled = world.labelled(relation, rule.columns);
      // What a new row leaves NULL is no other row's value; over an expression or for some rows only, it may count.
      const told =
        change === 'insert' && (rule.over !== 'computed' || rule.folded)
          ? labelled.map(({ name }) => name)
          : rule.columns;
      if (change === 'update' && (leaves(rule, written, given) || empties(rule, written, given))) return [];
      return meets(written, told) ? labelled : [];
    }
    case 'check':
    case 'unchecked': {
      if (change === 'insert' || (rule.kind === 'check' && !meets(written, rule.columns))) return [];
      return world.labelled(relation, rule.columns).filter(({ name }) => !whole?.includes(name));
    }
    case 'foreign': {
      if (!meets(written, rule.columns)) return [];
      const other = world.byOid(rule.to.relation);
      // Of several columns, those that the row keeps are looked for as well.
      const kept = change === 'update' ? world.labelled(relation, rule.columns) : [];
      const elsewhere = other ? world.labelled(other, rule.to.columns) : [];
      return [...elsewhere, ...kept.filter(({ name }) => !whole?.includes(name))];
    }
    case 'stored':
    case 'virtual': {
      if (change !== 'update' || !meets(written, rule.columns) || !madeAnew(world, relation, rule)) return [];
      return world.labelled(relation, rule.columns).filter(({ name }) => !whole?.includes(name));
    }
    // Of what is not written, both rows have the same.
    case 'redundant':
      return change === 'update' ? world.labelled(relation, written) : [];
    case 'entry':
      return toldByEntry(world, relation, rule, change, { written, whole, short: given.short });
    case 'each':
    case 'policy':
    case 'partition':
    case 'domain':
    case 'trigger':
    case 'called':
    case 'asked':
    case 'index':
    case 'default':
    case 'filled':
      return [];
    default:
      return rule satisfies never;
  }
}

/** Names of columns. */
interface Assigned {
  /** Undefined where it may be any. */
  readonly written: readonly string[] | undefined;
  /** Of which the row keeps nothing that is labelled. */
  readonly whole: readonly string[] | undefined;
  /** What goes into them is short. */
  readonly short: ReadonlySet<string>;
}

/** Of an entry of an index, of statistics or of the row itself, which may fail: by what is computed of values together, or by how long they are together. */
function toldByEntry(
  world: World,
  relation: LeanRelation,
  { columns, long, computed, chosen, shared }: RuleOf<'entry'>,
  change: RowChange,
  { written, whole, short }: Assigned,
): readonly Base[] {
  const labelled = world.labelled(relation, columns);
  const anyLength = long.filter((name) => !short.has(name));
  const isLong = meets(written, anyLength);
  if (shared === true && isLong) return labelled;
  if (change === 'insert') return [];
  const stay = labelled.filter(({ name }) => !whole?.includes(name));
  const isMade = (part: readonly string[]): boolean => stay.some(({ name }) => part.includes(name));
  const told = isLong || computed.some((part) => isMade(part) && (meets(written, part) || meets(written, chosen)));
  return told ? stay : [];
}

function meets(written: readonly string[] | undefined, columns: readonly string[]): boolean {
  return written === undefined ? columns.length > 0 : columns.some((column) => written.includes(column));
}
