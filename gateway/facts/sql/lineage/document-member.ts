import type { PathFact } from '../../../contract/command-postgres.ts';
import { foldedName } from '../../../contract/json-name.ts';
import { flag, nameParts, node, nodes, only, text, type Node } from '../text/node.ts';
import { allNamesOfPath, memberName, membersOf, namesOf, namesOfJsonPath, namesOfPath } from './document-constant.ts';
import { referenceParts, resolve, type Scope } from './scope.ts';
import type { Base, World } from '../catalog/world.ts';

/** Members of a column's documents, by the names that lead to them. */
export interface Members {
  readonly document: Base;
  readonly names: readonly string[];
}

type Path = readonly string[];

/**
 * `payload ->> 'source'`, `payload -> 'work' ->> 'place'`, `payload @> '{"source": "ads"}'`, where labels are on other members of the document: the value follows from these members alone, and
 * no document makes it fail. Of jsonb only: of json the server reads the text up to its end, and fails at what stands elsewhere in it. A name is a constant
 * that is no number: in a list it would count elements, each of which may be the document that the labels are about. A list or a single value holds no object,
 * and a JSON path finds in a list the members of its elements, which the labels are on by the same names.
 *
 * Not here: `?`, `?|` and `?&`, which ask a list, or a document that is one string, for a string that is there.
 * https://www.postgresql.org/docs/current/functions-json.html#FUNCTIONS-JSON-PROCESSING
 * @returns undefined where the value may be made of more
 */
export function clearMembers(world: World, operation: Node, scope: Scope): Members | undefined {
  const asked = askedBy(world, operation);
  const place = asked && placeOf(world, asked.document, scope);
  const paths = place && asked.paths();
  return paths && clearAt(place, paths);
}

/** The same of functions, which somebody else's may not be: that is for the caller to know. @param name of the server's own */
export function clearMembersOfCall(
  world: World,
  name: string,
  args: readonly Node[],
  scope: Scope,
): Members | undefined {
  const [first, ...more] = args;
  const place = first && placeOf(world, first, scope);
  if (!place) return undefined;
  if (name === 'jsonb_object_keys') return more.length === 0 ? namesAt(place) : undefined;
  const path = memberOfCall(name, more);
  return path && clearAt(place, [path]);
}

/** `JSON_VALUE(payload, '$.source')`, JSON_QUERY, JSON_EXISTS. */
export function clearMembersOfQuery(world: World, call: Node, scope: Scope): Members | undefined {
  const place = placeOf(world, node(node(call, 'context_item') ?? {}, 'raw_expr') ?? {}, scope);
  const path = place && namesOfJsonPath(node(call, 'pathspec') ?? {});
  return path && clearAt(place, [path]);
}

/** Where in a column's documents a value stands: all of it, or what `->` leads to. */
export interface Place {
  readonly document: Base;
  readonly path: Path;
}

/** `payload -> 'work' -> 'place'`. Undefined for what is no document of which parts are labelled. */
export function placeOf(world: World, tree: Node, scope: Scope): Place | undefined {
  const operation = only(tree, 'A_Expr');
  if (!operation) {
    const document = documentOf(tree, scope);
    return document && { document, path: [] };
  }
  if (serversOwn(world, operation) !== '->') return undefined;
  const name = memberName(node(operation, 'rexpr') ?? {});
  const place = name === undefined ? undefined : placeOf(world, node(operation, 'lexpr') ?? {}, scope);
  return place && name !== undefined ? { ...place, path: [...place.path, name] } : undefined;
}

/** @param paths from the place on */
export function clearAt({ document, path }: Place, paths: readonly Path[]): Members | undefined {
  const whole = paths.map((each) => [...path, ...each]);
  const names = whole.map((each) => {
    // As far as nothing behind it is labelled.
    const end = each.findIndex((_, i) => isBeside(document.paths ?? [], each.slice(0, i + 1)));
    return end < 0 ? undefined : each.slice(0, end + 1).join('.');
  });
  const found = names.filter((each) => each !== undefined);
  return found.length === names.length ? { document, names: found } : undefined;
}

