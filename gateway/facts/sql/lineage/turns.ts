import type { Json } from '../../../contract/principal.ts';
import { classifyCall } from './expression.ts';
import { anywhere, isNode, nameParts, nodes } from '../text/node.ts';
import type { Walk } from './scope.ts';

const repeatable: ReadonlySet<string> = new Set(['pure', 'aggregate']);
/** Random, and by nothing that a session could have set. */
const random: ReadonlySet<string> = new Set(['gen_random_uuid', 'uuidv4', 'uuid_generate_v4']);

/** Whether something in it brings another value each time, or leaves something behind: then which row came first shows, whatever is made of the rows. */
export function countsTurns(walk: Walk, tree: Json | undefined): boolean {
  return anywhere(tree, (tag, body) => {
    if (tag !== 'FuncCall' || !isNode(body)) return false;
    const parts = nameParts(nodes(body, 'funcname'));
    const { categories } = classifyCall(walk, parts);
    return !random.has(parts.at(-1) ?? '') && !categories.every((each) => repeatable.has(each));
  });
}
