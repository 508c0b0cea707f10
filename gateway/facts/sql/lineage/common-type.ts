import { nameParts, node, nodes, tagged, type Node } from '../text/node.ts';
import { referenceParts, resolve, type Column, type ColumnType, type Scope, type Walk } from './scope.ts';
import { narrowed, steady, type Narrowed, type ValueKind } from '../catalog/value-kind.ts';
import type { Base } from '../catalog/world.ts';

/** One of several values of which the server makes one type. */
export interface Arm {
  readonly sources: ReadonlySet<Base>;
  readonly type: ColumnType | undefined;
}

/**
 * Labelled columns whose values may fail to become the type that COALESCE, CASE or UNION ALL has: the server chooses one for all arms, and a numeric may be too
 * large for a float, a date too far away for a time stamp. https://www.postgresql.org/docs/current/typeconv-union-case.html
 */
export function unfitting(walk: Walk, arms: readonly Arm[]): readonly Base[] {
  const typed = arms.filter(({ type }) => type !== 'literal');
  const [first] = typed;
  if (!first || typed.length === 1 || (first.type !== undefined && typed.every(({ type }) => type === first.type)))
    return [];
  const { converts } = walk.ledger.world;
  return typed.flatMap(({ sources, type }) =>
    [...sources].filter((base) => base.labels.length > 0 && (converts || (type !== 'text' && !steady.has(base.kind)))),
  );
}

/** Constants take the type of what stands beside them, or one that holds it. */
export function typeOf(tree: Node, scope: Scope): ColumnType | undefined {
  const [tag, body] = tagged(tree);
  switch (tag) {
    case 'A_Const':
      return 'literal';
    case 'ColumnRef': {
      const found = resolve(referenceParts(body), scope);
      return found?.kind === 'column' ? columnType(found.column) : undefined;
    }
    case 'TypeCast':
      return namedType(node(body, 'typeName') ?? {});
    case 'FuncCall': {
      const [first] = nodes(body, 'args');
      const name = nameParts(nodes(body, 'funcname')).join('.');
      if (textFunctions.has(name)) return 'text';
      return first && sameType.has(name) ? typeOf(first, scope) : undefined;
    }
    default:
      return undefined;
  }
}

/** Whatever they are given. */
const textFunctions: ReadonlySet<string> = new Set('concat concat_ws format md5'.split(' '));
/** What they bring is of their first argument's type. That they are the server's own is for who reads the call to say. */
const sameType: ReadonlySet<string> = new Set('lag lead first_value last_value nth_value min max'.split(' '));

/** Undefined where one kind stands for many types; but a column is of its own type. */
export function columnType({ type, form, sources }: Column): ColumnType | undefined {
  if (type !== undefined || form !== 'plain') return type;
  const [base] = sources;
  if (!base) return undefined;
  const { kind, key } = base;
  for (const other of sources) if (other.kind !== kind) return undefined;
  if (kind === 't') return 'text';
  if (isNarrowed(kind)) return kind;
  return sources.size === 1 ? `of ${key}` : undefined;
}

function isNarrowed(kind: ValueKind): kind is Narrowed {
  return narrowed.has(kind);
}

const castTypes: ReadonlyMap<string, ColumnType> = new Map([
  ['text', 'text'],
  ['pg_catalog.varchar', 'text'],
  ['pg_catalog.bpchar', 'text'],
  ['pg_catalog.int8', 'b'],
  ['pg_catalog.numeric', 'n'],
  ['date', 'd'],
  ['pg_catalog.timestamp', 's'],
]);

function namedType(type: Node): ColumnType | undefined {
  if (nodes(type, 'arrayBounds').length > 0) return undefined;
  return castTypes.get(nameParts(nodes(type, 'names')).join('.'));
}
