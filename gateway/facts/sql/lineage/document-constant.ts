import { isNode, literal, nameParts, node, nodes, only, type Node } from '../text/node.ts';
import type { Json } from '../../../contract/principal.ts';

const plainName = /^[A-Za-z_][A-Za-z0-9_-]*$/;
const plainPath = /^\{[A-Za-z_][A-Za-z0-9_-]*(?:,[A-Za-z0-9_-]+)*\}$/;
/** In the lax mode, which takes no offence. Behind the first member nothing looks back at the document: that would take a `$`. */
const plainJsonPath = /^(?:lax\s+)?\$((?:\.[A-Za-z_][A-Za-z0-9_]*)+)(?:\s*[.[?=<>!][^$\\/]*)?$/;
/** `keyvalue()` says where in the whole document an object stands, and so how long the values before it are. */
const method = /\w\s*\(/;

/** A name that counts no elements of a list. */
export function memberName(tree: Node): string | undefined {
  const name = constantOf('text', tree);
  return name !== undefined && plainName.test(name) ? name : undefined;
}

/** `'{a,b}'` or `ARRAY['a', 'b']::text[]`: the names, as far as they count no elements. */
export function namesOfPath(tree: Node): readonly string[] | undefined {
  return leading(pathOf(tree));
}

/** The same where none of them counts elements. */
export function allNamesOfPath(tree: Node): readonly string[] | undefined {
  const names = pathOf(tree);
  return names?.every((name) => plainName.test(name)) ? names : undefined;
}

function pathOf(tree: Node): readonly string[] | undefined {
  const cast = only(tree, 'TypeCast');
  const list = cast && isType('text', cast) ? only(node(cast, 'arg') ?? {}, 'A_ArrayExpr') : only(tree, 'A_ArrayExpr');
  if (list) return constantsOf(nodes(list, 'elements'));
  const path = constantOf('text', tree) ?? '';
  return plainPath.test(path) ? path.slice(1, -1).split(',') : undefined;
}

/** The same of names one behind the other. */
export function namesOf(names: readonly Node[]): readonly string[] | undefined {
  return leading(constantsOf(names));
}

function constantsOf(names: readonly Node[]): readonly string[] | undefined {
  const found = names.flatMap((name) => constantOf('text', name) ?? []);
  return found.length === names.length && found.length > 0 ? found : undefined;
}

/** Behind a number, or a name that is written in another way, nobody goes on. */
function leading(names: readonly string[] | undefined): readonly string[] | undefined {
  if (!names) return undefined;
  const end = names.findIndex((name) => !plainName.test(name));
  return end === 0 ? undefined : names.slice(0, end < 0 ? names.length : end);
}

/** `'$.a.b[*].c ? (@ > 1)'`: the names it begins with. https://www.postgresql.org/docs/current/functions-json.html#FUNCTIONS-SQLJSON-PATH */
export function namesOfJsonPath(tree: Node): readonly string[] | undefined {
  const path = constantOf('jsonpath', tree) ?? '';
  return method.test(path) ? undefined : plainJsonPath.exec(path)?.[1]?.slice(1).split('.');
}

/** `'{"a": 1, "b": [2]}'`: the names. An object that has none asks for the kind of the document only, and is nobody's. */
export function membersOf(tree: Node): readonly string[] | undefined {
  const written = constantOf('jsonb', tree);
  const value = written === undefined ? undefined : parsed(written);
  if (!isNode(value)) return undefined;
  const names = Object.keys(value);
  return names.length > 0 && names.every((name) => plainName.test(name)) ? names : undefined;
}

function parsed(written: string): Json | undefined {
  try {
    // What is no JSON to the one reader and some to the other fails before a row is read, or is not taken for a constant.
    return JSON.parse(written) as Json;
  } catch {
    return undefined;
  }
}

/** In quotes, without a type of its own or said to be of this one. */
function constantOf(type: string, tree: Node): string | undefined {
  const cast = only(tree, 'TypeCast');
  if (cast) return isType(type, cast) ? constantOf(type, node(cast, 'arg') ?? {}) : undefined;
  return literal(tree);
}

/** Or a list of it. A type of `pg_catalog` comes first, whatever other schemas have. */
function isType(type: string, cast: Node): boolean {
  const names = nameParts(nodes(node(cast, 'typeName') ?? {}, 'names'));
  return names.at(-1) === type && (names.length === 1 || names[0] === 'pg_catalog');
}
