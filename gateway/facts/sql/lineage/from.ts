import type { LeanRelation } from '../catalog/catalog.ts';
import { namedColumns, rowFunctions } from '../catalog/builtin-functions.ts';
import { calledFunctions, classifyCall, readOperator } from './expression.ts';
import { flag, nameParts, node, nodes, tagged, text, type Node } from '../text/node.ts';
import { openedDocument, openedTable } from './opened-document.ts';
import { placedBy, standsBy } from './row-choice.ts';
import { blur, renamed, sourcesOf, starColumns, type Column, type Item, type Scope, type Walk } from './scope.ts';
import type { Base, World } from '../catalog/world.ts';

/** See `Walk.from`. */
export function readFrom(walk: Walk, tree: Node, before: readonly Item[], scope: Scope): readonly Item[] {
  const [tag, body] = tagged(tree);
  switch (tag) {
    case 'RangeVar':
      return [readTable(walk, body, scope)];
    case 'RangeSubselect':
      return [readSubselect(walk, body, before, scope)];
    case 'RangeFunction':
      return [readFunction(walk, body, before, scope)];
    case 'RangeTableSample': {
      for (const field of ['args', 'repeatable']) walk.expression(body[field], scope, 'limit');
      return readFrom(walk, node(body, 'relation') ?? {}, before, scope);
    }
    case 'JoinExpr':
      return readJoin(walk, body, before, scope);
    case 'RangeTableFunc':
    case 'JsonTable':
      return [readTableFunction(walk, body, before, scope)];
    default:
      walk.ledger.incomplete(`${tag || 'something'} in FROM cannot be seen through`);
      return [{ name: undefined, columns: [], more: new Set(), bare: true }];
  }
}

function readTable(walk: Walk, body: Node, scope: Scope): Item {
  const name = text(body, 'relname');
  const schema = text(body, 'schemaname');
  const alias = aliasOf(body);
  const named = schema === '' ? scope.queries.get(name) : undefined;
  if (named) {
    return { name: alias.name ?? name, columns: renamed(walk.ledger, named.columns(), alias.columns), bare: true };
  }
  const { world, path } = walk.ledger;
  const relation = world.relation(schema, name, path);
  if (!relation) {
    walk.ledger.unknownRelation(schema, name, 'read');
    const held = world.unmade(schema, name, path);
    return { name: alias.name ?? name, columns: [], more: new Set(held ? [held] : []), bare: true };
  }
  walk.ledger.relation(relation, 'read');
  walk.ledger.runsCode(relation, 'read');
  const item = tableItem(walk, relation, alias);
  walk.ledger.rows.reads(world, relation, item);
  return item;
}

/** A table as an item, under an alias or its own name. */
export function tableItem(walk: Walk, relation: LeanRelation, alias: Alias = noAlias): Item {
  const plain = plainTable(walk.ledger.world, relation);
  return {
    ...plain,
    name: alias.name ?? relation.name,
    table: relation,
    ...(alias.name === undefined ? { schema: relation.schema } : {}),
    columns: renamed(walk.ledger, plain.columns, alias.columns),
    bare: true,
  };
}

type PlainTable = Pick<Item, 'columns' | 'placed' | 'stands'>;

/** Kept as long as the catalog is: a table's columns are the same in every statement. */
const kept = new WeakMap<readonly Base[], PlainTable>();

function plainTable(world: World, relation: LeanRelation): PlainTable {
  const bases = world.columns(relation);
  const known = kept.get(bases);
  if (known) return known;
  const view = relation.kind === 'view' ? world.view(relation) : undefined;
  const columns = bases.map((base, i): Column => {
    const is = view ? view.is[i] : base;
    return {
      ...{ name: base.name, sources: new Set([base]) },
      ...(base.form ? { form: base.form } : {}),
      ...(is ? { is } : {}),
    };
  });
  const placed = placedBy(world, relation);
  const stands = standsBy(world, relation);
  const plain = {
    columns,
    ...(placed.length > 0 ? { placed: new Set(placed) } : {}),
    ...(stands.length > 0 ? { stands: new Set(stands) } : {}),
  };
  kept.set(bases, plain);
  return plain;
}

function readSubselect(walk: Walk, body: Node, before: readonly Item[], scope: Scope): Item {
  const alias = aliasOf(body);
  const columns = walk.query(node(body, 'subquery') ?? {}, {
    items: [],
    outer: flag(body, 'lateral') ? { ...scope, items: before } : scope.outer,
    queries: scope.queries,
  });
  return asItem(alias.name, renamed(walk.ledger, columns, alias.columns));
}

/** Function calls in FROM see what stands to their left, LATERAL or not. */
function readFunction(walk: Walk, body: Node, before: readonly Item[], scope: Scope): Item {
  const opened = openedDocument(walk, body, { ...scope, items: before });
  if (opened) {
    const { name: given, columns: names } = aliasOf(body);
    return asItem(given ?? opened.name, renamed(walk.ledger, opened.columns, names));
  }
  const sources = new Set<Base>();
  const lateral = { ...scope, items: before };
  const alias = aliasOf(body);
  const columns: Column[] = [];
  const calls = nodes(body, 'functions').map((list) => nodes(node(list, 'List') ?? {}, 'items'));
  walk.expression(body['functions'], lateral, 'join', sources);
  walk.ledger.touchAll(sources, 'join');
  for (const [call, definitions] of calls)
    columns.push(
      ...functionColumns(walk, call ?? {}, definitions, calls.length === 1 ? alias.name : undefined, sources),
    );
  const defined = nodes(body, 'coldeflist');
  if (defined.length > 0) {
    columns.splice(
      0,
      columns.length,
      ...defined.map((column) => ({ name: text(node(column, 'ColumnDef') ?? {}, 'colname'), sources })),
    );
  }
  if (flag(body, 'ordinality')) columns.push({ name: 'ordinality', sources: new Set<Base>() });
  const name = alias.name ?? nameParts(nodes(node(calls[0]?.[0] ?? {}, 'FuncCall') ?? {}, 'funcname')).at(-1);
  return asItem(name, renamed(walk.ledger, columns, alias.columns));
}

