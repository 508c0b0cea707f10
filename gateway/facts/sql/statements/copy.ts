import type { CopyFact } from '../../../contract/command-postgres.ts';
import { readCopyOptions, type CopyLayout } from '../text/copy-options.ts';
import { flag, nameParts, node, nodes, text, type Node } from '../text/node.ts';
import { emptyScope, type Column, type Item, type Walk } from '../lineage/scope.ts';
import { readDefaults, readRules, readTarget } from './write.ts';

export interface CopyFacts {
  readonly copy: CopyFact;
  readonly copyLayout?: CopyLayout;
  readonly columns: readonly Column[];
}

/** COPY. To the client it brings out columns as a SELECT does; any other way a labelled column in it is a use. */
export function readCopy(walk: Walk, body: Node): CopyFacts {
  const { ledger } = walk;
  const to = flag(body, 'is_program') ? 'program' : text(body, 'filename') === '' ? 'client' : 'file';
  const direction = flag(body, 'is_from') ? 'in' : 'out';
  const { format, layout, why } = readCopyOptions(nodes(body, 'options'));
  if (to !== 'client') ledger.effect('program');
  if (direction === 'in') {
    readCopyIn(walk, body);
    return { copy: { direction, to, format, unmaskable: null }, columns: [] };
  }
  ledger.effect('read');
  const columns = node(body, 'query') ? walk.query(node(body, 'query') ?? {}, emptyScope) : tableColumns(walk, body);
  const unmaskable = to === 'client' ? why : `its data goes to a ${to} of the server`;
  const copy: CopyFact = { direction, to, format, unmaskable };
  if (layout && unmaskable === null) return { copy, copyLayout: layout, columns };
  for (const column of columns) ledger.touchAll(column.sources, 'copy');
  return { copy, columns };
}

function readCopyIn(walk: Walk, body: Node): void {
  walk.ledger.effect('insert');
  const target = readTarget(walk, node(body, 'relation') ?? {});
  const names = nameParts(nodes(body, 'attlist'));
  for (const name of names.length > 0 ? names : target.item.columns.map((column) => column.name)) target.write(name);
  readRules(walk, target, 'insert', names.length > 0 ? names : undefined);
  readDefaults(walk, target, names);
  walk.expression(body['whereClause'], { ...emptyScope, items: [target.item] }, 'where');
}

function tableColumns(walk: Walk, body: Node): readonly Column[] {
  const items = walk.from({ RangeVar: node(body, 'relation') ?? {} }, [], emptyScope);
  const names = nameParts(nodes(body, 'attlist'));
  const list = (names.length === 0 ? copiedColumns(items) : names).map((name) =>
    name === '*' ? { A_Star: {} } : { String: { sval: name } },
  );
  const targets = list.map((field) => ({ ResTarget: { val: { ColumnRef: { fields: [field] } } } }));
  return walk.targets(targets, { ...emptyScope, items });
}

/** Without a list COPY leaves generated columns out, where `*` has them: CopyGetAttnums in src/backend/commands/copy.c. */
function copiedColumns([item]: readonly Item[]): readonly string[] {
  const generated = item?.table?.generated;
  if (!item || !generated) return ['*'];
  return item.columns.map((column) => column.name).filter((name) => !generated.includes(name));
}
