import type { Json } from '../../../contract/principal.ts';
import { anywhere, isNode, nameParts, nodes, text } from '../text/node.ts';

/** Operators that fail for no values of the types they are for. */
const steadyOperators: ReadonlySet<string> = new Set(['BETWEEN', 'NOT BETWEEN', ...'= <> != < > <= >='.split(' ')]);
const steadyCalls: ReadonlySet<string> = new Set(['lower', 'upper', 'length', 'count', 'now']);

/**
 * Whether it may fail for one row and not for another. A search ends at the first row that fits, and what would have failed behind it does not: then whether it
 * fails says which came first.
 */
export function mayFail(tree: Json | undefined, isBuiltIn: (parts: readonly string[]) => boolean): boolean {
  return anywhere(tree, (tag, body) => {
    if (!isNode(body)) return false;
    switch (tag) {
      case 'A_Expr': {
        const name = nameParts(nodes(body, 'name')).at(-1) ?? '';
        // Not each text is a pattern of LIKE.
        if (name.includes('~~')) return namesColumn(body['rexpr']);
        return !steadyOperators.has(name) && namesColumn(body);
      }
      // More than one row is an error.
      case 'SubLink':
        return text(body, 'subLinkType') === 'EXPR_SUBLINK';
      case 'FuncCall': {
        const parts = nameParts(nodes(body, 'funcname'));
        return !(steadyCalls.has(parts.at(-1) ?? '') && isBuiltIn(parts)) && namesColumn(body);
      }
      // `c.f` may be a call of `f`: field-calls.ts.
      case 'ColumnRef': {
        const parts = nameParts(nodes(body, 'fields'));
        return parts.length > 1 && !isBuiltIn(parts.slice(-1));
      }
      case 'TypeCast':
      case 'A_Indirection':
        return namesColumn(body);
      default:
        return false;
    }
  });
}

function namesColumn(tree: Json | undefined): boolean {
  return anywhere(tree, (tag) => tag === 'ColumnRef');
}
