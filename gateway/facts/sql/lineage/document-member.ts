import type { PathFact } from '../../../contract/command-postgres.ts';
import { foldedName } from '../../../contract/json-name.ts';
import { flag, nameParts, node, nodes, only, text, type Node } from '../text/node.ts';
import { firstOf, firstOfJsonPath, firstOfPath, memberName, membersOf } from './document-constant.ts';
import { referenceParts, resolve, type Scope } from './scope.ts';
import type { Base, World } from '../catalog/world.ts';

/** Members of a column's documents, by their names at the top. */
export interface Members {
  readonly document: Base;
  readonly names: readonly string[];
}

/**
 * `payload ->> 'source'`, `payload @> '{"source": "ads"}'`, where labels are on other members of the document: the value follows from these members alone, and
 * no document makes it fail. Of jsonb only: of json the server reads the text up to its end, and fails at what stands elsewhere in it. A name is a constant
 * that is no number: in a list it would count elements, each of which may be the document that the labels are about. A list or a single value holds no object,
 * and a JSON path finds in a list the members of its elements, which the labels are on by the same names.
 *
 * Not here: `?`, `?|` and `?&`, which ask a list, or a document that is one string, for a string that is there; the names of members as such, which may be data.
 * https://www.postgresql.org/docs/current/functions-json.html#FUNCTIONS-JSON-PROCESSING
 * @returns undefined where the value may be made of more
 */
export function clearMembers(world: World, operation: Node, scope: Scope): Members | undefined {
  const asked = askedBy(world, operation);
  const document = asked && documentOf(asked.document, scope);
  const names = document && asked.names();
  if (!names || !names.every((name) => isBeside(document.paths ?? [], name))) return undefined;
  return { document, names };
}

/** The same of functions, which somebody else's may not be: that is for the caller to know. @param name of the server's own */
export function clearMembersOfCall(name: string, args: readonly Node[], scope: Scope): Members | undefined {
  const [first, ...more] = args;
  const document = first && documentOf(first, scope);
  if (!document?.paths) return undefined;
  const member = memberOfCall(name, more);
  return member !== undefined && isBeside(document.paths, member) ? { document, names: [member] } : undefined;
}

/** `payload['source']`, whatever stands behind it. */
export function clearMembersOfSubscript(indirection: Node, scope: Scope): Members | undefined {
  const document = documentOf(node(indirection, 'arg') ?? {}, scope);
  const subscript = only(nodes(indirection, 'indirection')[0], 'A_Indices');
  const name = subscript && !flag(subscript, 'is_slice') && memberName(node(subscript, 'uidx') ?? {});
  return document?.paths && name && isBeside(document.paths, name) ? { document, names: [name] } : undefined;
}

/**
 * `payload ->> 'email'`, where the label is on that member, or in it: NULL where the member is not there or null, which the masked document shows as well, and
 * never an error. One name goes no further than to where a label begins; what is in there nobody may count. As text: of a document its kind would show.
 */
export function labelledMember(world: World, operation: Node, scope: Scope): Base | undefined {
  if (serversOwn(world, operation) !== '->>') return undefined;
  const document = documentOf(node(operation, 'lexpr') ?? {}, scope);
  const name = memberName(node(operation, 'rexpr') ?? {});
  return document?.paths && name !== undefined && !isBeside(document.paths, name) ? document : undefined;
}

/** `payload - 'email' - 'ip'`: of the same kind as the document, and an error for one that is a single value. */
export function withoutMembers(world: World, operation: Node, scope: Scope): Base | undefined {
  let left: Node = { A_Expr: operation };
  for (let body = operation; body; body = only(left, 'A_Expr') ?? {}) {
    if (serversOwn(world, body) !== '-' || memberName(node(body, 'rexpr') ?? {}) === undefined) break;
    left = node(body, 'lexpr') ?? {};
  }
  return 'ColumnRef' in left ? documentOf(left, scope) : undefined;
}

/** Whether no path leads into a member of this name. */
export function isBeside(paths: readonly PathFact[], member: string): boolean {
  return paths.every(({ path }) => {
    const first = path.split('.')[0] ?? '';
    return first !== '*' && foldedName(first) !== foldedName(member);
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

function serversOwn(world: World, operation: Node): string | undefined {
  const name = nameParts(nodes(operation, 'name'));
  const operator = name.at(-1) ?? '';
  const own = name.length === 1 || name[0] === 'pg_catalog';
  return text(operation, 'kind') === 'AEXPR_OP' && own && world.operator(operator) === undefined ? operator : undefined;
}

interface Asked {
  readonly document: Node;
  readonly names: () => readonly string[] | undefined;
}

function askedBy(world: World, operation: Node): Asked | undefined {
  const left = node(operation, 'lexpr') ?? {};
  const right = node(operation, 'rexpr') ?? {};
  switch (serversOwn(world, operation)) {
    case '->':
    case '->>':
      return { document: left, names: () => one(memberName(right)) };
    case '#>':
    case '#>>':
      return { document: left, names: () => one(firstOfPath(right)) };
    case '@>':
      return { document: left, names: () => membersOf(right) };
    case '<@':
      return { document: right, names: () => membersOf(left) };
    case '@?':
      return { document: left, names: () => one(firstOfJsonPath(right)) };
    default:
      return undefined;
  }
}

function one(name: string | undefined): readonly string[] | undefined {
  return name === undefined ? undefined : [name];
}

function memberOfCall(name: string, args: readonly Node[]): string | undefined {
  switch (name) {
    case 'jsonb_extract_path':
    case 'jsonb_extract_path_text':
      return firstOf(args);
    case 'jsonb_path_exists':
    case 'jsonb_path_match':
    case 'jsonb_path_query':
    case 'jsonb_path_query_array':
    case 'jsonb_path_query_first':
      return args.length === 1 && args[0] ? firstOfJsonPath(args[0]) : undefined;
    default:
      return undefined;
  }
}
