import { addAll, classifyCall, isBuiltIn, lookUp, referenceParts } from './expression.ts';
import { flag, nameParts, node, nodes, only, tagged, text, type Node } from './node.ts';
import type { Scope, Walk } from './scope.ts';
import type { Base, Form } from './world.ts';

/**
 * Functions that neither fail nor return NULL by what a `v` argument holds, do nothing else, and take as long whatever it is: a mask over
 * their result hides all of it. v: any value; c: a constant or parameter; i: a whole number written out (another type is another function:
 * `substring` with a pattern returns NULL where nothing matches); `?` may be left out, `*` any number more.
 * Not here for a reason: nullif and the regular expressions (NULL says what matched), LIKE (fails in the middle of a match), replace and
 * repeat (too long a result fails), casts to numbers and dates (fail), CASE (chooses what else is evaluated).
 * https://www.postgresql.org/docs/current/functions-string.html, https://www.postgresql.org/docs/current/functions-aggregate.html
 */
const total: ReadonlyMap<string, string> = new Map([
  ['upper', 'v'],
  ['lower', 'v'],
  ['initcap', 'v'],
  ['reverse', 'v'],
  ['md5', 'v'],
  ['btrim', 'vc?'],
  ['ltrim', 'vc?'],
  ['rtrim', 'vc?'],
  ['left', 'vi'],
  ['right', 'vi'],
  ['substr', 'vii?'],
  ['substring', 'vii?'],
  ['concat', 'v*'],
  ['concat_ws', 'cv*'],
  ['min', 'v'],
  ['max', 'v'],
  ['string_agg', 'vc'],
]);
const textTypes: ReadonlySet<string> = new Set(['text', 'varchar', 'bpchar']);
/** What turns a call into something else than a function of its arguments, row by row or over all rows. */
const turns = ['agg_order', 'agg_filter', 'over'] as const;

/** See `Walk.value`. What is not named here is read as an expression, in which no labelled column may stand. */
export function readValue(walk: Walk, tree: Node, scope: Scope, into: Set<Base>): Form | undefined {
  const [tag, body] = tagged(tree);
  switch (tag) {
    case 'ColumnRef':
      return readColumn(walk, tree, body, scope, into);
    case 'A_Expr':
      return isConcatenation(walk, tree)
        ? readAll(walk, concatenated(walk, tree), scope, into)
        : readOther(walk, tree, scope, into);
    case 'SubLink':
      return readScalar(walk, tree, body, scope, into);
    case 'CoalesceExpr':
      return readAll(walk, nodes(body, 'args'), scope, into);
    case 'TypeCast':
      return toText(body) ? readAll(walk, argument(body), scope, into) : readOther(walk, tree, scope, into);
    case 'CollateClause':
      return readAll(walk, argument(body), scope, into);
    case 'FuncCall':
      return readCall(walk, tree, body, scope, into);
    default:
      return readOther(walk, tree, scope, into);
  }
}

function readColumn(walk: Walk, tree: Node, body: Node, scope: Scope, into: Set<Base>): Form | undefined {
  const found = lookUp(walk, referenceParts(body), scope);
  if (found?.kind !== 'column') return found ? readOther(walk, tree, scope, into) : undefined;
  const { sources, form } = found.column;
  walk.ledger.touchAll(sources, form ? undefined : 'expression');
  addAll(into, sources);
  return form ?? clean(sources);
}

function readAll(walk: Walk, list: readonly Node[], scope: Scope, into: Set<Base>): Form | undefined {
  // Each is read, whatever the others are.
  const forms = list.map((each) => readValue(walk, each, scope, into));
  return forms.includes(undefined) ? undefined : 'derived';
}

function readOther(walk: Walk, tree: Node, scope: Scope, into: Set<Base>): Form | undefined {
  const sources = new Set<Base>();
  walk.expression(tree, scope, 'expression', sources);
  addAll(into, sources);
  return clean(sources);
}

function readCall(walk: Walk, tree: Node, body: Node, scope: Scope, into: Set<Base>): Form | undefined {
  const parts = nameParts(nodes(body, 'funcname'));
  const args = nodes(body, 'args');
  const plain = !turns.some((field) => field in body) && !flag(body, 'agg_distinct') && !flag(body, 'func_variadic');
  if (!plain || !fits(total.get(parts.at(-1) ?? ''), args) || !isBuiltIn(walk, parts))
    return readOther(walk, tree, scope, into);
  walk.ledger.call(classifyCall(walk, parts));
  return readAll(walk, args, scope, into);
}

function fits(signature: string | undefined, args: readonly Node[]): boolean {
  if (signature === undefined) return false;
  const wanted = [...signature.matchAll(/([vci])([?*]?)/g)].map(([, kind = '', many = '']) => ({ kind, many }));
  const last = wanted.at(-1);
  const most = last?.many === '*' ? Infinity : wanted.length;
  const least = wanted.filter(({ many }) => many === '').length;
  if (args.length < least || args.length > most) return false;
  return args.every((arg, i) => {
    const kind = (wanted[i] ?? last)?.kind;
    return kind === 'v' || isConstant(arg, kind === 'i');
  });
}

function isConstant(arg: Node, whole: boolean): boolean {
  const [tag, body] = tagged(arg);
  return whole ? tag === 'A_Const' && 'ival' in body : tag === 'A_Const' || tag === 'ParamRef';
}

/** Where no row comes it is NULL, and with more than one it fails: which rows come is for the query's own conditions to tell. */
function readScalar(walk: Walk, tree: Node, body: Node, scope: Scope, into: Set<Base>): Form | undefined {
  const query = node(body, 'subselect');
  if (text(body, 'subLinkType') !== 'EXPR_SUBLINK' || !query) return readOther(walk, tree, scope, into);
  const [column, ...more] = walk.query(query, { items: [], outer: scope, queries: scope.queries });
  if (!column || column.wild || more.length > 0) return readOther(walk, tree, scope, into);
  if (!column.form) walk.ledger.touchAll(column.sources, 'expression');
  addAll(into, column.sources);
  return column.form ?? clean(column.sources);
}

function isConcatenation(walk: Walk, tree: Node): boolean {
  const body = only(tree, 'A_Expr');
  if (!body || text(body, 'kind') !== 'AEXPR_OP') return false;
  const name = nameParts(nodes(body, 'name'));
  const own = name.length === 1 || (name.length === 2 && name[0] === 'pg_catalog');
  return own && name.at(-1) === '||' && walk.ledger.world.operator('||') === undefined;
}

/** `a || b || c` is as deep as it is long: read without recursion. */
function concatenated(walk: Walk, tree: Node): readonly Node[] {
  const operands: Node[] = [];
  let left = tree;
  while (isConcatenation(walk, left)) {
    const body = only(left, 'A_Expr') ?? {};
    operands.push(node(body, 'rexpr') ?? {});
    left = node(body, 'lexpr') ?? {};
  }
  return [...operands, left].reverse();
}

/** An array of text is read from the value and may fail. */
function toText(body: Node): boolean {
  const type = node(body, 'typeName') ?? {};
  const names = nameParts(nodes(type, 'names'));
  const own = names.length === 1 || (names.length === 2 && names[0] === 'pg_catalog');
  return own && textTypes.has(names.at(-1) ?? '') && nodes(type, 'arrayBounds').length === 0;
}

function argument(body: Node): readonly Node[] {
  const arg = node(body, 'arg');
  return arg ? [arg] : [];
}

function clean(sources: ReadonlySet<Base>): Form | undefined {
  for (const base of sources) if (base.labels.length > 0) return undefined;
  return 'derived';
}
