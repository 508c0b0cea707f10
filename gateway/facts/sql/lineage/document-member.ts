import type { PathFact } from '../../../contract/command-postgres.ts';
import { foldedName } from '../../../contract/json-name.ts';
import { nameParts, node, nodes, only, text, type Node } from '../text/node.ts';
import { resolve, type Scope } from './scope.ts';
import type { Base, World } from '../catalog/world.ts';

/**
 * `payload ->> 'source'`, where labels are on other members of the document: its value follows from that member alone, and no document makes it fail.
 * Of jsonb only: of json the server reads the text up to its end, and fails at what stands elsewhere in it. The name is a constant that is no number:
 * in a list it would count elements, each of which may be the document that the labels are about.
 * https://www.postgresql.org/docs/current/functions-json.html#FUNCTIONS-JSON-PROCESSING
 * @returns undefined where the value may be made of more
 */
export function clearMember(
  world: World,
  operation: Node,
  reference: readonly string[],
  scope: Scope,
): { readonly document: Base; readonly member: string } | undefined {
  const name = nameParts(nodes(operation, 'name'));
  const operator = name.at(-1) ?? '';
  const own = name.length === 1 || name[0] === 'pg_catalog';
  if (text(operation, 'kind') !== 'AEXPR_OP' || !own || world.operator(operator) !== undefined) return undefined;
  const found = resolve(reference, scope);
  const base = found?.kind === 'column' ? found.column.is : undefined;
  // Of the types that have these operators, jsonb is the one of this kind.
  if (!base?.paths || base.form !== 'plain' || base.kind !== 'x') return undefined;
  const member = firstName(operator, node(operation, 'rexpr') ?? {});
  return member !== undefined && isBeside(base.paths, member) ? { document: base, member } : undefined;
}

/** Whether no path leads into a member of this name. */
export function isBeside(paths: readonly PathFact[], member: string): boolean {
  return paths.every(({ path }) => {
    const first = path.split('.')[0] ?? '';
    return first !== '*' && foldedName(first) !== foldedName(member);
  });
}

const plainName = /^[A-Za-z_][A-Za-z0-9_-]*$/;
const plainPath = /^\{([A-Za-z_][A-Za-z0-9_-]*)(?:,[A-Za-z0-9_-]+)*\}$/;

function firstName(operator: string, right: Node): string | undefined {
  switch (operator) {
    case '->':
    case '->>': {
      const name = literal(right);
      return name !== undefined && plainName.test(name) ? name : undefined;
    }
    case '#>':
    case '#>>': {
      const cast = only(right, 'TypeCast');
      const list = cast && isText(cast) ? only(node(cast, 'arg') ?? {}, 'A_ArrayExpr') : undefined;
      if (!list) return plainPath.exec(literal(right) ?? '')?.[1];
      const names = nodes(list, 'elements').map(literal);
      const [first] = names;
      return first !== undefined && plainName.test(first) && !names.includes(undefined) ? first : undefined;
    }
    default:
      return undefined;
  }
}

/** A text in quotes, which has no type of its own or is said to be text. */
function literal(tree: Node): string | undefined {
  const cast = only(tree, 'TypeCast');
  if (cast) return isText(cast) ? literal(node(cast, 'arg') ?? {}) : undefined;
  const value = node(only(tree, 'A_Const') ?? {}, 'sval');
  return value ? text(value, 'sval') : undefined;
}

/** Or a list of texts. A type of `pg_catalog` comes first, whatever other schemas have. */
function isText(cast: Node): boolean {
  const names = nameParts(nodes(node(cast, 'typeName') ?? {}, 'names'));
  return names.at(-1) === 'text' && (names.length === 1 || names[0] === 'pg_catalog');
}
