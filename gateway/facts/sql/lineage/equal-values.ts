import { isBuiltIn } from './expression.ts';
import { flag, nameParts, node, nodes, only, tagged, text, type Node } from '../text/node.ts';
import { referenceParts, resolve, type Column, type Scope, type Walk } from './scope.ts';
import type { Equality } from '../catalog/equality.ts';

/**
 * See `Equality`; of an expression as well: `r` is a number with as many digits behind the point in each row, `e` a float of which equal ones are the same, `?` a
 * constant without a type of its own.
 */
type Likeness = Equality | 'r' | 'e' | '?';

const same: ReadonlySet<Likeness> = new Set(['i', '.', 'r', 'e', '?']);
const adding: ReadonlySet<Likeness> = new Set(['i', '.', 'r', 'n']);
const numbers: ReadonlySet<Likeness> = new Set(['i', 'r', 'n']);

/**
 * Whether values that are equal are the same to look at. Where they are not (1.0 and 1.00, two spellings in citext), which of them a group, DISTINCT or
 * max() shows follows from the order of the rows.
 */
export function isSame(walk: Walk, tree: Node, scope: Scope): boolean {
  return same.has(likeness(walk, tree, scope));
}

/** Whether their sum is the same in any order: that of floats is not. */
export function addsAlike(walk: Walk, tree: Node, scope: Scope): boolean {
  return adding.has(likeness(walk, tree, scope));
}

/** The same of output columns. */
export function areSameColumns(walk: Walk, columns: readonly Column[]): boolean {
  return columns.every((column) => isSameColumn(walk, column));
}

export function isSameColumn(walk: Walk, column: Column): boolean {
  return same.has(ofColumn(walk, column));
}

function likeness(walk: Walk, tree: Node, scope: Scope): Likeness {
  const [tag, body] = tagged(tree);
  switch (tag) {
    case 'A_Const':
      return 'ival' in body ? 'i' : 'fval' in body ? 'n' : '?';
    case 'ParamRef':
      return '?';
    case 'ColumnRef': {
      const found = resolve(referenceParts(body), scope);
      return found?.kind === 'column' ? ofColumn(walk, found.column) : 'v';
    }
    case 'TypeCast':
      return ofCast(walk, body, scope);
    case 'A_Expr':
      return ofOperator(walk, body, scope);
    case 'FuncCall':
      return ofCall(walk, body, scope);
    case 'CaseExpr': {
      const results = nodes(body, 'args').map((entry) => node(only(entry, 'CaseWhen') ?? {}, 'result') ?? {});
      const last = node(body, 'defresult');
      return joined([...results, ...(last ? [last] : [])].map((each) => likeness(walk, each, scope)));
    }
    case 'CoalesceExpr':
    case 'MinMaxExpr':
      return joined(nodes(body, 'args').map((each) => likeness(walk, each, scope)));
    case 'BoolExpr':
    case 'NullTest':
    case 'BooleanTest':
    case 'SQLValueFunction':
      return '.';
    case 'SubLink':
      return ['EXISTS_SUBLINK', 'ANY_SUBLINK', 'ALL_SUBLINK'].includes(text(body, 'subLinkType')) ? '.' : 'v';
    default:
      return 'v';
  }
}

/** A column of a long UNION is asked for by each of its arms. */
const known = new WeakMap<Column, Likeness>();

function ofColumn(walk: Walk, column: Column): Likeness {
  const { is, made } = column;
  if (is) return is.equality;
  if (!made) return 'v';
  const found =
    known.get(column) ??
    ('arms' in made ? joined(made.arms.map((arm) => ofColumn(walk, arm))) : likeness(walk, made.tree, made.scope));
  known.set(column, found);
  return found;
}

/** Several of which the server makes one type. */
function joined(list: readonly Likeness[]): Likeness {
  const [first, ...more] = list.filter((each) => each !== '?');
  if (first === undefined) return '?';
  if (more.every((each) => each === first)) return first;
  return list.every((each) => numbers.has(each)) ? 'n' : 'v';
}

const casts: ReadonlyMap<string, Likeness> = new Map([
  ...['pg_catalog.int2', 'pg_catalog.int4', 'pg_catalog.int8'].map((name) => [name, 'i'] as const),
  ...['date', 'uuid', 'pg_catalog.bool', 'pg_catalog.timestamp', 'pg_catalog.timestamptz', 'pg_catalog.time'].map(
    (name) => [name, '.'] as const,
  ),
  ['pg_catalog.numeric', 'n'],
  ['text', '?'],
  ['pg_catalog.varchar', '?'],
]);

