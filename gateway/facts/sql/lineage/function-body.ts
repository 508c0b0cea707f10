import type { CatalogFunction } from '../catalog/catalog.ts';
import type { Ledger } from './ledger.ts';
import { tagged } from '../text/node.ts';
import type { RowArguments } from './row-arguments.ts';
import { blur, type Column, type Item, type Scope, type Walk } from './scope.ts';

const queries: ReadonlySet<string> = new Set(['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt']);

/** What each statement has read so far: a body counts once, however often it is called with rows for the same parameters, which are of one table. */
const read = new WeakMap<Ledger, Map<CatalogFunction, Map<string, readonly Column[] | 'begun'>>>();
const noRows: RowArguments['rows'] = new Map();

/**
 * Reads a function's body as if it stood where it is called: what it does counts as done by the statement, names mean what they mean to the
 * session. Its arguments are read by the caller, so inside they bring nothing, but rows, of which the body names what it reads.
 * @returns the columns of its last statement; undefined, with the reason written down, where it cannot be seen through
 */
export function readBody(
  walk: Walk,
  fn: CatalogFunction,
  rows: RowArguments['rows'] = noRows,
): readonly Column[] | undefined {
  const { ledger } = walk;
  const bodies = read.get(ledger) ?? new Map<CatalogFunction, Map<string, readonly Column[] | 'begun'>>();
  read.set(ledger, bodies);
  const own = bodies.get(fn) ?? new Map<string, readonly Column[] | 'begun'>();
  bodies.set(fn, own);
  const key = JSON.stringify([...rows.keys()]);
  const known = own.get(key);
  if (known) return known === 'begun' ? refused(walk, fn, 'calls itself') : known;
  const statements = ledger.world.body(fn);
  if (!statements) return refused(walk, fn, 'has a body that does not parse');
  own.set(key, 'begun');
  const parameters = (fn.body?.parameters ?? []).filter((name) => name !== '' && !rows.has(name));
  const columns = parameters.map((name) => ({ name, sources: new Set<never>() }));
  const whole = [...rows].map(([name, fields]): Item => ({ name, columns: fields, bare: false }));
  const inside: Scope = {
    items: [],
    outer: { items: [{ name: fn.name, columns, bare: true }, ...whole], outer: undefined, queries: new Map() },
    queries: new Map(),
  };
  let result: readonly Column[] = [];
  for (const statement of statements) {
    const [tag] = tagged(statement);
    if (!queries.has(tag)) return refused(walk, fn, `runs ${tag}`);
    blur(ledger, result, 'function');
    // What a function returns may be its first row.
    result = ledger.rows.run(() => ledger.rows.shown(() => walk.query(statement, inside)));
  }
  own.set(key, result);
  return result;
}

function refused({ ledger }: Walk, { schema, name }: CatalogFunction, why: string): undefined {
  ledger.incomplete(`function ${schema}.${name} ${why}`);
  return undefined;
}
