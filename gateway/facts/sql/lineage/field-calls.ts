import type { Json } from '../../../contract/principal.ts';
import { isList, isNode, nameParts, node, nodes, type Node } from '../text/node.ts';
import { resolve, type Scope, type Walk } from './scope.ts';

/** Where an expression of a SELECT stands, behind its FROM; the first stands for RETURNING as well. */
const clauses = [
  ...['targetList', 'whereClause', 'groupClause', 'havingClause'],
  ...['windowClause', 'distinctClause', 'sortClause'],
];

/** Hold no reference, and nothing follows from what they say: alike.ts. */
const numbers: ReadonlySet<string> = new Set(['location', 'A_Const', 'typeName', 'frameOptions']);

/**
 * `u.open_count`, where the row `u` has no such column, is `open_count(u)` to the server, and so it is read as that: PostgREST asks for computed fields so. A query inside is left to
 * its own scope. https://www.postgresql.org/docs/current/xfunc-sql.html#XFUNC-SQL-COMPOSITE-FUNCTIONS
 * @param body of a SelectStmt, or a list of targets
 * @param scope with its FROM
 * @returns the same body where it has none
 */
export function withFieldCalls(walk: Walk, body: Node, scope: Scope): Node {
  const changed = clauses.flatMap((field) => {
    const clause = body[field];
    const written = clause === undefined ? clause : withCalls(walk, clause, scope);
    return written === undefined || written === clause ? [] : [[field, written] as const];
  });
  return changed.length === 0 ? body : { ...body, ...Object.fromEntries(changed) };
}

function withCalls(walk: Walk, tree: Json, scope: Scope): Json {
  if (isList(tree)) {
    const items = tree.map((item) => withCalls(walk, item, scope));
    return items.every((item, i) => item === tree[i]) ? tree : items;
  }
  if (!isNode(tree) || 'SelectStmt' in tree) return tree;
  const reference = node(tree, 'ColumnRef');
  if (reference) return fieldCall(walk, reference, scope) ?? tree;
  let changed: Record<string, Json> | undefined;
  for (const field in tree) {
    if (numbers.has(field)) continue;
    const value = tree[field];
    const written = value === undefined ? value : withCalls(walk, value, scope);
    if (written !== undefined && written !== value) (changed ??= {})[field] = written;
  }
  return changed ? { ...tree, ...changed } : tree;
}

/** Only where the row's name means the row by itself too, without its schema, and not a column of that name. A function of the server's own (`c.text`) is not read so. */
function fieldCall(walk: Walk, reference: Node, scope: Scope): Node | undefined {
  const fields = nodes(reference, 'fields');
  const parts = nameParts(fields);
  const [name = '', field = ''] = parts.slice(-2);
  const { world, path } = walk.ledger;
  if (parts.length > 3 || world.functions('', field, path).length === 0) return undefined;
  const found = resolve(parts, scope);
  const row = resolve([name], scope);
  if (found?.kind !== 'row' || found.field === undefined || row?.kind !== 'row') return undefined;
  const isSame =
    found.columns.length === row.columns.length && found.columns.every((each, i) => each === row.columns[i]);
  if (!isSame) return undefined;
  return { FuncCall: { funcname: fields.slice(-1), args: [{ ColumnRef: { fields: fields.slice(-2, -1) } }] } };
}
