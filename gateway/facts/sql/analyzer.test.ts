import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SqlAnalysis, SqlAnalyzer, SqlAnalyzerOptions } from './index.ts';
import { openSqlAnalyzer } from './index.ts';
import { leakCatalog, leakLabels, searchPath } from './fixtures/leak-database.ts';

const read = (name: string): string => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8');

function open(options?: SqlAnalyzerOptions): SqlAnalyzer {
  const analyzer = openSqlAnalyzer(options);
  analyzer.setCatalog('leak', leakCatalog(read('catalog.jsonl')));
  analyzer.setLabels('leak', leakLabels, '1');
  return analyzer;
}

const ask = (analyzer: SqlAnalyzer, text: string | Buffer, major = 18): Promise<SqlAnalysis> =>
  analyzer.analyze({ target: 'leak', text: Buffer.from(text), major, searchPath });

const why = (analysis: SqlAnalysis): string => (analysis.ok ? 'ok' : analysis.why);

test.each([
  ['a text over the limit', 'SELECT 1 -- '.padEnd(2_000, 'x'), 'too-long'],
  ['a byte that is not UTF-8', Buffer.from([0x53, 0x83, 0x5c]), 'encoding'],
  ['an overlong form', Buffer.from([0xc0, 0xa7]), 'encoding'],
  ['a surrogate', Buffer.from([0xed, 0xa0, 0x80]), 'encoding'],
  ['a NUL', 'SELECT 1\0; DROP TABLE x', 'encoding'],
])('%s is refused', async (_, text, expected) => {
  await using analyzer = open({ maxBytes: 1_900 });
  expect(why(await ask(analyzer, text))).toBe(expected);
});

test.each([
  ['parentheses', (n: number) => `SELECT ${'('.repeat(n)}1${')'.repeat(n)}`],
  ['negations', (n: number) => `SELECT ${'NOT '.repeat(n)}true`],
  ['subselects', (n: number) => `${'SELECT ('.repeat(n)}SELECT 1${')'.repeat(n)}`],
  ['calls', (n: number) => `SELECT ${'f('.repeat(n)}1${')'.repeat(n)}`],
])('ten thousand nested %s are too deep, and the parser lives on', async (_, nested) => {
  await using analyzer = open();
  expect(why(await ask(analyzer, nested(10_000)))).toBe('too-deep');
  expect(why(await ask(analyzer, 'SELECT 1'))).toBe('ok');
});

test.each([15, 16, 17, 18])(
  'a blank text is no statement to PostgreSQL %i, and a no-break space is not blank',
  async (major) => {
    await using analyzer = open();
    for (const blank of ['', ' \t\r\n\f', ';', '-- x', '/* */']) {
      expect(await ask(analyzer, blank, major)).toEqual({ ok: true, statements: [] });
    }
    expect(why(await ask(analyzer, '\u00a0', major))).toBe('syntax');
    expect(why(await ask(analyzer, '\ufeff', major))).toBe('syntax');
  },
);

test('a grammar that is not here is no reason to guess', async () => {
  await using analyzer = open();
  expect(why(await ask(analyzer, 'SELECT 1', 19))).toBe('grammar');
  expect(why(await ask(analyzer, 'SELECT 1', 14))).toBe('grammar');
});

test('chains up to the size cap are read, and the parser lives on', async () => {
  await using analyzer = open({ deadlineMs: 20_000 });
  const chain = `SELECT ${'1||'.repeat(60_000)}1`;
  expect(why(await ask(analyzer, chain))).toBe('ok');
  expect(why(await ask(analyzer, 'SELECT 1'))).toBe('ok');
});

test('a statement past the deadline is refused, and those behind it are answered', async () => {
  await using analyzer = open({ deadlineMs: 400 });
  // The lexer is quadratic in nested comments: the server's is too.
  const slow = ask(analyzer, `${'/*'.repeat(60_000)}${'*/'.repeat(60_000)} SELECT 1`);
  const others = await Promise.all(Array.from({ length: 20 }, (_, i) => ask(analyzer, `SELECT ${i}`)));
  expect(why(await slow)).toBe('deadline');
  expect(others.map(why)).toEqual(others.map(() => 'ok'));
});

test('more than may wait are refused', async () => {
  await using analyzer = open({ maxWaiting: 2 });
  const asked = await Promise.all(['SELECT 1', 'SELECT 2', 'SELECT 3'].map((text) => ask(analyzer, text)));
  expect(asked.map(why)).toEqual(['ok', 'ok', 'busy']);
});

test('a known text is answered at once, until catalog or labels of its target change', async () => {
  await using analyzer = open();
  const request = { target: 'leak', text: Buffer.from('SELECT ssn FROM customers'), major: 18, searchPath };
  expect(analyzer.known(request)).toBeUndefined();
  const first = await analyzer.analyze(request);
  expect(analyzer.known(request)).toEqual(first);
  expect(analyzer.known({ ...request, searchPath: ['public'] })).toBeUndefined();
  analyzer.setLabels('leak too', new Map(), '2');
  analyzer.drop('leak too');
  expect(analyzer.known(request)).toEqual(first);
  analyzer.setLabels('leak', new Map(), '2');
  expect(analyzer.known(request)).toBeUndefined();
  const second = await analyzer.analyze(request);
  expect(second.ok && second.statements[0]?.command.labels).toEqual([]);
  expect(second.ok && first.ok && second.statements[0]?.key === first.statements[0]?.key).toBe(false);
});

test('a target without a catalog has no complete facts', async () => {
  await using analyzer = open();
  const answer = await analyzer.analyze({ target: 'other', text: Buffer.from('SELECT 1'), major: 18, searchPath });
  expect(answer.ok && answer.statements[0]?.command.analysis.complete).toBe(false);
});

test('a closed analyzer answers nothing more', async () => {
  const analyzer = open();
  await analyzer[Symbol.asyncDispose]();
  await expect(ask(analyzer, 'SELECT 1')).rejects.toThrow('closed');
});

test('whatever is sent, the answer is a value', async () => {
  await using analyzer = open();
  const statements = read('regress-sample.jsonl')
    .trim()
    .split('\n')
    // The sample's own form: { sql, error, tags }.
    .map((line) => (JSON.parse(line) as { readonly sql: string }).sql);
  // The clock starts when every grammar is there.
  for (const major of [15, 16, 17, 18]) await ask(analyzer, 'SELECT 1', major);
  const known = new Set(['ok', 'syntax', 'too-deep', 'deadline', 'grammar']);
  const mutated = fc
    .tuple(
      fc.constantFrom(...statements),
      fc.constantFrom(...statements),
      fc.array(fc.tuple(fc.nat(60), fc.nat(60)), { maxLength: 4 }),
    )
    .map(([text, other, moves]) => mutate(text, other, moves));
  await fc.assert(
    fc.asyncProperty(mutated, fc.constantFrom(15, 16, 17, 18), async (text, major) => {
      expect(known).toContain(why(await ask(analyzer, text.replaceAll('\0', ' '), major)));
    }),
    {
      numRuns: 1_000_000,
      interruptAfterTimeLimit: Number(process.env['SALLYPORT_FUZZ_MS'] ?? 5_000),
      markInterruptAsFailure: false,
    },
  );
}, 3_600_000);

/** Moves, doubles and mixes words: most mutants still parse. */
function mutate(text: string, other: string, moves: readonly (readonly [number, number])[]): string {
  const words = text.split(/(?<=\s)/);
  const others = other.split(/(?<=\s)/);
  for (const [from, to] of moves) words.splice(to % (words.length + 1), from % 2, others[from % others.length] ?? '');
  return words.join('');
}
