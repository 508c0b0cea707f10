import type { Assignment, Word, WordPart } from 'unbash';
import type { DynamicReason } from '../../contract/command-ssh.ts';

/** Which shell reads the line. `unknown`: some shell of the POSIX family; what bash alone reads so is said to be so. */
export type Shell = 'bash' | 'unknown';

/** A word of a command. */
export interface Argument {
  /** Quotes resolved; null when it cannot be known. */
  readonly value: string | null;
  /** Exactly one word, whatever its value. */
  readonly one: boolean;
  /** Why its value is not known. */
  readonly why: DynamicReason | undefined;
  /** As written. */
  readonly text: string;
  /** The variable, where the word is an assignment whose value is not known. */
  readonly assigns?: string;
}

/** A word that is what it says. */
export function known(value: string, text = value): Argument {
  return { value, one: true, why: undefined, text };
}

export function unknown(why: DynamicReason, text: string, one = false): Argument {
  return { value: null, one, why, text };
}

/**
 * What a word becomes before the command sees it. Static is what consists of literals and quotes alone; each is decoded here a second time,
 * and where the parser's answer differs the word is not known.
 * @param shell where it is not bash, `$'...'` and `$"..."` are read otherwise
 */
export function argumentOf(word: Word, shell: Shell): Argument {
  const parts = word.parts ?? [literalOf(word)];
  const why = expansionIn(parts) ?? parts.map((part) => reasonOf(part, shell)).find((one) => one);
  if (why === undefined) {
    const value = parts.map((part) => decoded(part)).join('');
    return value === word.value ? known(value, word.text) : unknown('unparsed', word.text);
  }
  return unknown(why, word.text, parts.every(isOneWord));
}

/** An argument that looks like an assignment keeps its name where the value is not known. */
export function argumentOfEither(one: Word | Assignment, shell: Shell): Argument {
  if (one.type === 'Word') return argumentOf(one, shell);
  const value =
    one.value.type === 'Word' && one.index === undefined ? argumentOf(one.value, shell) : unknown('variable', one.text);
  const sign = one.append === true ? '+=' : '=';
  if (value.value !== null) return known(`${one.name}${sign}${value.value}`, one.text);
  return { ...unknown(value.why ?? 'variable', one.text, value.one), assigns: one.name };
}

/** A word without quotes and expansions, as the one part that it is. */
export function literalOf({ text, value, pos, end }: Word): WordPart {
  return { type: 'Literal', text, value, pos, end };
}

/** Why a part is not known; undefined when it is. */
function reasonOf(part: WordPart, shell: Shell): DynamicReason | undefined {
  switch (part.type) {
    case 'Literal':
    case 'SingleQuoted':
      return decoded(part) === part.value ? undefined : 'unparsed';
    case 'AnsiCQuoted':
      if (shell !== 'bash') return 'dialect';
      return isPlainAnsiC(part.text) ? undefined : 'unparsed';
    case 'LocaleString':
      if (shell !== 'bash') return 'dialect';
      return part.parts.map((child) => childReason(child)).find((one) => one);
    case 'DoubleQuoted':
      return part.parts.map((child) => childReason(child)).find((one) => one);
    case 'SimpleExpansion':
    case 'ParameterExpansion':
      return 'variable';
    case 'CommandExpansion':
      return 'substitution';
    case 'ArithmeticExpansion':
      return 'arithmetic';
    case 'ProcessSubstitution':
      return 'process';
    case 'Glob':
    case 'ExtendedGlob':
      return 'glob';
    case 'BraceExpansion':
      return 'brace';
    default:
      return part satisfies never;
  }
}

function childReason(child: WordPart): DynamicReason | undefined {
  if (child.type === 'Literal') return unescapedInQuotes(child.text) === child.value ? undefined : 'unparsed';
  return reasonOf(child, 'bash');
}

function decoded(part: WordPart): string {
  switch (part.type) {
    case 'Literal':
      return unescaped(part.text);
    case 'SingleQuoted':
      return part.text.slice(1, -1);
    case 'DoubleQuoted':
      return unescapedInQuotes(part.text.slice(1, -1));
    case 'LocaleString':
      return unescapedInQuotes(part.text.slice(2, -1));
    case 'AnsiCQuoted':
      return part.value;
    default:
      return part.text;
  }
}

/** POSIX 2.2.1: a backslash keeps the next character as it is, and a newline after one is gone. */
function unescaped(text: string): string {
  return text.replaceAll(/\\([\s\S])/g, (_, kept: string) => (kept === '\n' ? '' : kept));
}

/** POSIX 2.2.3: between double quotes a backslash is one only before these. */
function unescapedInQuotes(text: string): string {
  return text.replaceAll(/\\([$`"\\\n])/g, (_, kept: string) => (kept === '\n' ? '' : kept));
}

/**
 * Whether every escape of a `$'...'` gives one ASCII character. Others depend on the locale (`\u`, bytes over 127), end the text early (NUL),
 * or are read otherwise by some versions (`\c`, an escaped newline).
 */
function isPlainAnsiC(text: string): boolean {
  const escapes = text.matchAll(
    /\\(?:x([0-9a-fA-F]{1,2})|([0-7]{1,3})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([\s\S]))/g,
  );
  for (const [, byte, octal, short, long, other] of escapes) {
    if (other !== undefined) {
      if (!/[abeEfnrtv\\'"?]/.test(other)) return false;
      continue;
    }
    const code = octal === undefined ? Number.parseInt(byte ?? short ?? long ?? '0', 16) : Number.parseInt(octal, 8);
    if (code === 0 || code > 127) return false;
  }
  return true;
}

/** Expansions that the shell sees in the unquoted characters of the whole word, whatever the parser made of its parts. */
function expansionIn(parts: readonly WordPart[]): DynamicReason | undefined {
  const bare = parts.map((part) => (part.type === 'Literal' ? part.text.replaceAll(/\\[\s\S]/g, '_') : '_')).join('');
  if (/(?:^|[=:])~/.test(bare)) return 'tilde';
  if (/[*?]/.test(bare) || between(bare, '[', ']') !== undefined) return 'glob';
  const braces = between(bare, '{', '}') ?? '';
  return braces.includes(',') || braces.includes('..') ? 'brace' : undefined;
}

/** From the first opening sign to the last closing one; undefined where they are not in this order. */
function between(text: string, open: string, close: string): string | undefined {
  const from = text.indexOf(open);
  const to = text.lastIndexOf(close);
  return from < 0 || to < from ? undefined : text.slice(from, to);
}

/** Expansions outside of double quotes are split, and `"$@"` is as many words as there are. */
function isOneWord(part: WordPart): boolean {
  switch (part.type) {
    case 'Literal':
    case 'SingleQuoted':
    case 'AnsiCQuoted':
    case 'ProcessSubstitution':
      return true;
    case 'DoubleQuoted':
    case 'LocaleString':
      return !part.text.includes('@');
    default:
      return false;
  }
}
