import { classifyFunction } from './functions.ts';
import type { CatalogFunction, LeanRelation } from './catalog.ts';
import type { RuleOf } from './table-rules.ts';
import type { World } from './world.ts';

/** What is done to rows; `keep`: they stay what they are, as by VACUUM, REINDEX and ALTER TABLE. */
export type Work = 'write' | 'read' | 'keep';

/** What each work on the rows of a relation runs. */
export const ran: { readonly [work in Work]: (world: World, relation: LeanRelation) => Iterable<Fired> } = {
  write: firedBy,
  read: askedBy,
  keep: calledBy,
};

/**
 * Labels of what the code can read that works on a relation's rows: whatever it reads it may quote, in an exception or a notice. PL/pgSQL
 * reaches a table by its name only, so the names in a function's text say which; but where it runs text as SQL, calls somebody's function, or is
 * written in another language, it may be any. What it does with the row itself is the statement's own.
 * https://www.postgresql.org/docs/current/plpgsql-trigger.html
 */
export function quotedBy(world: World, relation: LeanRelation, work: Work): readonly string[] {
  return known(world, `${work} ${relation.oid}`, () => ran[work](world, relation));
}

/** The same of event triggers, which run whenever the schema changes: https://www.postgresql.org/docs/current/event-triggers.html */
export function quotedByEventTriggers(world: World): readonly string[] {
  return known(world, 'event', () =>
    world.rules.ofEvents().flatMap((rule) => (rule.kind === 'trigger' ? functionsOf(world, rule.calls) : [])),
  );
}

/** A world does not change. */
const knownOf = new WeakMap<World, Map<string, readonly string[]>>();

function known(world: World, key: string, run: () => Iterable<Code>): readonly string[] {
  const before = knownOf.get(world) ?? new Map<string, readonly string[]>();
  knownOf.set(world, before);
  const labels = before.get(key) ?? labelsOfAll(world, run());
  before.set(key, labels);
  return labels;
}

/** Of the code, and of what runs where it reads and writes. */
function labelsOfAll(world: World, run: Iterable<Code>): readonly string[] {
  const first = [...run];
  const then = firedFrom(world, new Set(first.flatMap((code) => reachedBy(world, code))));
  const labels = new Set<string>();
  for (const { names } of [...first, ...then]) for (const label of labelsOfNames(world, names)) labels.add(label);
  return [...labels].sort();
}

/** Labels of what functions of a name can read, by themselves or through others. */
export function labelsReachedBy(world: World, schema: string, name: string): readonly string[] {
  const called = world.functionsNamed(name).filter((fn) => fn.schema === schema);
  if (called.length === 0) return world.anything.labels;
  return called.flatMap((fn) => [...labelsOfNames(world, namesOf(world, fn).names)]);
}

function labelsOfNames(world: World, names: readonly string[] | undefined): ReadonlySet<string> {
  if (!names) return new Set(world.anything.labels);
  const relations = names.flatMap((name) => world.named(name)).filter(({ kind }) => kind !== 'catalog');
  return new Set(relations.flatMap((relation) => world.columns(relation).flatMap(({ labels }) => labels)));
}

/** Code that runs by itself where rows are written or read. */
export interface Fired extends Code {
  readonly kind: 'trigger' | 'called' | 'asked';
  /** Whose rows it works on. */
  readonly relation: LeanRelation;
}

interface Code {
  /** Of the function. */
  readonly schema: string;
  /** In the function's text; undefined where it can reach anything. */
  readonly names: readonly string[] | undefined;
  /** The same, but for what it calls; undefined where nobody can read it. */
  readonly written: readonly string[] | undefined;
  /** Its own `search_path`; undefined where names are looked up by the session's. */
  readonly path: readonly string[] | undefined;
}

/** What writing rows of a relation can run. */
export function* firedBy(world: World, written: LeanRelation): Generator<Fired> {
  yield* firedFrom(world, around(world, written));
}

function* firedFrom(world: World, first: Iterable<LeanRelation>): Generator<Fired> {
  // A set that grows while it is walked: what a trigger writes has triggers of its own, and so has what refers to a row that is gone.
  const relations = new Set(first);
  for (const relation of relations) {
    for (const rule of world.rules.of(relation.oid)) {
      if (rule.kind !== 'trigger' && rule.kind !== 'called' && rule.kind !== 'asked') continue;
      for (const fired of codeOf(world, relation, rule)) {
        yield fired;
        for (const each of reachedBy(world, fired)) relations.add(each);
      }
    }
  }
}

/** What runs where a function reads or writes. */
function reachedBy(world: World, { names = [] }: Code): readonly LeanRelation[] {
  return names
    .flatMap((name) => world.named(name))
    .flatMap((relation) => (relation.kind === 'catalog' ? [] : around(world, relation)));
}

/** What reading rows of a relation runs: functions of its policies. */
export function askedBy(world: World, read: LeanRelation): readonly Fired[] {
  return ofKind(world, read, 'asked');
}

/** What working on rows runs that leaves them what they are: functions that an index is made by, or a check that is asked again. */
export function calledBy(world: World, relation: LeanRelation): readonly Fired[] {
  return ofKind(world, relation, 'called');
}

function ofKind(world: World, about: LeanRelation, kind: 'asked' | 'called'): readonly Fired[] {
  return around(world, about).flatMap((relation) =>
    world.rules.of(relation.oid).flatMap((rule) => (rule.kind === kind ? [...codeOf(world, relation, rule)] : [])),
  );
}

type CodeRule = RuleOf<Fired['kind']>;

/** For each function of the name. */
function codeOf(world: World, relation: LeanRelation, { kind, calls }: CodeRule): readonly Fired[] {
  return functionsOf(world, calls).map((code) => ({ kind, relation, ...code }));
}

/** @param calls `schema.name` */
function functionsOf(world: World, calls: string): readonly Code[] {
  const [schema, name] = [calls.slice(0, calls.indexOf('.')), calls.slice(calls.indexOf('.') + 1)];
  const called = world.functionsNamed(name).filter((fn) => fn.schema === schema);
  const functions = called.length > 0 ? called : [undefined];
  return functions.map((fn) => ({ schema, path: fn?.path, ...namesOf(world, fn) }));
}

/** The relation, what holds rows of it, what it is made of, and the tables whose foreign keys follow its rows. */
function around(world: World, relation: LeanRelation): readonly LeanRelation[] {
  const behind = new Set([relation]);
  for (const each of behind) for (const more of world.view(each)?.relations ?? []) behind.add(more);
  return [...behind].flatMap(({ oid }) => {
    const oids = new Set([...world.rules.followedBy(oid), ...world.rules.referrers(oid).map(({ from }) => from)]);
    return [...oids].flatMap((each) => world.byOid(each) ?? []);
  });
}

function namesOf(world: World, fn: CatalogFunction | undefined): Pick<Fired, 'names' | 'written'> {
  const { names } = fn ?? {};
  const reaches = names?.some((name) => reachesAnything(world, name)) !== false;
  // What the server has read once is not looked up by name again.
  const written = fn?.body?.atomic === true ? [] : names;
  return { names: reaches ? undefined : names, written };
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
