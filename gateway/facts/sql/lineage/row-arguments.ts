import type { CatalogFunction } from '../catalog/catalog.ts';
import { anywhere, nodes, only, type Node } from '../text/node.ts';
import { referenceParts, resolve, type Column, type Scope, type Walk } from './scope.ts';

/** Rows that a call hands over whole, by the names of the parameters that get them. */
export interface RowArguments {
  readonly rows: ReadonlyMap<string, readonly Column[]>;
  /** The call's other arguments. */
  readonly others: readonly Node[];
}

/**
 * `tenure(e)`, where the function is in SQL and reads `e.hired_on`: its body names the columns it reads, so it is read as if it stood there, and the rest of the
 * row has gone nowhere. The row is one of a table, with the table's own names, for by those the body goes.
 * @param called what the call may mean
 * @returns undefined where a row may get somewhere else: the arguments are to be read as any others
 */
export function rowArguments(
  { ledger }: Walk,
  call: Node,
  called: readonly CatalogFunction[],
  isAlsoBuiltIn: boolean,
  scope: Scope,
): RowArguments | undefined {
  const [fn, ...more] = called;
  if (!fn?.body || more.length > 0 || isAlsoBuiltIn) return undefined;
  const args = nodes(call, 'args');
  const { body } = fn;
  const names = body.parameters;
  // By a doubled name, the function's own, or as `$1`, it cannot be told which is read.
  if (names.length !== args.length) return undefined;
  if (names.includes(fn.name)) return undefined;
  if (new Set(names).size < names.length) return undefined;
  if ('func_variadic' in call || args.some((arg) => 'NamedArgExpr' in arg)) return undefined;
  if (ledger.world.body(fn)?.some((tree) => anywhere(tree, (tag) => tag === 'ParamRef')) !== false) return undefined;
  const rows = new Map<string, readonly Column[]>();
  const others: Node[] = [];
  for (const [i, arg] of args.entries()) {
    const columns = wholeRow(arg, body.rowTypes?.[i] ?? 0, scope);
    if (columns) rows.set(names[i] ?? '', columns);
    else others.push(arg);
  }
  return rows.size > 0 ? { rows, others } : undefined;
}

/** Of the table that the parameter's type is the row of, by the table's own names. */
function wholeRow(arg: Node, rowType: number, scope: Scope): readonly Column[] | undefined {
  const reference = only(arg, 'ColumnRef');
  const found = rowType === 0 || !reference ? undefined : resolve(referenceParts(reference), scope);
  if (found?.kind !== 'row' || found.field !== undefined) return undefined;
  const own = found.columns.every(({ name, sources, wild }) => {
    const [base, ...more] = sources;
    return wild !== true && more.length === 0 && base?.name === name && base.relation.oid === rowType;
  });
  return own ? found.columns : undefined;
}
