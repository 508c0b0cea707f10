import { readValue } from '../lineage/derived.ts';
import { readExpression } from '../lineage/expression.ts';
import { readFrom } from '../lineage/from.ts';
import { Ledger } from '../lineage/ledger.ts';
import { tagged, type Node } from '../text/node.ts';
import { readSelect, readTargets } from '../lineage/query.ts';
import { readRowOrder, readsOf } from '../lineage/index-order.ts';
import { countsTurns } from '../lineage/turns.ts';
import { emptyScope, sourcesOf, type Column, type Scope, type Walk } from '../lineage/scope.ts';
import { labelsOf, noColumns, union, type Parser, type ViewColumns, type ViewReader } from '../catalog/world.ts';
import { readDelete, readInsert, readMerge, readUpdate } from './write.ts';

/** A walk over one statement that writes into `ledger`. */
export function newWalk(ledger: Ledger): Walk {
  const walk: Walk = {
    ledger,
    query: (tree, scope) => readQuery(walk, tree, scope),
    expression: (tree, scope, use, into) => readExpression(walk, tree, scope, use, into),
    value: (tree, scope, into) => readValue(walk, tree, scope, into),
    from: (tree, before, scope) => readFrom(walk, tree, before, scope),
    targets: (list, scope) => readTargets(walk, list, scope),
  };
  return walk;
}

function readQuery(walk: Walk, tree: Node, scope: Scope): readonly Column[] {
  const [tag, body] = tagged(tree);
  const { rows } = walk.ledger;
  switch (tag) {
    case 'SelectStmt':
      return readSelect(walk, body, scope);
    case 'InsertStmt':
      return readInsert(walk, body, scope);
    case 'UpdateStmt':
      return rows.shown(() => readUpdate(walk, body, scope));
    case 'DeleteStmt':
      return returns(body) || countsTurns(walk, body)
        ? rows.shown(() => readDelete(walk, body, scope))
        : rows.hidden(() => readDelete(walk, body, scope));
    case 'MergeStmt':
      return rows.shown(() => readMerge(walk, body, scope));
    default:
      walk.ledger.effect('opaque');
      walk.ledger.incomplete(`${tag || 'something'} where a query stands cannot be seen through`);
      return [{ name: '*', sources: new Set(), wild: true }];
  }
}

function returns(body: Node): boolean {
  return 'returningClause' in body || 'returningList' in body;
}

/** Reads views with the grammar of `parse`: one definition in, its tagged statement out. */
export function viewReader(parse: Parser): ViewReader {
  return (definition, world): ViewColumns => {
    const tree = parse(definition)?.[0];
    if (!tree) return { ...noColumns, reasons: ['its definition does not parse'] };
    // Definitions are read with an empty path: every name in them is qualified.
    const ledger = new Ledger(world, ['pg_catalog']);
    const columns = readQuery(newWalk(ledger), tree, emptyScope);
    const wild = columns.some((column) => column.wild);
    // Which of its columns are read cannot be said later.
    if (wild) readRowOrder(ledger);
    const { loose, told, veiled } = ledger.rows;
    const anything = wild ? labelsOf(sourcesOf(columns)) : [];
    return {
      labels: wild ? [] : columns.map(({ sources }) => labelsOf(sources)),
      sources: columns.map(({ sources }) => sources),
      is: columns.map(({ is }) => is),
      rows: { loose, told, veiled, reads: readsOf(ledger) },
      forms: columns.map((column) => column.form ?? (labelsOf(column.sources).length === 0 ? 'plain' : undefined)),
      hidden: union([...ledger.choosing].sort(), anything),
      reasons: ledger.reasons,
      measures: ledger.measured,
      relations: ledger.relations.flatMap((fact) => world.relation(fact.schema, fact.name, []) ?? []),
    };
  };
}
