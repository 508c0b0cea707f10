import type { LeanRelation } from '../catalog/catalog.ts';
import { isGiven } from './look-up.ts';
import { anywhere, node, nodes, only, text, type Node } from '../text/node.ts';
import type { Scope, Walk } from './scope.ts';
import type { Base } from '../catalog/world.ts';

/**
 * Labelled columns into which a statement writes nothing but values that the client gives, by name, and how many. Whether such a value is there
 * already is a look-up, where a key tells just that. Whatever is not surely so is not among them.
 */
export type GivenValues = ReadonlyMap<string, number>;

/** INSERT ... VALUES. @param names of the columns written, in the order of the values */
export function valuesInserted(
  walk: Walk,
  body: Node,
  relation: LeanRelation | undefined,
  names: readonly string[],
  scope: Scope,
): GivenValues {
  const given = new Map<string, number>();
  const labelled = labelledOf(walk, relation);
  const rows = labelled.length > 0 ? givenRows(body, scope) : undefined;
  if (!rows) return given;
  for (const base of labelled) {
    const at = names.indexOf(base.name);
    if (rows.every((row) => row[at] && isGiven(walk, base, row[at]))) given.set(base.name, rows.length);
  }
  return given;
}

/** SET of an UPDATE: one value, whatever rows it goes into. */
export function valuesAssigned(walk: Walk, body: Node, relation: LeanRelation | undefined, scope: Scope): GivenValues {
  const labelled = isOutermost(scope) ? labelledOf(walk, relation) : [];
  const given = new Map<string, number>();
  for (const entry of nodes(body, 'targetList')) {
    const target = only(entry, 'ResTarget') ?? {};
    const base = labelled.find(({ name }) => name === text(target, 'name'));
    if (base && isGiven(walk, base, node(target, 'val') ?? {})) given.set(base.name, 1);
  }
  return given;
}

/** Another statement around it goes on with what it tells, and a plan follows from statistics over all values. */
function isOutermost({ outermost }: Scope): boolean {
  if (outermost !== true) return false;
  return true;
}

function givenRows(body: Node, scope: Scope): readonly (readonly Node[])[] | undefined {
  if (!isOutermost(scope)) return undefined;
  const conflict = node(body, 'onConflictClause');
  // DO UPDATE changes the row that has the value, and so leaves the answer in the data.
  if (conflict && text(conflict, 'action') !== 'ONCONFLICT_NOTHING') return undefined;
  const source = only(node(body, 'selectStmt'), 'SelectStmt') ?? {};
  // A star among the values stands for any number of them: what goes into which column is not known.
  if (anywhere(source, (tag) => tag === 'A_Star')) return undefined;
  const rows = nodes(source, 'valuesLists').map((list) => nodes(only(list, 'List') ?? {}, 'items'));
  if (rows.length === 0) return undefined;
  return rows;
}

function labelledOf({ ledger }: Walk, relation: LeanRelation | undefined): readonly Base[] {
  return relation ? ledger.world.columns(relation).filter(({ labels }) => labels.length > 0) : [];
}
