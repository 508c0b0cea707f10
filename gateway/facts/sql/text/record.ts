import type { Lexer, Token } from './grammar.ts';
import { plainOutline } from './plain-outline.ts';
import type { CommandFacts, StatementFacts } from './statement.ts';

/**
 * The statement without what it says: literals become `'…'` and `0`, comments go. The rest stays byte for byte.
 * Without tokens nothing of the text can be shown.
 */
export function blankLiterals(text: string, lexer: Lexer): string {
  const plain = plainOutline(text);
  if (plain !== undefined) return plain;
  const tokens = lexer.tokens(text);
  return tokens ? blankTokens(text, tokens) : '(not shown: it may hold a secret)';
}

/** The same by the lexer's tokens. */
export function blankTokens(text: string, tokens: readonly Token[]): string {
  const bytes = Buffer.from(text);
  const out: string[] = [];
  let at = 0;
  for (const token of tokens) {
    const blank = blankOf(bytes.toString('utf8', token.start, token.end));
    if (blank === undefined) continue;
    out.push(bytes.toString('utf8', at, token.start), blank);
    at = token.end;
  }
  out.push(bytes.toString('utf8', at));
  return out.join('').trim();
}

/**
 * What replaces facts of such a statement: settings lose their values, which are literals of the text. Names stay, as they do in the text, and so
 * does a constant LIMIT, which counts rows.
 */
export function blankFacts({ set }: CommandFacts): StatementFacts['recordInstead'] {
  if (set.every(({ value }) => value === null)) return {};
  return { set: set.map(({ name, value }) => ({ name, value: value === null ? null : '[masked]' })) };
}

/** By how the token is written: the scanner has no name for half of them. */
function blankOf(token: string): string | undefined {
  if (/^(u&|[a-z])?'|^\$[^0-9]/i.test(token)) return `'…'`;
  if (/^\.?[0-9]/.test(token)) return '0';
  if (token.startsWith('--') || token.startsWith('/*')) return ' ';
  return undefined;
}
