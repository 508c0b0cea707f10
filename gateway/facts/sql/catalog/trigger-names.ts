import type { LeanRelation } from './catalog.ts';
import { ran, type Fired, type Work } from './trigger-texts.ts';
import type { World } from './world.ts';

/**
 * Functions that triggers, checks, indexes and policies call look their names up by the path of the session that makes them run: with a table, a type or a function of the same name in a
 * schema of their own, or a temporary one, somebody would have them write or compare there what is to stay elsewhere. A name is taken for the author's where the path
 * finds it beside the table or the function, or where there is nothing else of that name. A function's own path leads past the session's, but for temporary tables and
 * types, which come first unless it names `pg_temp`. https://www.postgresql.org/docs/current/runtime-config-client.html#GUC-SEARCH-PATH
 * @returns why the names are not surely their author's
 */
export function strayName(
  world: World,
  relation: LeanRelation,
  path: readonly string[],
  change: Work,
): string | undefined {
  for (const fired of codeOf(world, relation, change)) {
    const beside = [fired.relation.schema, fired.schema];
    const searched = fired.path ? ownPath(fired.path, path) : path;
    const ahead = fired.names ? [] : namesAhead(world, beside, searched);
    for (const name of new Set([...ahead, ...(fired.written ?? [])])) {
      const found = strayOf(world, name, beside, searched);
      if (found === undefined) continue;
      const { schema, name: table } = fired.relation;
      return `${whose[fired.kind]} of ${schema}.${table} may find ${found} by a name that means another`;
    }
  }
  return undefined;
}

/** Nothing where no code works on labelled values. */
function codeOf(world: World, relation: LeanRelation, change: Work): readonly Fired[] {
  const known = knownOf.get(world) ?? new Map<string, readonly Fired[]>();
  knownOf.set(world, known);
  const key = `${change} ${relation.oid}`;
  const before = known.get(key);
  if (before) return before;
  const all = [...ran[change](world, relation)];
  const labelled = (each: LeanRelation): boolean => world.labelled(each).length > 0;
  const isAbout = all.some(
    (fired) => labelled(fired.relation) || fired.names?.some((name) => world.named(name).some(labelled)) !== false,
  );
  const code = isAbout && (labelled(relation) || world.anything.labels.length > 0) ? all : [];
  known.set(key, code);
  return code;
}

/** A world does not change. */
const knownOf = new WeakMap<World, Map<string, readonly Fired[]>>();

const whose: { readonly [kind in Fired['kind']]: string } = {
  trigger: 'a trigger',
  called: 'a function of a check, an index, a generated column or a trigger',
  asked: 'a function of a policy',
};

/** `$user` may be anybody: what the session's own path finds then counts as well. */
function ownPath(own: readonly string[], path: readonly string[]): readonly string[] {
  const temporary = path.filter(isTemporary);
  const named = own.flatMap((schema) => {
    if (schema === 'pg_temp') return temporary;
    return schema === '$user' ? path.filter((each) => each !== 'pg_catalog' && !isTemporary(each)) : [schema];
  });
  const first = own.includes('pg_temp') ? [] : temporary;
  return [...first, ...(own.includes('pg_catalog') ? [] : ['pg_catalog']), ...named];
}

/** Of a function that nobody can read: any that the path finds before it comes to where the function is at home. */
function namesAhead(world: World, beside: readonly string[], path: readonly string[]): readonly string[] {
  const home = path.findIndex((schema) => beside.includes(schema));
  const ahead = path.slice(0, home < 0 ? path.length : home).filter((schema) => schema !== 'pg_catalog');
  return ahead.flatMap((schema) => world.names.in(schema));
}

/** What else than the author's a name may mean by a path. */
function strayOf(world: World, name: string, beside: readonly string[], path: readonly string[]): string | undefined {
  for (const schemas of [
    world.named(name).flatMap(({ kind, schema }) => (kind === 'index' || kind === 'catalog' ? [] : [schema])),
    // Never looked for among what is temporary.
    world.functionsNamed(name).flatMap(({ schema }) => (isTemporary(schema) ? [] : [schema])),
    world.names.types(name),
  ]) {
    const found = path.find((schema) => schemas.includes(schema));
    if (found === undefined || beside.includes(found)) continue;
    const others = schemas.some((schema) => schema !== found && !isTemporary(schema));
    // Something of the server's own may have the name.
    const first = path.indexOf(found) < path.indexOf('pg_catalog');
    // Its number is another in each session.
    if (others || first) return `${isTemporary(found) ? 'pg_temp' : found}.${name}`;
  }
  return undefined;
}

function isTemporary(schema: string): boolean {
  return /^pg_temp_\d+$/.test(schema);
}