function ofCast(walk: Walk, body: Node, scope: Scope): Likeness {
  const type = node(body, 'typeName') ?? {};
  // A type of the same name could be somebody's own.
  if (nodes(type, 'arrayBounds').length > 0 || walk.ledger.world.converts) return 'v';
  const to = casts.get(nameParts(nodes(type, 'names')).join('.')) ?? 'v';
  if (to === 'n' && nodes(type, 'typmods').length === 2) return 'r';
  if (to !== '?') return to;
  // Text keeps the collation of what it was made of.
  return likeness(walk, node(body, 'arg') ?? {}, scope) === 'v' ? 'v' : '.';
}

const comparisons: ReadonlySet<string> = new Set('= <> != < <= > >= ~ !~ ~* !~* @> <@ && @@ @? ?'.split(' '));
const members: ReadonlySet<string> = new Set(['->>', '#>>']);
const arithmetic: ReadonlySet<string> = new Set('+ - * / %'.split(' '));

function ofOperator(walk: Walk, body: Node, scope: Scope): Likeness {
  const name = nameParts(nodes(body, 'name')).at(-1) ?? '';
  if (walk.ledger.world.operator(name) !== undefined) return 'v';
  const left = (): Likeness => likeness(walk, node(body, 'lexpr') ?? {}, scope);
  const right = (): Likeness => likeness(walk, node(body, 'rexpr') ?? {}, scope);
  const kind = text(body, 'kind');
  if (kind === 'AEXPR_NULLIF') return left();
  // Every other of its own is a condition.
  if (kind !== 'AEXPR_OP' || comparisons.has(name) || members.has(name)) return '.';
  if (name === '||') return same.has(left()) && same.has(right()) ? '.' : 'v';
  if (!arithmetic.has(name)) return 'v';
  const sides = 'lexpr' in body ? [left(), right()] : [right()];
  if (sides.every((side) => side === 'i')) return 'i';
  return sides.every((side) => numbers.has(side)) ? 'n' : 'v';
}

/** What functions of the server bring, whatever they are given. */
const brings: ReadonlyMap<string, Likeness> = new Map([
  ...`array_length ascii bit_length cardinality char_length character_length count dense_rank json_array_length jsonb_array_length length ntile octet_length
      position rank row_number strpos width_bucket`
    .split(/\s+/)
    .map((name) => [name, 'i'] as const),
  ...`date date_part gen_random_uuid json_object_keys json_typeof jsonb_object_keys jsonb_typeof make_date now to_char to_date to_timestamp timezone`
    .split(/\s+/)
    .map((name) => [name, name === 'date_part' ? 'e' : '.'] as const),
  ['extract', 'r'],
]);
/** What they bring of texts and times is one of these, unless they are given something that has spellings. */
const passing: ReadonlySet<string> = new Set(
  `btrim concat concat_ws date_trunc format initcap jsonb_extract_path_text left lower lpad ltrim md5 regexp_replace repeat replace reverse right rpad rtrim
   split_part string_agg substr substring translate upper`.split(/\s+/),
);
/** One of what they are given. */
const handing: ReadonlySet<string> = new Set('abs first_value lag last_value lead max min nth_value'.split(' '));
const rounding: ReadonlySet<string> = new Set(['ceil', 'ceiling', 'floor', 'round', 'trunc']);

function ofCall(walk: Walk, body: Node, scope: Scope): Likeness {
  const parts = nameParts(nodes(body, 'funcname'));
  const name = parts.at(-1) ?? '';
  if (!isBuiltIn(walk, parts)) return 'v';
  const own = brings.get(name);
  if (own !== undefined) return own;
  const [first, ...more] = nodes(body, 'args');
  const given = first ? likeness(walk, first, scope) : 'v';
  if (handing.has(name)) return given;
  if (name === 'sum' || name === 'avg') return numbers.has(given) ? 'n' : 'v';
  if (rounding.has(name)) return numbers.has(given) && more.every((digits) => 'A_Const' in digits) ? 'r' : 'v';
  if (!passing.has(name) || flag(body, 'func_variadic')) return 'v';
  return same.has(given) && more.every((each) => isSame(walk, each, scope)) ? '.' : 'v';
}
