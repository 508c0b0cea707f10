import type { Json } from '../../../contract/principal.ts';

/**
 * A parse tree as the grammar writes it: JSON, with defaults (0, false, the first of an enum) left out. The trees of different majors differ
 * a little, so every access says what it expects and gets nothing where there is something else.
 * A field holds either a bare body (`relation: {relname}`) or a tagged one (`{RangeVar: {relname}}`).
 */
export type Node = { readonly [field: string]: Json };

export function isNode(tree: Json | undefined): tree is Node {
  return typeof tree === 'object' && tree !== null && !isList(tree);
}

/** `Array.isArray` would forget what the items are. */
export function isList(tree: Json | undefined): tree is readonly Json[] {
  return Array.isArray(tree);
}

export function node(parent: Node, field: string): Node | undefined {
  const value = parent[field];
  return isNode(value) ? value : undefined;
}

export function nodes(parent: Node, field: string): readonly Node[] {
  const value = parent[field];
  if (!isList(value)) return none;
  return value.every(isNode) ? value : value.filter(isNode);
}

const none: readonly Node[] = [];

export function text(parent: Node, field: string): string {
  const value = parent[field];
  return typeof value === 'string' ? value : '';
}

export function flag(parent: Node, field: string): boolean {
  return parent[field] === true;
}

export function integer(parent: Node, field: string): number {
  const value = parent[field];
  return typeof value === 'number' ? value : 0;
}

/** The tag and body of `{Tag: {...}}`; an empty tag for anything else. */
export function tagged(tree: Node): readonly [tag: string, body: Node] {
  for (const tag in tree) {
    const body = tree[tag];
    return isNode(body) ? [tag, body] : ['', {}];
  }
  return ['', {}];
}

/** The body of `tree[field]` when it is tagged `tag`. */
export function only(tree: Node | undefined, tag: string): Node | undefined {
  return tree ? node(tree, tag) : undefined;
}

/** Strings of a name list: `[{String: {sval}}]`. `*` stands for a star. */
export function nameParts(list: readonly Node[]): readonly string[] {
  return list.map((part) => {
    if ('A_Star' in part) return '*';
    return text(node(part, 'String') ?? {}, 'sval');
  });
}

/** The constant behind an `A_Const`, signs and casts of a literal included; undefined when it is no constant. */
export function constant(tree: Node | undefined): string | null | undefined {
  if (!tree) return undefined;
  const [tag, body] = tagged(tree);
  switch (tag) {
    case 'A_Const':
      return constantValue(body);
    case 'TypeCast':
      return constant(node(body, 'arg'));
    case 'String':
      return text(body, 'sval');
    case 'Integer':
      return String(integer(body, 'ival'));
    case 'Float':
      return text(body, 'fval');
    case 'Boolean':
      return String(flag(body, 'boolval'));
    default:
      return undefined;
  }
}

/** A text in quotes, without a type of its own; undefined for anything else. */
export function literal(tree: Node | undefined): string | undefined {
  const value = only(only(tree, 'A_Const'), 'sval');
  return value && text(value, 'sval');
}

function constantValue(body: Node): string | null | undefined {
  if (flag(body, 'isnull')) return null;
  const sval = node(body, 'sval');
  if (sval) return text(sval, 'sval');
  const ival = node(body, 'ival');
  if (ival) return String(integer(ival, 'ival'));
  const fval = node(body, 'fval');
  if (fval) return text(fval, 'fval');
  const boolval = node(body, 'boolval');
  if (boolval) return String(flag(boolval, 'boolval'));
  const bsval = node(body, 'bsval');
  if (bsval) return text(bsval, 'bsval');
  return undefined;
}

/** Whether `found` holds for some tagged node at any depth. What constants and places say is not looked at: alike.ts. */
export function anywhere(tree: Json | undefined, found: (tag: string, body: Json) => boolean): boolean {
  if (isList(tree)) {
    for (const item of tree) if (anywhere(item, found)) return true;
    return false;
  }
  if (!isNode(tree)) return false;
  for (const tag in tree) {
    if (tag === 'location') continue;
    const body = tree[tag];
    if (body === undefined) continue;
    if (found(tag, body) || (tag !== 'A_Const' && anywhere(body, found))) return true;
  }
  return false;
}

/** The same text for trees that differ in nothing but where they stand. */
export function shape(tree: Json | undefined): string {
  return JSON.stringify(tree, (field, value: Json) => (field === 'location' ? undefined : value)) ?? '';
}

/** UNION, INTERSECT or EXCEPT. @param select the body of a SelectStmt */
export function isSetOperation(select: Node): boolean {
  return text(select, 'op') !== '' && text(select, 'op') !== 'SETOP_NONE';
}
