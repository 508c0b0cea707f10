import {
  addAll,
  argumentsOf,
  calledFunctions,
  classifyCall,
  isBuiltIn,
  lookUp,
  readBodies,
  readTurns,
  readOperator,
} from './expression.ts';
import { flag, nameParts, node, nodes, only, tagged, text, type Node } from '../text/node.ts';
import { typeOf, unfitting } from './common-type.ts';
import { labelledMember, lessMembers, memberAbove, withoutMembers } from './document-member.ts';
import { referenceParts, resolve, sourcesOf, type Column, type Scope, type Walk } from './scope.ts';
import { readsOnly, textual, totalCall, type ArgumentKind } from '../catalog/total-functions.ts';
import { steady, type ValueKind } from '../catalog/value-kind.ts';
import type { Base, Form } from '../catalog/world.ts';

const textTypes: ReadonlySet<string> = new Set(['text', 'varchar', 'bpchar']);

/** See `Walk.value`. What is not named here is read as an expression, in which no labelled column may stand. */
export function readValue(walk: Walk, tree: Node, scope: Scope, into: Set<Base>): Form | undefined {
  const [tag, body] = tagged(tree);
  switch (tag) {
    case 'ColumnRef':
      return readColumn(walk, tree, body, scope, into);
    case 'A_Expr':
      return isConcatenation(walk, tree)
        ? readConcatenation(walk, concatenated(walk, tree), scope, into)
        : (readDocument(walk, body, scope, into) ?? readOther(walk, tree, scope, into));
    case 'SubLink':
      return readScalar(walk, tree, body, scope, into);
    case 'CoalesceExpr':
      return readCoalesce(walk, nodes(body, 'args'), scope, into);
    case 'TypeCast':
      return toText(walk, body) ? readCast(walk, argument(body), scope, into) : readOther(walk, tree, scope, into);
    case 'A_ArrayExpr':
      return readArray(walk, tree, nodes(body, 'elements'), scope, into);
    case 'CollateClause':
      return readAll(walk, argument(body), scope, into);
    case 'CaseExpr':
      return readCase(walk, body, scope, into);
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

/** Of a document of which parts are labelled: one of these parts as text, or what is left without some members. Undefined, with nothing written down, for anything else. */
function readDocument(walk: Walk, operation: Node, scope: Scope, into: Set<Base>): Form | undefined {
  const { world } = walk.ledger;
  const member = labelledMember(world, operation, scope);
  // Which are there shows in the document, but where a mask makes all of them null.
  if (member) walk.ledger.touch(member, 'null_test');
  const document = member ?? memberAbove(world, operation, scope) ?? withoutMembers(world, operation, scope);
  if (!document) return readRowLess(walk, operation, scope, into);
  walk.ledger.touch(document);
  into.add(document);
  return 'derived';
}

/** `to_jsonb(c) - 'email'`: an object in any case, so that nothing makes it fail. Undefined, with nothing written down, for anything else. */
function readRowLess(walk: Walk, operation: Node, scope: Scope, into: Set<Base>): Form | undefined {
  const tree = lessMembers(walk.ledger.world, operation);
  const call = only(tree, 'FuncCall');
  const [arg, ...more] = nodes(call ?? {}, 'args');
  const reference = only(arg, 'ColumnRef');
  if (!tree || !call || !reference || more.length > 0) return undefined;
  if (nameParts(nodes(call, 'funcname')).at(-1) !== 'to_jsonb') return undefined;
  const isRow = resolve(referenceParts(reference), scope)?.kind === 'row';
  return isRow ? readCall(walk, tree, call, scope, into) : undefined;
}

function readAll(walk: Walk, list: readonly Node[], scope: Scope, into: Set<Base>): Form | undefined {
  // Each is read, whatever the others are.
  const forms = list.map((each) => readValue(walk, each, scope, into));
  return forms.includes(undefined) ? undefined : 'derived';
}

/** A row becomes text as its fields do. As a row it has no form: what compares rows goes on by what stands in them, up to a type that cannot be compared. */
function readCast(walk: Walk, list: readonly Node[], scope: Scope, into: Set<Base>): Form | undefined {
  const [arg] = list;
  return (arg && readRow(walk, arg, scope, into)) ?? readAll(walk, list, scope, into);
}

/** Of texts: arrays among them could differ in length. */
function readArray(walk: Walk, tree: Node, elements: readonly Node[], scope: Scope, into: Set<Base>): Form | undefined {
  return elements.every((each) => 'A_Const' in each || isTextColumn(each, scope))
    ? readJoined(walk, elements, scope, into)
    : readOther(walk, tree, scope, into);
}

/** The same for values of which the server makes one type. @param before is told of each before it is read */
function readJoined(
  walk: Walk,
  list: readonly Node[],
  scope: Scope,
  into: Set<Base>,
  before: (arg: Node) => void = () => undefined,
): Form | undefined {
  const read = list.map((each) => {
    before(each);
    const sources = new Set<Base>();
    const form = readValue(walk, each, scope, sources);
    addAll(into, sources);
    return { form, sources, type: typeOf(each, scope) };
  });
  const failing = unfitting(walk, read);
  walk.ledger.touchAll(failing, 'expression');
  return failing.length > 0 || read.some(({ form }) => form === undefined) ? undefined : 'derived';
}

/** Each but the first is made only where those before it are NULL: what may fail then, or do something, tells that. */
function readCoalesce(walk: Walk, args: readonly Node[], scope: Scope, into: Set<Base>): Form | undefined {
  const own = new Set<Base>();
  const form = readJoined(walk, args, scope, own, (arg) => {
    if (!isIdle(arg)) walk.ledger.touchAll(own, 'null_test');
  });
  addAll(into, own);
  return form;
}

/** Neither fails nor does anything. */
function isIdle(tree: Node): boolean {
  return 'A_Const' in tree || 'ColumnRef' in tree || 'ParamRef' in tree;
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
  const kinds = totalCall(parts.at(-1) ?? '', args);
  if (returnsText(walk, parts)) return readTextCall(walk, body, parts, scope, into);
  if (!kinds || flag(body, 'agg_distinct') || flag(body, 'func_variadic') || !isBuiltIn(walk, parts))
    return readOther(walk, tree, scope, into);
  walk.ledger.call(classifyCall(walk, parts));
  readTurns(walk, body, scope, 'function');
  return readOf(walk, readsOnly(parts.at(-1) ?? ''), into, (own) => {
    const forms = args.map((arg, i) => readArgument(walk, arg, kinds[i] ?? 'clear', scope, own));
    return forms.includes(undefined) ? undefined : 'derived';
  });
}

/** What is made of values of these kinds only: of any other it is another function by the same name, which may fail or bring NULL. */
function readOf(
  walk: Walk,
  kinds: ReadonlySet<ValueKind> | undefined,
  into: Set<Base>,
  read: (own: Set<Base>) => Form | undefined,
): Form | undefined {
  const own = new Set<Base>();
  const form = read(own);
  addAll(into, own);
  const others = [...own].filter(({ kind, labels }) => labels.length > 0 && kinds && !kinds.has(kind));
  walk.ledger.touchAll(others, 'function');
  return others.length > 0 ? undefined : form;
}

/** Another type could fail to take what the function's last statement brings. */
function returnsText(walk: Walk, parts: readonly string[]): boolean {
  const called = calledFunctions(walk, parts);
  return called.length > 0 && called.every((fn) => fn.body?.returns === 'text');
}

/** Functions in SQL that return text: what their last statement brings, as text. No labelled value may be an argument. */
function readTextCall(
  walk: Walk,
  body: Node,
  parts: readonly string[],
  scope: Scope,
  into: Set<Base>,
): Form | undefined {
  walk.ledger.call(classifyCall(walk, parts));
  const read = new Set<Base>();
  const given = argumentsOf(walk, parts, body, scope);
  walk.expression(given.others, scope, 'function', read);
  readTurns(walk, body, scope, 'function', read);
  let form = clean(read);
  for (const columns of readBodies(walk, parts, given.rows)) {
    const sources = sourcesOf(columns);
    const hidden = columns.every((column) => !column.wild && (column.form ?? clean(column.sources)));
    if (!hidden || columns.length !== 1) {
      walk.ledger.touchAll(sources, 'function');
      form = undefined;
    }
    addAll(read, sources);
  }
  addAll(into, read);
  return form ?? clean(read);
}

function readArgument(walk: Walk, arg: Node, kind: ArgumentKind, scope: Scope, into: Set<Base>): Form | undefined {
  switch (kind) {
    case 'value':
      return readValue(walk, arg, scope, into);
    case 'text':
      return isTextColumn(arg, scope) ? readValue(walk, arg, scope, into) : readOther(walk, arg, scope, into);
    case 'document':
      return readRow(walk, arg, scope, into) ?? readValue(walk, arg, scope, into);
    case 'row':
      return readRow(walk, arg, scope, into) ?? readOther(walk, arg, scope, into);
    case 'clear':
    case 'constant':
    case 'integer':
    case 'pattern':
      return readOther(walk, arg, scope, into);
    default:
      return kind satisfies never;
  }
}

function isTextColumn(arg: Node, scope: Scope): boolean {
  const reference = only(arg, 'ColumnRef');
  const found = reference && resolve(referenceParts(reference), scope);
  return found?.kind === 'column' && holdsText(found.column);
}

/** Of tables: nothing is made of the values on the way. */
function holdsText({ form, sources }: Column): boolean {
  return form === 'plain' && [...sources].every(({ kind }) => kind === 't' || kind === 'u');
}

/** A whole row by its name. Undefined, with nothing written down, for anything else and for rows of which not every column has a form. */
export function readRow(walk: Walk, arg: Node, scope: Scope, into: Set<Base>): Form | undefined {
  const reference = only(arg, 'ColumnRef');
  const found = reference && resolve(referenceParts(reference), scope);
  if (found?.kind !== 'row' || found.field !== undefined) return undefined;
  if (found.columns.some((column) => column.wild ?? !(column.form ?? clean(column.sources)))) return undefined;
  walk.ledger.touchAll(found.sources);
  addAll(into, found.sources);
  return 'derived';
}

/** Which branch is taken must not follow from a labelled value: it decides what is evaluated, and so what fails. */
function readCase(walk: Walk, body: Node, scope: Scope, into: Set<Base>): Form | undefined {
  const whens = nodes(body, 'args').map((entry) => only(entry, 'CaseWhen') ?? {});
  const tests = new Set<Base>();
  if ('arg' in body) readOperator(walk, ['=']);
  for (const test of [body['arg'], ...whens.map((when) => when['expr'])])
    walk.expression(test, scope, 'expression', tests);
  addAll(into, tests);
  const results = [...whens.map((when) => node(when, 'result') ?? {}), ...argument(body, 'defresult')];
  const form = readJoined(walk, results, scope, into);
  return clean(tests) && form;
}

/** Where no row comes it is NULL, and with more than one it fails: which rows come is for the query's own conditions to tell. */
function readScalar(walk: Walk, tree: Node, body: Node, scope: Scope, into: Set<Base>): Form | undefined {
  const query = node(body, 'subselect');
  const kind = text(body, 'subLinkType');
  if (!['EXPR_SUBLINK', 'ARRAY_SUBLINK'].includes(kind) || !query) return readOther(walk, tree, scope, into);
  const { rows } = walk.ledger;
  const read = (): readonly Column[] => walk.query(query, { items: [], outer: scope, queries: scope.queries });
  const [column, ...more] = kind === 'ARRAY_SUBLINK' ? rows.shown(read) : rows.hidden(read);
  if (!column || column.wild || more.length > 0) return readOther(walk, tree, scope, into);
  // An array is made of all that comes, unless these are arrays of different lengths.
  if (kind === 'ARRAY_SUBLINK') {
    if (!holdsText(column)) return readOther(walk, tree, scope, into);
    addAll(into, column.sources);
    return 'derived';
  }
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

/** Beside anything but a text, `||` may be that of arrays, and a value has to fit among their elements. */
function readConcatenation(walk: Walk, operands: readonly Node[], scope: Scope, into: Set<Base>): Form | undefined {
  const besides = operands.filter((each) => !isText(walk, each, scope));
  const kinds =
    besides.length > 1 ? new Set([...joinedToText(walk)].filter((kind) => steady.has(kind))) : joinedToText(walk);
  return readOf(walk, kinds, into, (own) => readAll(walk, operands, scope, own));
}

/** Surely a text, or a literal. */
function isText(walk: Walk, tree: Node, scope: Scope): boolean {
  const type = typeOf(tree, scope);
  if (type === 'text') return true;
  if (type === 'literal') return 'A_Const' in tree;
  const [tag, body] = tagged(tree);
  if (tag === 'CoalesceExpr') return nodes(body, 'args').some((each) => isText(walk, each, scope));
  const parts = nameParts(nodes(body, 'funcname'));
  return (
    tag === 'FuncCall' &&
    isBuiltIn(walk, parts) &&
    (readsOnly(parts.at(-1) ?? '') === textual || parts.at(-1) === 'to_char')
  );
}

/** `||` casts to text what is none: src/backend/catalog/system_functions.sql, anytextcat. */
function joinedToText({ ledger }: Walk): ReadonlySet<ValueKind> {
  return ledger.world.converts ? textOnly : textual;
}

const textOnly: ReadonlySet<ValueKind> = new Set(['t']);

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

/** An array of text is read from the value and may fail, and so may what somebody else calls text. */
function toText({ ledger }: Walk, body: Node): boolean {
  if (ledger.world.converts) return false;
  const type = node(body, 'typeName') ?? {};
  const names = nameParts(nodes(type, 'names'));
  const own = names.length === 1 || (names.length === 2 && names[0] === 'pg_catalog');
  return own && textTypes.has(names.at(-1) ?? '') && nodes(type, 'arrayBounds').length === 0;
}

function argument(body: Node, field = 'arg'): readonly Node[] {
  const arg = node(body, field);
  return arg ? [arg] : [];
}

function clean(sources: ReadonlySet<Base>): Form | undefined {
  for (const base of sources) if (base.labels.length > 0) return undefined;
  return 'derived';
}