function functionColumns(
  walk: Walk,
  call: Node,
  list: Node | undefined,
  alias: string | undefined,
  sources: ReadonlySet<Base>,
): readonly Column[] {
  const defined = nodes(node(list ?? {}, 'List') ?? {}, 'items');
  if (defined.length > 0)
    return defined.map((column) => ({ name: text(node(column, 'ColumnDef') ?? {}, 'colname'), sources }));
  const body = node(call, 'FuncCall');
  const parts = body ? nameParts(nodes(body, 'funcname')) : [];
  const name = parts.at(-1) ?? '';
  const rows =
    rowFunctions.has(name) ||
    classifyCall(walk, parts).categories.includes('unknown') ||
    calledFunctions(walk, parts).some((fn) => fn.body?.returns === 'row');
  const single = !body || !rows;
  return single ? [{ name: namedColumns.get(name) ?? alias ?? name, sources }] : [{ name: '*', sources, wild: true }];
}

/** XMLTABLE and JSON_TABLE: any column can hold any part of the document, but where it says which. */
function readTableFunction(walk: Walk, body: Node, before: readonly Item[], scope: Scope): Item {
  const opened = openedTable(walk, body, { ...scope, items: before });
  if (opened) {
    const { name: given, columns: names } = aliasOf(body);
    return asItem(given, renamed(walk.ledger, opened, names));
  }
  const sources = new Set<Base>();
  walk.expression(body, { ...scope, items: before }, 'join', sources);
  const columns = [{ name: '*', sources, wild: true as const }];
  const alias = aliasOf(body);
  return asItem(alias.name, renamed(walk.ledger, columns, alias.columns));
}

function readJoin(walk: Walk, body: Node, before: readonly Item[], scope: Scope): readonly Item[] {
  const left = readFrom(walk, node(body, 'larg') ?? {}, before, scope);
  const right = readFrom(walk, node(body, 'rarg') ?? {}, [...before, ...left], scope);
  const sides = [...left, ...right];
  walk.expression(body['quals'], { ...scope, items: sides }, 'join');
  const merges = flag(body, 'isNatural') || 'usingClause' in body || 'alias' in body;
  return merges ? mergeSides(walk, body, left, right) : sides;
}

/** A join that makes columns of its own: of two that are alike, or under an alias. */
function mergeSides(walk: Walk, body: Node, left: readonly Item[], right: readonly Item[]): readonly Item[] {
  const sides = [...left, ...right];
  const leftColumns = starColumns(left);
  const rightColumns = starColumns(right);
  const natural = flag(body, 'isNatural');
  const using = natural ? sharedNames(walk, leftColumns, rightColumns) : nameParts(nodes(body, 'usingClause'));
  const alias = aliasOf(body);
  if (using.length > 0) readOperator(walk, ['=']);
  if (using.length === 0 && alias.name === undefined) return sides;

  const merged = using.map((name): Column => {
    const same = [...leftColumns, ...rightColumns].filter((column) => column.name === name || column.wild);
    if (same.length === 0)
      walk.ledger.contradiction(
        `USING (${name})`,
        sides.flatMap((item) => item.table ?? []),
      );
    return { name, sources: blur(walk.ledger, same, 'join'), made: { arms: same } };
  });
  const rest = (columns: readonly Column[]): readonly Column[] =>
    columns.filter((column) => !using.includes(column.name));
  const all = [...merged, ...rest(leftColumns), ...rest(rightColumns)];
  const usingAlias = text(node(body, 'join_using_alias') ?? {}, 'aliasname');
  const named = usingAlias === '' ? [] : [{ name: usingAlias, columns: merged, bare: false }];
  if (alias.name !== undefined) return [asItem(alias.name, renamed(walk.ledger, all, alias.columns)), ...named];
  return [asItem(undefined, all), ...named, ...sides.map((item) => ({ ...item, bare: false }))];
}

function sharedNames(walk: Walk, left: readonly Column[], right: readonly Column[]): readonly string[] {
  if ([...left, ...right].some((column) => column.wild)) {
    // Which columns a natural join compares is not known: all of them may be.
    blur(walk.ledger, [...left, ...right], 'join');
    if (sourcesOf([...left, ...right]).size > 0) walk.ledger.incomplete('NATURAL JOIN over columns that are not known');
  }
  return left.flatMap((column) =>
    !column.wild && right.some((other) => other.name === column.name) ? [column.name] : [],
  );
}

function asItem(name: string | undefined, columns: readonly Column[]): Item {
  const wild = columns.filter((column) => column.wild);
  const known = columns.filter((column) => !column.wild);
  return wild.length === 0
    ? { name, columns, bare: true }
    : { name, columns: known, more: sourcesOf(wild), bare: true };
}

export interface Alias {
  readonly name: string | undefined;
  readonly columns: readonly string[];
}
const noAlias: Alias = { name: undefined, columns: [] };

export function aliasOf(body: Node): Alias {
  const alias = node(body, 'alias');
  return alias ? { name: text(alias, 'aliasname'), columns: nameParts(nodes(alias, 'colnames')) } : noAlias;
}