/**
 * Which members an object has, where labels are on what stands in them, or beside it: a masked document shows that too. What is no object fails, whatever it holds.
 */
export function namesAt({ document, path }: Place): Members | undefined {
  return areNamesShown(document.paths ?? [], path) ? { document, names: [[...path, namesThere].join('.')] } : undefined;
}

/** Stands for the names of an object's members; none is written so. */
const namesThere = '(names)';

function areNamesShown(paths: readonly PathFact[], path: Path): boolean {
  return paths.every((label) => label.path.split('.').length > path.length || isBeside([label], path));
}

/** Whether nothing labelled is in what `Members.names` says, cut at its dots. */
export function isClear(paths: readonly PathFact[], names: Path): boolean {
  return names.at(-1) === namesThere ? areNamesShown(paths, names.slice(0, -1)) : isBeside(paths, names);
}

/** `payload['source']`, whatever stands behind it. */
export function clearMembersOfSubscript(indirection: Node, scope: Scope): Members | undefined {
  const document = documentOf(node(indirection, 'arg') ?? {}, scope);
  const subscript = only(nodes(indirection, 'indirection')[0], 'A_Indices');
  const name = !subscript || flag(subscript, 'is_slice') ? undefined : memberName(node(subscript, 'uidx') ?? {});
  return document && name !== undefined ? clearAt({ document, path: [] }, [[name]]) : undefined;
}

/**
 * `payload ->> 'email'`, where the label is on that member, or in it: NULL where the member is not there or null, which the masked document shows as well, and
 * never an error. The names go no further than to where a label begins; what is in there nobody may count. As text: of a document its kind would show.
 */
export function labelledMember(world: World, operation: Node, scope: Scope): Base | undefined {
  if (serversOwn(world, operation) !== '->>') return undefined;
  const place = placeOf(world, node(operation, 'lexpr') ?? {}, scope);
  const name = memberName(node(operation, 'rexpr') ?? {});
  if (!place || name === undefined) return undefined;
  const path = [...place.path, name];
  const within = (place.document.paths ?? []).filter((label) => !isBeside([label], path));
  const further = within.some((label) => label.path.split('.').length < path.length);
  return within.length > 0 && !further ? world.textOf(place.document) : undefined;
}

/**
 * `payload -> 'person'`, where labels are on what stands in that member, deeper: whether it is there, and whether it is an object, a list or a single value, the masked document shows as well.
 */
export function memberAbove(world: World, operation: Node, scope: Scope): Base | undefined {
  const right = node(operation, 'rexpr') ?? {};
  const operator = serversOwn(world, operation);
  const names = operator === '->' ? singly(memberName(right)) : operator === '#>' ? allNamesOfPath(right) : undefined;
  const place = names && placeOf(world, node(operation, 'lexpr') ?? {}, scope);
  const path = place && [...place.path, ...names];
  const { paths = [] } = place?.document ?? {};
  return path && !isBeside(paths, path) && isAbove(paths, path) ? place.document : undefined;
}

/** Whether these names lead to nothing labelled and to nothing inside of it: to what labels are deeper in, or beside. How deep a star is nobody knows. */
function isAbove(paths: readonly PathFact[], names: Path): boolean {
  return paths.every((label) => {
    const own = label.path.split('.');
    return isBeside([label], names) || (own.length > names.length && !own.includes('*'));
  });
}

/**
 * Whether a value can be put where these names lead, or taken away from there: a list on the way makes that fail, and a single value leaves it undone. So
 * nothing on the way may be labelled; what stands there itself may be anything.
 */
export function isReached({ paths = [] }: Base, names: Path): boolean {
  return names.every((_, i) => i === 0 || isAbove(paths, names.slice(0, i)));
}

