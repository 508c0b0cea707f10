import type { PostgresCommand } from '../../contract/command-postgres.ts';
import { flag, nameParts, node, nodes, text, type Node } from './node.ts';
import { emptyScope, type Column, type Walk } from './scope.ts';
import { readTarget } from './write.ts';

export interface CopyFacts {
  readonly copy: NonNullable<PostgresCommand['copy']>;
  readonly columns: readonly Column[];
}

/** COPY. What it brings out has no column descriptions of its own, so a labelled column in it is a use. */
export function readCopy(walk: Walk, body: Node): CopyFacts {
  const { ledger } = walk;
  const to = flag(body, 'is_program') ? 'program' : text(body, 'filename') === '' ? 'client' : 'file';
  const direction = flag(body, 'is_from') ? 'in' : 'out';
  if (to !== 'client') ledger.effect('program');
  if (direction === 'in') {
    readCopyIn(walk, body);
    return { copy: { direction, to }, columns: [] };
  }
  ledger.effect('read');
  const columns = node(body, 'query') ? walk.query(node(body, 'query') ?? {}, emptyScope) : tableColumns(walk, body);
  for (const column of columns) ledger.touchAll(column.sources, 'copy');
  return { copy: { direction, to }, columns };
}

function readCopyIn(walk: Walk, body: Node): void {
  walk.ledger.effect('insert');
  const target = readTarget(walk, node(body, 'relation') ?? {});
  const names = nameParts(nodes(body, 'attlist'));
  for (const name of names.length > 0 ? names : target.item.columns.map((column) => column.name)) target.write(name);
  walk.expression(body['whereClause'], { ...emptyScope, items: [target.item] }, 'where');
}

function tableColumns(walk: Walk, body: Node): readonly Column[] {
  const items = walk.from({ RangeVar: node(body, 'relation') ?? {} }, [], emptyScope);
  const names = nameParts(nodes(body, 'attlist'));
  const list = names.length === 0 ? [['*']] : names.map((name) => [name]);
  const targets = list.map(([name]) => ({
    ResTarget: { val: { ColumnRef: { fields: [name === '*' ? { A_Star: {} } : { String: { sval: name ?? '' } }] } } },
  }));
  return walk.targets(targets, { ...emptyScope, items });
}
