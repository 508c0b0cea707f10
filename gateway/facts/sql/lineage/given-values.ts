import type { LeanRelation } from '../catalog/catalog.ts';
import { isBuiltIn } from './expression.ts';
import { isGiven } from './look-up.ts';
import { isConstant } from './settled-order.ts';
import { anywhere, flag, nameParts, node, nodes, only, tagged, text, type Node } from '../text/node.ts';
import type { Scope, Walk } from './scope.ts';
import type { Base } from '../catalog/world.ts';

/**
 * Into what a statement writes nothing but values that the client gives, by names of columns. Whether a row with such values is there already is a
 * look-up, where a key tells just that. Whatever is not surely so is not among them.
 */
export interface GivenValues {
  /** Labelled columns, and how many values go into each. */
  readonly labelled: ReadonlyMap<string, number>;
  /** Others, into which constants or parameters go. */
  readonly plain: ReadonlySet<string>;
  /** Others, into which something goes that is surely not NULL. */
  readonly filled: ReadonlySet<string>;
  /** Columns into which goes a literal of no more than some hundred bytes. */
  readonly short: ReadonlySet<string>;
  /** Of whose old values something is left in the new ones. */
  readonly kept: ReadonlySet<string>;
  /** That become NULL. */
  readonly emptied: ReadonlySet<string>;
}

const none: ReadonlySet<string> = new Set();
export const nothingGiven: GivenValues = {
  labelled: new Map(),
  plain: none,
  filled: none,
  short: none,
  kept: none,
  emptied: none,
};

/** INSERT ... VALUES. @param names of the columns written, in the order of the values */
export function valuesInserted(
  walk: Walk,
  body: Node,
  relation: LeanRelation | undefined,
  names: readonly string[],
  scope: Scope,
): GivenValues {
  const bases = columnsOf(walk, relation);
  const rows = bases.some(isLabelled) ? givenRows(body, scope) : undefined;
  if (!rows) return nothingGiven;
  const given = bases.filter((base) => {
    const at = names.indexOf(base.name);
    return rows.every((row) => row[at] && isGivenFor(walk, base, row[at]));
  });
  return byLabel(given, rows.length);
}

/** SET of an UPDATE: one value, whatever rows it goes into. */
export function valuesAssigned(walk: Walk, body: Node, relation: LeanRelation | undefined, scope: Scope): GivenValues {
  const bases = isOutermost(scope) ? columnsOf(walk, relation) : [];
  const assigned = nodes(body, 'targetList').flatMap((entry) => {
    const target = only(entry, 'ResTarget') ?? {};
    // What is assigned to a part of a value leaves the rest of it.
    if ('indirection' in target) return [];
    const base = bases.find(({ name }) => name === text(target, 'name'));
    return base ? [{ base, value: node(target, 'val') ?? {} }] : [];
  });
  const given = assigned.filter(({ base, value }) => isGivenFor(walk, base, value)).map(({ base }) => base);
  const filled = assigned.filter(({ base, value }) => !isLabelled(base) && isFilled(walk, value));
  const short = assigned.filter(({ value }) => isShort(value));
  return { ...byLabel(given, 1), filled: namesOf(filled), short: namesOf(short) };
}

function namesOf(assigned: readonly { readonly base: Base }[]): ReadonlySet<string> {
  return new Set(assigned.map(({ base }) => base.name));
}

/** How many letters a short literal has at most: beside it in an index stand 2,704 bytes less its own. */
const fewLetters = 64;

function isShort(value: Node): boolean {
  const [tag, body] = tagged(value);
  if (tag !== 'A_Const') return false;
  // Of bits there is no such literal that anybody types.
  if ('bsval' in body) return false;
  const literal = text(node(body, 'sval') ?? {}, 'sval') + text(node(body, 'fval') ?? {}, 'fval');
  return literal.length <= fewLetters;
}

const clocks: ReadonlySet<string> = new Set(['now', 'clock_timestamp', 'statement_timestamp', 'transaction_timestamp']);

/** A literal, or the time. What a cast makes of it is somebody else's to say. */
function isFilled(walk: Walk, value: Node): boolean {
  const [tag, body] = tagged(value);
  if (tag === 'A_Const') return !flag(body, 'isnull');
  if (tag === 'SQLValueFunction') return /^SVFOP_(CURRENT_(DATE|TIME)|LOCALTIME)/.test(text(body, 'op'));
  const name = nameParts(nodes(body, 'funcname'));
  return (
    tag === 'FuncCall' && clocks.has(name.at(-1) ?? '') && nodes(body, 'args').length === 0 && isBuiltIn(walk, name)
  );
}

function isGivenFor(walk: Walk, base: Base, value: Node): boolean {
  return isLabelled(base) ? isGiven(walk, base, value) : isConstant(value);
}

function byLabel(given: readonly Base[], values: number): GivenValues {
  const labelled = new Map(given.filter(isLabelled).map(({ name }) => [name, values]));
  const plain = new Set(given.filter((base) => !isLabelled(base)).map(({ name }) => name));
  return { labelled, plain, filled: none, emptied: none, short: none, kept: none };
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

function columnsOf({ ledger }: Walk, relation: LeanRelation | undefined): readonly Base[] {
  return relation ? ledger.world.columns(relation) : [];
}

function isLabelled({ labels }: Base): boolean {
  return labels.length > 0;
}