/** What is left of `payload - 'email' - 'ip'` without what is taken away: a document of the same kind, or an error where it is a single value. */
export function lessMembers(world: World, operation: Node): Node | undefined {
  let left: Node | undefined;
  for (let body: Node | undefined = operation; body; body = only(left, 'A_Expr')) {
    const right = node(body, 'rexpr') ?? {};
    if (serversOwn(world, body) !== '-' || (memberName(right) ?? allNamesOfPath(right)) === undefined) break;
    left = node(body, 'lexpr');
  }
  return left;
}

/** The same of a column. */
export function withoutMembers(world: World, operation: Node, scope: Scope): Base | undefined {
  const left = lessMembers(world, operation);
  return left && documentOf(left, scope);
}

/**
 * Whether no labelled path leads to where these names lead, or into it: each leaves it at a name. Names are those of members: in a list, or in a single value, there is nothing
 * by them, and a JSON path, which looks into the elements of a list, leaves there as well. Behind a star nobody knows which name stands for which.
 */
function isBeside(paths: readonly PathFact[], names: Path): boolean {
  return paths.every(({ path }) => {
    for (const [i, each] of path.split('.').entries()) {
      const name = names[i];
      if (name === undefined || each === '*') return false;
      if (foldedName(each) !== foldedName(name)) return true;
    }
    return false;
  });
}

/** A column of which parts are labelled, as it stands in its table. */
function documentOf(tree: Node, scope: Scope): Base | undefined {
  const reference = only(tree, 'ColumnRef');
  const found = reference && resolve(referenceParts(reference), scope);
  const base = found?.kind === 'column' ? found.column.is : undefined;
  // Of the types that have these operators and functions, jsonb is the one of this kind.
  return base?.paths && base.form === 'plain' && base.kind === 'x' ? base : undefined;
}

/** `payload -> 'email' IS NULL` asks whether the object has a member of the name: one that holds null is not NULL. */
export function askedMember(world: World, tree: Node, scope: Scope): Members | undefined {
  const place = placeOf(world, tree, scope);
  return place && place.path.length > 0 ? namesAt({ ...place, path: place.path.slice(0, -1) }) : undefined;
}

export function serversOwn(world: World, operation: Node): string | undefined {
  const name = nameParts(nodes(operation, 'name'));
  const operator = name.at(-1) ?? '';
  const own = name.length === 1 || name[0] === 'pg_catalog';
  return text(operation, 'kind') === 'AEXPR_OP' && own && world.operator(operator) === undefined ? operator : undefined;
}

interface Asked {
  readonly document: Node;
  /** From the document on. */
  readonly paths: () => readonly Path[] | undefined;
}

function askedBy(world: World, operation: Node): Asked | undefined {
  const left = node(operation, 'lexpr') ?? {};
  const right = node(operation, 'rexpr') ?? {};
  switch (serversOwn(world, operation)) {
    case '->':
    case '->>':
      return { document: left, paths: () => one(singly(memberName(right))) };
    case '#>':
    case '#>>':
      return { document: left, paths: () => one(namesOfPath(right)) };
    case '@>':
      return { document: left, paths: () => membersOf(right)?.map((name) => [name]) };
    case '<@':
      return { document: right, paths: () => membersOf(left)?.map((name) => [name]) };
    case '@?':
      return { document: left, paths: () => one(namesOfJsonPath(right)) };
    default:
      return undefined;
  }
}

function one(path: Path | undefined): readonly Path[] | undefined {
  return path && [path];
}

function singly(name: string | undefined): Path | undefined {
  return name === undefined ? undefined : [name];
}

function memberOfCall(name: string, args: readonly Node[]): Path | undefined {
  switch (name) {
    case 'jsonb_extract_path':
    case 'jsonb_extract_path_text':
      return namesOf(args);
    case 'jsonb_path_exists':
    case 'jsonb_path_match':
    case 'jsonb_path_query':
    case 'jsonb_path_query_array':
    case 'jsonb_path_query_first':
      return args.length === 1 && args[0] ? namesOfJsonPath(args[0]) : undefined;
    default:
      return undefined;
  }
}
