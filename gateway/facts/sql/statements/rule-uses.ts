import type { LeanRelation } from '../catalog/catalog.ts';
import type { Ledger } from '../lineage/ledger.ts';
import type { TableRule } from '../catalog/rules.ts';
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
): ReadonlySet<string> {
  const lookedUp = new Map<string, Base>();
  const { world } = ledger;
  const rules = world.rules.whereStored(relation.oid);
  const generated = rules.flatMap((rule) =>
    rule.kind === 'stored' && meets(written, rule.columns) ? [rule.column] : [],
  );
  const now = written && [...written, ...generated];
  if (change !== 'delete')
    for (const rule of rules) {
      const used = usedBy(world, relation, rule, change, now);
      const isFound = used.length > 0 && isLookUp(world, relation, rule, change === 'update' ? now : undefined, given);
      for (const base of used)
        if (isFound) lookedUp.set(base.name, base);
        else ledger.touch(base, useOf(rule));
    }
  for (const [name, base] of lookedUp) ledger.lookUp(base, given.labelled.get(name));
  const names = new Set(lookedUp.keys());
  if (change === 'insert') return names;
  // Whether somebody refers to the row.
  for (const { from, columns, to } of world.rules.referrers(relation.oid)) {
    if (change === 'update' && !meets(now, to.columns)) continue;
    const other = world.byOid(from);
    const bases = [...world.labelled(relation, to.columns), ...(other ? world.labelled(other, columns) : [])];
    for (const base of bases) ledger.touch(base, 'key');
  }
  return names;
}

/**
 * Whether the key tells whether a row has the values that the client gives, and nothing else: all that the key compares with them are values of
 * unlabelled columns, that are given as well or that the row keeps.
 * @param changed names of columns, where rows that are there are changed
 */
function isLookUp(
  world: World,
  relation: LeanRelation,
  rule: TableRule,
  changed: readonly string[] | undefined,
  { labelled, plain }: GivenValues,
): boolean {
  if (rule.kind !== 'primary' && rule.kind !== 'unique') return false;
  if (rule.over !== 'alone') return false;
  const names = world.labelled(relation, rule.columns).map(({ name }) => name);
  return rule.columns.every((name) => {
    if (names.includes(name)) return labelled.has(name);
    return plain.has(name) || (changed !== undefined && !changed.includes(name));
  });
}

function useOf(rule: TableRule): 'key' | 'rule' {
  return rule.kind === 'check' || rule.kind === 'unchecked' ? 'rule' : 'key';
}

function usedBy(
  world: World,
  relation: LeanRelation,
  rule: TableRule,
  change: RowChange,
  written: readonly string[] | undefined,
): readonly Base[] {
  switch (rule.kind) {
    case 'primary':
    case 'unique': {
      const labelled = world.labelled(relation, rule.columns);
      // What a new row leaves NULL is no other row's value; over an expression or for some rows only, it may count.
      const told = change === 'insert' && rule.over !== 'computed' ? labelled.map(({ name }) => name) : rule.columns;
      return meets(written, told) ? labelled : [];
    }
    case 'check':
    case 'unchecked': {
      if (change === 'insert' || (rule.kind === 'check' && !meets(written, rule.columns))) return [];
      return world.labelled(relation, rule.columns).filter(({ name }) => !written?.includes(name));
    }
    case 'foreign': {
      const other = world.byOid(rule.to.relation);
      return other && meets(written, rule.columns) ? world.labelled(other, rule.to.columns) : [];
    }
    case 'policy':
    case 'partition':
    case 'domain':
    case 'trigger':
    case 'index':
    case 'stored':
    case 'virtual':
    case 'default':
      return [];
    default:
      return rule satisfies never;
  }
}

function meets(written: readonly string[] | undefined, columns: readonly string[]): boolean {
  return written === undefined ? columns.length > 0 : columns.some((column) => written.includes(column));
}
