import { classifyFunction } from './functions.ts';
import type { LeanRelation } from './catalog.ts';
import type { World } from './world.ts';

/**
 * Labels of what triggers can read when rows of a relation are written: whatever they read they may quote, in an exception or a notice. PL/pgSQL
 * reaches a table by its name only, so the names in a trigger's text say which; but where it runs text as SQL, calls somebody's function, or is
 * written in another language, it may be any. What it does with the row itself is the statement's own.
 * https://www.postgresql.org/docs/current/plpgsql-trigger.html
 */
export function quotedByTriggers(world: World, written: LeanRelation): readonly string[] {
  const known = knownOf.get(world) ?? new Map<number, readonly string[]>();
  knownOf.set(world, known);
  const labels = known.get(written.oid) ?? readQuoted(world, written);
  known.set(written.oid, labels);
  return labels;
}

/** A world does not change. */
const knownOf = new WeakMap<World, Map<number, readonly string[]>>();

function readQuoted(world: World, written: LeanRelation): readonly string[] {
  const labels = new Set<string>();
  // A set that grows while it is walked: what a trigger writes has triggers of its own, and so has what refers to a row that is gone.
  const relations = new Set(around(world, written));
  for (const relation of relations) {
    for (const rule of world.rules.of(relation.oid)) {
      if (rule.kind !== 'trigger') continue;
      const names = namesOf(world, rule.calls);
      if (!names || names.some((name) => reachesAnything(world, name))) return world.anything.labels;
      for (const other of names.flatMap((name) => world.named(name))) {
        if (other.kind === 'catalog') continue;
        for (const column of world.columns(other)) for (const label of column.labels) labels.add(label);
        for (const each of around(world, other)) relations.add(each);
      }
    }
  }
  return [...labels].sort();
}

/** The relation, what holds rows of it, what it is made of, and the tables whose foreign keys follow its rows. */
function around(world: World, relation: LeanRelation): readonly LeanRelation[] {
  const behind = [relation, ...(world.view(relation)?.relations ?? [])];
  return behind.flatMap(({ oid }) => {
    const oids = [...world.rules.storedIn(oid), ...world.rules.referrers(oid).map(({ from }) => from)];
    return oids.flatMap((each) => world.byOid(each) ?? []);
  });
}

/** @returns undefined where nobody can say what the function reads */
function namesOf(world: World, calls: string): readonly string[] | undefined {
  const dot = calls.indexOf('.');
  const called = world.functionsNamed(calls.slice(dot + 1)).filter(({ schema }) => schema === calls.slice(0, dot));
  const names = called.map((fn) => fn.names);
  return names.length > 0 && names.every((each) => each !== undefined) ? names.flat() : undefined;
}

const harmless: ReadonlySet<string> = new Set(['pure', 'aggregate', 'volatile', 'sequence', 'lock', 'set_config']);

function reachesAnything(world: World, name: string): boolean {
  if (name === 'execute') return true;
  const own = world.functionsNamed(name);
  if (own.length === 0) return isDynamic(name);
  return !own.every(({ schema }) => onlyComputes(world, schema, name));
}

/** Built in, and reads more than its arguments. A word that is no function is none of these. */
function isDynamic(name: string): boolean {
  const { categories } = classifyFunction(['pg_catalog', name], []);
  return !categories.every((category) => harmless.has(category) || category === 'unknown' || category === 'notify');
}

function onlyComputes(world: World, schema: string, name: string): boolean {
  const candidates = world.functions(schema, name, [schema]);
  // A body in SQL is read where it is called, and nobody reads it here.
  if (candidates.some(({ body }) => body)) return false;
  return classifyFunction([schema, name], candidates).categories.every((category) => harmless.has(category));
}
