import { nameParts, node, nodes, only, tagged, text, type Node } from './node.ts';

/** The name the server gives a column that has none: FigureColname in parse_target.c. Only for display and for ORDER BY. */
export function impliedName(value: Node): string {
  const [tag, body] = tagged(value);
  switch (tag) {
    case 'FuncCall':
      return nameParts(nodes(body, 'funcname')).at(-1) ?? '?column?';
    case 'TypeCast': {
      const inner = impliedName(node(body, 'arg') ?? {});
      return inner === '?column?' ? (nameParts(nodes(node(body, 'typeName') ?? {}, 'names')).at(-1) ?? inner) : inner;
    }
    case 'CollateClause':
      return impliedName(node(body, 'arg') ?? {});
    case 'A_Indirection': {
      const last = nameParts(nodes(body, 'indirection')).findLast((part) => part !== '');
      return last ?? impliedName(node(body, 'arg') ?? {});
    }
    case 'ColumnRef':
      return nameParts(nodes(body, 'fields')).at(-1) ?? '?column?';
    case 'CaseExpr': {
      const fallback = impliedName(node(body, 'defresult') ?? {});
      return fallback === '?column?' ? 'case' : fallback;
    }
    case 'SubLink':
      switch (text(body, 'subLinkType')) {
        case 'EXISTS_SUBLINK':
          return 'exists';
        case 'ARRAY_SUBLINK':
          return 'array';
        case 'EXPR_SUBLINK':
          return firstTargetName(node(body, 'subselect') ?? {});
        default:
          return '?column?';
      }
    case 'A_ArrayExpr':
      return 'array';
    case 'RowExpr':
      return 'row';
    case 'CoalesceExpr':
      return 'coalesce';
    case 'MinMaxExpr':
      return text(body, 'op') === 'IS_LEAST' ? 'least' : 'greatest';
    default:
      return '?column?';
  }
}

function firstTargetName(subselect: Node): string {
  const [first] = nodes(only(subselect, 'SelectStmt') ?? {}, 'targetList');
  const target = only(first, 'ResTarget');
  if (!target) return '?column?';
  return text(target, 'name') || impliedName(node(target, 'val') ?? {});
}
