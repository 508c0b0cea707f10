import type { Json } from '../../../contract/principal.ts';
import { classifyCall, isBuiltIn } from './expression.ts';
import { anywhere, isNode, nameParts, nodes, type Node } from '../text/node.ts';
import type { Walk } from './scope.ts';

const repeatable: ReadonlySet<string> = new Set(['pure', 'aggregate']);
/** Random, and by nothing that a session could have set. */
const random: ReadonlySet<string> = new Set(['gen_random_uuid', 'uuidv4', 'uuid_generate_v4']);

/** Of words that they leave out they say so, in a notice for each row: https://www.postgresql.org/docs/current/textsearch-limitations.html */
const saying = /^(?:jsonb?_)?to_tsvector$|to_tsquery$/;

/** Whether something in it brings another value each time, or leaves something behind, or says something: then which row came first shows, whatever is made of the rows. */
export function countsTurns(walk: Walk, tree: Json | undefined): boolean {
  return anywhere(tree, (tag, body) => {
    const parts = isNode(body) ? calledBy(walk, tag, body) : undefined;
    if (!parts) return false;
    if (saying.test(parts.at(-1) ?? '') && anywhere(body, (inner) => inner === 'ColumnRef')) return true;
    const { categories } = classifyCall(walk, parts);
    return !random.has(parts.at(-1) ?? '') && !categories.every((each) => repeatable.has(each));
  });
}

/** `c.f` may be a call of `f`: field-calls.ts. */
function calledBy(walk: Walk, tag: string, body: Node): readonly string[] | undefined {
  if (tag === 'FuncCall') return nameParts(nodes(body, 'funcname'));
  const field = tag === 'ColumnRef' ? nameParts(nodes(body, 'fields')).slice(1).slice(-1) : [];
  return field.length > 0 && !isBuiltIn(walk, field) ? field : undefined;
}
