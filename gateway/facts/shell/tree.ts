import { forEachChild, parse, type ParsedScript, type SyntaxNode } from 'unbash';
import { quoted } from './draft.ts';
import { limits, OverLimit } from './limits.ts';
import { unreadIn } from './unread.ts';

/** A line as a tree, or why it is none. */
export type Parsed =
  { readonly ok: true; readonly script: ParsedScript } | { readonly ok: false; readonly why: string };

/** Parses, and looks at every node once: the parser goes on after an error, and nested scripts say theirs only where they are. */
export function parseLine(text: string): Parsed {
  try {
    const script = parse(text);
    const why = firstError(script, 0) ?? notRead(unreadIn(script, text));
    return why === undefined ? { ok: true, script } : { ok: false, why };
  } catch (error) {
    if (error instanceof OverLimit) throw error;
    // The parser throws nothing that we know of; a line on which it does is not understood.
    return { ok: false, why: error instanceof Error ? error.message : String(error) };
  }
}

/** Nodes inside of each other: a word in a command in a list is three. */
const maxNodes = limits.depth * 8;

function firstError(node: SyntaxNode, depth: number): string | undefined {
  if (depth > maxNodes) throw new OverLimit(`nested deeper than ${String(limits.depth)} constructs`);
  if (node.type === 'Script' && 'errors' in node && node.errors?.[0]) return node.errors[0].message;
  if ((node.type === 'CommandExpansion' || node.type === 'ProcessSubstitution') && node.script === undefined) {
    return notRead(node.text);
  }
  let why: string | undefined;
  forEachChild(node, (child) => {
    why ??= firstError(child, depth + 1);
  });
  return why;
}

/** Whether a node of this kind stands anywhere in it, scripts inside of words included. */
export function holdsNode(node: SyntaxNode, type: SyntaxNode['type']): boolean {
  if (node.type === type) return true;
  let holds = false;
  forEachChild(node, (child) => {
    holds ||= holdsNode(child, type);
  });
  return holds;
}

function notRead(part: string | undefined): string | undefined {
  return part === undefined ? undefined : `${quoted(part)} is not read`;
}
