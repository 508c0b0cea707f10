import { labelsReachedBy } from './trigger-texts.ts';
import type { World } from './world.ts';

/**
 * Why no statement that has values can be seen through: somebody's function reads labelled columns wherever a value is made one of a type, which the server does by
 * itself for a column that is written, an argument, an arm of CASE or a parameter. Which types these have the gateway does not work out, so any statement may be one.
 */
export function typeReaches(world: World): string | undefined {
  if (reached.has(world)) return reached.get(world);
  const code = world.typeCode.find(({ schema, name }) => labelsReachedBy(world, schema, name).length > 0);
  const why = code && `${code.of} runs ${code.schema}.${code.name}, which may read labelled columns`;
  reached.set(world, why);
  return why;
}

/** A world does not change. */
const reached = new WeakMap<World, string | undefined>();
