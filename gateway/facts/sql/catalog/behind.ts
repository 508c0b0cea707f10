import type { LeanRelation } from './catalog.ts';
import type { World } from './world.ts';

/** The relation, and those that stand behind it where it is a view. */
export function withBehind(world: World, relation: LeanRelation): readonly LeanRelation[] {
  return [relation, ...(world.view(relation)?.relations ?? [])];
}
