import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { corpusLines } from '../fixtures/leak-database.ts';
import { loadLexer } from './grammar.ts';
import { plainOutline } from './plain-outline.ts';
import { blankTokens } from './record.ts';

const lexer = await loadLexer();
const read = (name: string): string => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'latin1');
const corpus = [...corpusLines(read('leak.sql')), ...corpusLines(read('benign.sql'))].map(({ sql }) => sql);
const regress = read('regress-sample.jsonl')
  .trim()
  .split('\n')
  // PostgreSQL's statements, written by a script.
  .map((line) => (JSON.parse(line) as { readonly sql: string }).sql);

/** Whether the two readers agree. What either refuses is not shown, or asked of the other. */
function agrees(text: string): boolean {
  const plain = plainOutline(text);
  const tokens = lexer.tokens(text);
  return plain === undefined || tokens === undefined || plain === blankTokens(text, tokens);
}

test('whole suites of statements have the outline that the lexer of PostgreSQL gives them', () => {
  const texts = [...corpus, ...regress];
  expect(texts.filter((text) => !agrees(text))).toEqual([]);
  const plain = texts.filter((text) => plainOutline(text) !== undefined);
  expect(plain.length / texts.length).toBeGreaterThan(0.85);
});

test('whatever is put together of what the lexer treats specially has the outline that it gives', () => {
  const piece = fc.constantFrom(
    ..."' '' \" \"\" ' ' e' E' b' x' n' u&' U&\" U& e b x u & -- /* */ * / + - -> $ $1 $12 $a$ $$ \\ \n \r \t . .. 1 0 23 1.5 1e5 .5 0x1F 1_0 é я _ a A '' 'a' 'b' 1a".split(
      ' ',
    ),
    ' ',
    '\n',
    '\v',
    '\f',
    '\u00a0',
    '\u2028',
  );
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 14 }), (pieces) => agrees(pieces.join(''))),
    { numRuns: 3_000 },
  );
});

test.each([
  ["SELECT 'a' /* b */ , 1.5e3 -- c", `SELECT '…'   , 0`],
  [`SELECT "it's 1" , e'x', U&'y', E'''z', $1, a1`, `SELECT "it's 1" , '…', '…', '…', $1, a1`],
])('%s is %s', (text, outline) => {
  expect(plainOutline(text)).toBe(outline);
});

test.each([
  String.raw`SELECT 'a\' || ' secret '`,
  'SELECT $$secret$$',
  'SELECT $a$secret$a$',
  "SELECT 'a'\n'secret'",
  "SELECT 'a' -- ' \n'secret'",
  'SELECT /* /* */ secret */ 1',
  'SELECT /*/*/ secret */ */ 1',
  'SELECT 0x5ec7e7',
  'SELECT 5_000',
  'SELECT 1..5',
  'SELECT a..5',
  String.raw`SELECT a \ 5`,
  "SELECT x'5ec7e7'",
  "SELECT n'secret'",
  "SELECT 'open",
])('%s is left to the lexer', (text) => {
  expect(plainOutline(text)).toBeUndefined();
});
