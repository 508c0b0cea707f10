import { isNode, nameParts, node, nodes, only, text, type Node } from '../text/node.ts';
import type { Json } from '../../../contract/principal.ts';

const plainName = /^[A-Za-z_][A-Za-z0-9_-]*$/;
const plainPath = /^\{([A-Za-z_][A-Za-z0-9_-]*)(?:,[A-Za-z0-9_-]+)*\}$/;
/** In the lax mode, which takes no offence. Behind the first member nothing looks back at the document: that would take a `$`. */
const plainJsonPath = /^(?:lax\s+)?\$\.([A-Za-z_][A-Za-z0-9_]*)(?:\s*[.[?=<>!][^$\\/]*)?$/;
/** `keyvalue()` says where in the whole document an object stands, and so how long the values before it are. */
const method = /\w\s*\(/;

/** A name that counts no elements of a list. */
export function memberName(tree: Node): string | undefined {
  const name = constantOf('text', tree);
  return name !== undefined && plainName.test(name) ? name : undefined;
}

/** `'{a,b}'` or `ARRAY['a', 'b']::text[]`: the first name. */
export function firstOfPath(tree: Node): string | undefined {
  const cast = only(tree, 'TypeCast');
  const list = cast && isType('text', cast) ? only(node(cast, 'arg') ?? {}, 'A_ArrayExpr') : undefined;
  return list ? firstOf(nodes(list, 'elements')) : plainPath.exec(constantOf('text', tree) ?? '')?.[1];
}

/** Of names one behind the other. */
export function firstOf(names: readonly Node[]): string | undefined {
  const [first, ...more] = names.map((name) => constantOf('text', name));
  return first !== undefined && plainName.test(first) && !more.includes(undefined) ? first : undefined;
}

/** `'$.a[*].b ? (@ > 1)'`: the first name. https://www.postgresql.org/docs/current/functions-json.html#FUNCTIONS-SQLJSON-PATH */
export function firstOfJsonPath(tree: Node): string | undefined {
  const path = constantOf('jsonpath', tree) ?? '';
  return method.test(path) ? undefined : plainJsonPath.exec(path)?.[1];
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
  const value = node(only(tree, 'A_Const') ?? {}, 'sval');
  return value ? text(value, 'sval') : undefined;
}

/** Or a list of it. A type of `pg_catalog` comes first, whatever other schemas have. */
function isType(type: string, cast: Node): boolean {
  const names = nameParts(nodes(node(cast, 'typeName') ?? {}, 'names'));
  return names.at(-1) === type && (names.length === 1 || names[0] === 'pg_catalog');
}
