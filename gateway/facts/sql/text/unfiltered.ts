import type { Json } from '../../../contract/principal.ts';
import { anywhere, constant, isList, isNode, nameParts, node, nodes, shape, tagged, text, type Node } from './node.ts';

/**
 * Whether a condition chooses no rows: absent, without any column in it (all rows or none), or true whatever the row holds.
 * Only what the text proves: `x = x` counts although a NULL would not pass it, for it is written to look like a filter.
 */
export function choosesNothing(condition: Node | undefined): boolean {
  if (!condition || Object.keys(condition).length === 0) return true;
  return !namesColumn(condition) || alwaysTrue(condition);
}

function namesColumn(tree: Json | undefined): boolean {
  return anywhere(tree, (tag) => tag === 'ColumnRef' || tag === 'CurrentOfExpr');
}

function alwaysTrue(condition: Node): boolean {
  const [tag, body] = tagged(condition);
  switch (tag) {
    case 'A_Const':
    case 'TypeCast':
      return /^(t|true|y|yes|on|1)$/i.test(constant(condition) ?? '');
    case 'BoolExpr':
      return alwaysTrueBool(text(body, 'boolop'), nodes(body, 'args'));
    case 'A_Expr':
      return alwaysTrueOperator(body);
    case 'BooleanTest':
      return text(body, 'booltesttype') === 'IS_NOT_FALSE' || text(body, 'booltesttype') === 'IS_TRUE'
        ? alwaysTrue(node(body, 'arg') ?? {})
        : false;
    default:
      return false;
  }
}

function alwaysTrueBool(op: string, args: readonly Node[]): boolean {
  if (op === 'AND_EXPR') return args.every((arg) => choosesNothing(arg));
  if (op === 'NOT_EXPR') return args.every((arg) => !namesColumn(arg) || alwaysFalse(arg));
  return args.some((arg) => isConstantTrue(arg) || alwaysTrue(arg)) || covered(args);
}

/** `OR true`, `OR 1 = 1`, `OR $1`: a part of an OR that no row decides, unless it plainly says false. */
function isConstantTrue(arg: Node): boolean {
  if (namesColumn(arg)) return false;
  return !alwaysFalse(arg);
}

function alwaysFalse(condition: Node): boolean {
  const [tag, body] = tagged(condition);
  if (tag === 'A_Const')
    return /^(f|false|n|no|off|0)$/i.test(constant(condition) ?? 'null') || constant(condition) === null;
  if (tag !== 'A_Expr') return false;
  const [left, right] = [node(body, 'lexpr'), node(body, 'rexpr')];
  const same = shape(left) === shape(right);
  switch (nameParts(nodes(body, 'name')).at(-1)) {
    case '=': {
      const [a, b] = [constant(left), constant(right)];
      return typeof a === 'string' && typeof b === 'string' && a !== b;
    }
    case '<>':
    case '<':
    case '>':
      return same;
    default:
      return false;
  }
}

/** `x IS NULL OR x IS NOT NULL`. */
function covered(args: readonly Node[]): boolean {
  const tests = args.map((arg) => node(arg, 'NullTest') ?? {});
  const of = (kind: string): readonly string[] =>
    tests.filter((test) => text(test, 'nulltesttype') === kind).map((test) => shape(test['arg']));
  const notNull = of('IS_NOT_NULL');
  return of('IS_NULL').some((arg) => notNull.includes(arg));
}

function alwaysTrueOperator(body: Node): boolean {
  const operator = nameParts(nodes(body, 'name')).at(-1);
  const left = shape(body['lexpr']);
  const right = body['rexpr'];
  switch (text(body, 'kind')) {
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE':
      return (
        operator !== undefined &&
        !operator.startsWith('!') &&
        /^%+$/.test(constant(isNode(right) ? right : undefined) ?? '')
      );
    case 'AEXPR_IN':
      return operator === '=' && listItems(right).some((item) => shape(item) === left);
    case 'AEXPR_BETWEEN':
    case 'AEXPR_BETWEEN_SYM':
      return listItems(right).every((item) => shape(item) === left);
    case 'AEXPR_NOT_DISTINCT':
      return shape(right) === left;
    default:
      return ['=', '<=', '>='].includes(operator ?? '') && shape(right) === left;
  }
}

function listItems(tree: Json | undefined): readonly Node[] {
  if (isList(tree)) return tree.filter(isNode);
  return isNode(tree) ? nodes(node(tree, 'List') ?? {}, 'items') : [];
}
