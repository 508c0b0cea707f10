import type { StatementFacts } from './statement.ts';

/** Longer texts are rarely written by the thousand. */
const maxShapeLength = 4_096;

/**
 * Texts in which PostgreSQL's lexer and this file cannot read two things: ASCII, and no quote, dollar, backslash, comment, sign or custom
 * operator. Digits in them are part of a word or of a number, and nothing else.
 */
const plainText = /^[\w \t\r\n.,()*=<>;]+$/;

/**
 * A number below 2,147,000,000 right behind a comparison, ended by what can only end it: for the server's lexer always an ICONST
 * (scan.l: `integer`; past int4 it would be an FCONST), for its grammar always an A_Const of an expression (gram.y: `AexprConst: Iconst`).
 */
const comparedNumber = /([=<>] *)(?:\d{1,9}|1\d{9}|20\d{8}|21[0-3]\d{7}|214[0-6]\d{6})(?![^ \t\r\n);])/g;

/**
 * What a text has in common with others that differ from it in nothing but the numbers they compare with: the text with a NUL for each.
 * @returns undefined when there is no such number, or when the text is not as plain as it has to be for that
 */
export function shapeOf(text: string): string | undefined {
  if (text.length > maxShapeLength || !plainText.test(text)) return undefined;
  const shape = text.replace(comparedNumber, '$1\0');
  return shape === text ? undefined : shape;
}

/** Where the numbers of a shaped text stand, in bytes, which in such a text are characters. */
export function comparedNumbers(text: string): ReadonlySet<number> {
  const places = new Set<number>();
  for (const match of text.matchAll(comparedNumber)) places.add(match.index + (match[1]?.length ?? 0));
  return places;
}

/** The same shape with other numbers: zeros, which the grammar's trees leave out as defaults. */
export function withZeros(text: string): string {
  return text.replace(comparedNumber, (_, before: string) => `${before}0`);
}

/** One statement whose facts hold whatever its numbers are: see `alike.ts`. */
export interface Model {
  readonly facts: StatementFacts;
  /** Characters of the text it was read from. */
  readonly length: number;
}

/** The facts of another text of the model's shape: nothing is different but the text itself, and where it ends. */
export function factsAlike({ facts, length }: Model, text: string): StatementFacts {
  const { start } = facts.location;
  const location = { start, length: facts.location.length + text.length - length };
  const recordText = text.slice(start, start + location.length);
  // No other key has a line break in it, and this one has all of the text.
  return { ...facts, location, recordText, key: `${facts.key}\n${recordText}` };
}
