import type { LeanRelation } from '../catalog/catalog.ts';
import type { Base, World } from '../catalog/world.ts';

/** Labelled columns by whose values a relation has, or shows, the rows it does: partitions and row-level security. */
export function chosenBy(world: World, relation: LeanRelation): readonly Base[] {
  const keys = world.labelled(relation, world.rules.partitionedBy(relation.oid));
  const read = world.rules.of(relation.oid).flatMap((rule) => {
    const from = rule.kind === 'policy' ? world.byOid(rule.reads.relation) : undefined;
    return rule.kind === 'policy' && from ? world.labelled(from, rule.reads.columns) : [];
  });
  return [...keys, ...read];
}

/** Labelled columns by whose values a row is in the table that it is in: what `tableoid` tells. */
export function placedBy(world: World, relation: LeanRelation): readonly Base[] {
  return world.labelled(relation, world.rules.dividedBy(relation.oid));
}

/**
 * Labelled columns by whose values a row stands where it does: what `ctid` tells. How many rows fit on a page follows from how long they are, and a row that
 * an update replaced is let go of otherwise where no index had to be changed for it, because the new value is the old one (src/backend/access/heap/README.HOT).
 */
export function standsBy(world: World, relation: LeanRelation): readonly Base[] {
  return world.rules.storedIn(relation.oid).flatMap((oid) => {
    const stored = world.byOid(oid);
    return stored ? world.labelled(stored) : [];
  });
}
