import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { holdsForAnyNumber } from './alike.ts';
import { analyzeText, type Reading } from './analyze.ts';
import { leanCatalog } from './catalog/catalog.ts';
import { leakCatalog, leakLabels, searchPath } from './fixtures/leak-database.ts';
import { loadGrammar, loadLexer, newestMajor, type Grammar, type Parsed } from './text/grammar.ts';
import { noColumns, World } from './catalog/world.ts';

const catalog = leakCatalog(readFileSync(new URL('fixtures/catalog.jsonl', import.meta.url), 'utf8'));
const text = 'SELECT id FROM customers WHERE id = 2';
const at = text.indexOf('2');

let reading: Reading;
beforeAll(async () => {
  const grammar = await loadGrammar(newestMajor);
  if (!grammar) throw new Error('there is a grammar of the newest major');
  const views = () => ({ ...noColumns, reasons: [] });
  const world = new World(leanCatalog(catalog), leakLabels, views, () => undefined);
  reading = { grammar, lexer: await loadLexer(), world, searchPath, version: '1' };
});

/** Says of `text` what the grammar says of another, whose last number is moved to where that of `text` is. */
function pretending(other: (asked: string) => string): Grammar {
  return {
    parse: (asked): Parsed => {
      const sql = other(asked);
      const moved = JSON.stringify(reading.grammar.parse(sql)).replaceAll(
        new RegExp(`("A_Const":.{0,40}"location":)${sql.length - 1}`, 'g'),
        `$1${at}`,
      );
      return JSON.parse(moved) as Parsed; // a copy of one
    },
  };
}

const holds = (grammar: Grammar): boolean => {
  const read = { ...reading, grammar };
  return holdsForAnyNumber(text, analyzeText(text, read), read);
};

describe('the facts of a text hold for other numbers', () => {
  test('where nobody looked at the number', () => {
    expect(holds(reading.grammar)).toBe(true);
    expect(holds(pretending(() => 'SELECT id FROM customers WHERE id < 2'))).toBe(true);
  });

  test('and not where somebody did: a position in ORDER BY names a column', () => {
    expect(holds(pretending(() => 'SELECT id, plan FROM customers ORDER BY 2'))).toBe(false);
  });

  test('and not where the number is no constant of the tree', () => {
    expect(holds(pretending(() => 'SELECT id FROM customers WHERE id IN (2, 3)'))).toBe(false);
  });

  test('and not where another number means something else', () => {
    const other = (asked: string): string =>
      asked.endsWith('0') ? 'SELECT id FROM teams WHERE id = 0' : 'SELECT id FROM customers WHERE id < 2';
    expect(holds(pretending(other))).toBe(false);
  });
});
