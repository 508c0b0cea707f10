import type { TableRule } from './rules.ts';
import { columnNames, type LeanRelation } from './catalog.ts';
import type { Base, World } from './world.ts';

/** What a table may be read along. `labelled`: columns that decide the order, and that nobody may learn by it. */
export interface ScanOrder {
  readonly keys: readonly string[];
  readonly covers: readonly string[];
  readonly labelled: readonly Base[];
  /** Values that are equal by their column's `=` stand in no order in it. */
  readonly own: boolean;
}

/** Kept as long as the catalog and its labels are. */
const kept = new WeakMap<World, Map<number, readonly ScanOrder[]>>();

/** Along what a table may be read, where labelled columns decide over that. Rows of a partitioned table come partition by partition, whatever is read of them. */
export function scanOrders(world: World, relation: LeanRelation): readonly ScanOrder[] {
  const known = kept.get(world) ?? new Map<number, readonly ScanOrder[]>();
  const found = known.get(relation.oid);
  if (found) return found;
  const orders = scanOrdersOf(world, relation);
  kept.set(world, known.set(relation.oid, orders));
  return orders;
}

function scanOrdersOf(world: World, relation: LeanRelation): readonly ScanOrder[] {
  return world.rules.storedIn(relation.oid).flatMap((oid) => {
    const stored = world.byOid(oid);
    if (!stored) return [];
    return world.rules.of(oid).flatMap((rule) => {
      const along = alongRule(rule, columnNames(relation));
      const labelled = along ? world.labelled(stored, along.keys) : [];
      return along && labelled.length > 0 ? [{ ...along, labelled }] : [];
    });
  });
}

function alongRule(rule: TableRule, all: readonly string[]): Omit<ScanOrder, 'labelled'> | undefined {
  switch (rule.kind) {
    case 'index':
      return { keys: rule.keys, covers: rule.covers, own: rule.own === true };
    case 'partition':
      return { keys: rule.columns, covers: all, own: false };
    case 'primary':
    case 'unique':
      return rule.over === 'computed'
        ? undefined
        : { keys: rule.columns, covers: rule.columns, own: rule.over !== 'columns' };
    default:
      return undefined;
  }
}
