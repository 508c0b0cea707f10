import type { LeanRelation } from '../catalog/catalog.ts';
import { allNamesOfPath, memberName, membersOf } from './document-constant.ts';
import { isReached, placeOf, serversOwn } from './document-member.ts';
import { classifyCall, isBuiltIn } from './expression.ts';
import { ownedBy } from './key-order.ts';
import { flag, nameParts, node, nodes, only, type Node } from '../text/node.ts';
import { referenceParts, type Item, type Scope, type Walk } from './scope.ts';
import type { Base, World } from '../catalog/world.ts';

/** What an UPDATE puts back into the column that it came from. */
export interface DocumentChange {
  readonly document: Base;
  /** What is put into it, or laid over it. */
  readonly given: readonly Node[];
  /** Names of the server's functions that do it. */
  readonly calls: readonly (readonly string[])[];
}

/**
 * `SET doc = jsonb_set(doc, '{work,place}', ...)`, `doc #- '{work,place}'`, `doc || '{"place": "x"}'` of a document of which parts are labelled: every labelled value stays where
 * it is, under the names that it is labelled by, or goes. Whether it can be done follows from whether there are lists on the way, which nothing labelled decides.
 *
 * Not here: `doc - 'place'`, which takes a string out of a list, and so tells by the list's length whether it is there; `jsonb_insert`, which fails where something is there already.
 * https://www.postgresql.org/docs/current/functions-json.html#FUNCTIONS-JSON-PROCESSING
 * @param target whose rows are changed
 * @param column its name
 * @returns undefined, with nothing written down, for anything else
 */
export function documentChange(
  walk: Walk,
  value: Node,
  target: Item,
  column: string,
  scope: Scope,
): DocumentChange | undefined {
  const { world } = walk.ledger;
  if (!target.table || !takesAny(world, target.table, column)) return undefined;
  const given: Node[] = [];
  const calls: (readonly string[])[] = [];
  const paths: (readonly string[])[] = [];
  let tree: Node | undefined = value;
  while (tree && !('ColumnRef' in tree)) {
    const step = stepOf(walk, tree);
    if (!step) return undefined;
    given.push(...step.given);
    if (step.call) calls.push(step.call);
    if (step.path) paths.push(step.path);
    tree = step.of;
  }
  const owned = tree && ownedBy(referenceParts(only(tree, 'ColumnRef') ?? {}), scope);
  const document = tree && placeOf(world, tree, scope)?.document;
  if (
    !document ||
    owned?.item !== target ||
    owned.base.name !== column ||
    calls.length + paths.length + given.length === 0
  )
    return undefined;
  return paths.every((path) => isReached(document, path)) ? { document, given, calls } : undefined;
}

/** Whether nothing that the table makes of a document decides whether it is taken. What is a use by itself is not asked: checks, keys, generated columns. */
function takesAny({ rules }: World, { oid, kind }: LeanRelation, column: string): boolean {
  // Of tables that hold its rows other columns may be labelled.
  if (kind !== 'table' || rules.storedIn(oid).length > 1) return false;
  return rules.of(oid).every((rule) => {
    // An index takes documents up to a length, and a domain those that it takes.
    if (rule.kind === 'index') return !rule.keys.includes(column) && !rule.covers.includes(column);
    return rule.kind !== 'domain' || !rule.columns.includes(column);
  });
}

interface Step {
  /** What it is done to. */
  readonly of: Node | undefined;
  readonly given: readonly Node[];
  readonly path?: readonly string[];
  readonly call?: readonly string[];
}

function stepOf(walk: Walk, tree: Node): Step | undefined {
  const operation = only(tree, 'A_Expr');
  if (operation) return operationOf(walk, operation);
  const call = only(tree, 'FuncCall');
  return call && setOf(walk, call);
}

function operationOf(walk: Walk, operation: Node): Step | undefined {
  const right = node(operation, 'rexpr') ?? {};
  const of = node(operation, 'lexpr');
  switch (serversOwn(walk.ledger.world, operation)) {
    case '#-': {
      const path = allNamesOfPath(right);
      return path && { of, given: [right], path };
    }
    case '||':
      return isDocument(walk, right) ? { of, given: [right] } : undefined;
    default:
      return undefined;
  }
}

/** Surely jsonb: beside anything else `||` may be that of arrays or texts. */
function isDocument(walk: Walk, tree: Node): boolean {
  if (membersOf(tree)) return true;
  const parts = nameParts(nodes(only(tree, 'FuncCall') ?? {}, 'funcname'));
  if (['jsonb_build_object', 'to_jsonb'].includes(parts.at(-1) ?? '')) return isBuiltIn(walk, parts);
  const type = node(only(tree, 'TypeCast') ?? {}, 'typeName') ?? {};
  const names = nameParts(nodes(type, 'names'));
  return names.at(-1) === 'jsonb' && names.length === 1 && nodes(type, 'arrayBounds').length === 0;
}

/** `jsonb_set(doc, '{work,place}', ..., true)` */
function setOf(walk: Walk, call: Node): Step | undefined {
  const parts = nameParts(nodes(call, 'funcname'));
  const [of, path, value, ...more] = nodes(call, 'args');
  if (parts.at(-1) !== 'jsonb_set' || !isBuiltIn(walk, parts) || flag(call, 'func_variadic')) return undefined;
  const names = path && allNamesOfPath(path);
  return of && value && names ? { of, given: [value, ...more], path: names, call: parts } : undefined;
}

/** What is done reads the document and is written down; what is given is the caller's to read. */
export function noteChange(walk: Walk, { document, calls }: DocumentChange): void {
  walk.ledger.touch(document);
  for (const parts of calls) walk.ledger.call(classifyCall(walk, parts));
}

/** `SET doc['work']['place'] = ...`: whether it can be done follows from what stands on the way. @param indirection of the target */
export function isPutIn(world: World, document: Base, indirection: readonly Node[]): boolean {
  if (document.kind !== 'x' || !document.paths || !takesAny(world, document.relation, document.name)) return false;
  const names = indirection.map((entry) => {
    const subscript = only(entry, 'A_Indices');
    return subscript && !flag(subscript, 'is_slice') ? memberName(node(subscript, 'uidx') ?? {}) : undefined;
  });
  const path = names.filter((name) => name !== undefined);
  return path.length === names.length && isReached(document, path);
}
