import { readFileSync } from 'node:fs';
import { openSqlAnalyzer, leanCatalog } from '../../gateway/facts/sql/index.ts';
import { analyzeText, type Reading } from '../../gateway/facts/sql/analyze.ts';
import { leakCatalog, leakLabels, searchPath } from '../../gateway/facts/sql/fixtures/leak-database.ts';
import { loadGrammar, loadLexer, newestMajor } from '../../gateway/facts/sql/text/grammar.ts';
import { viewReader } from '../../gateway/facts/sql/statements/walk.ts';
import { World } from '../../gateway/facts/sql/catalog/world.ts';
import { callsIn, processorTime } from './processor-time.ts';
import type { Row, Section } from './result.ts';
import type { Effort } from './rounds.ts';
import { differences, ratios, spreadOf } from './statistics.ts';

const joined = `SELECT c.id, c.name, c.ssn, p.amount FROM customers c JOIN payments p ON p.customer_id = c.id WHERE p.amount > 100 AND c.name = 'x'`;
const times = (count: number, each: (i: number) => string, between: string): string =>
  Array.from({ length: count }, (_, i) => each(i)).join(between);

/** Texts of some 10 KB, each of another make: many tokens, few tokens, many queries. */
const long = [
  ['rows to insert', `INSERT INTO scratch(a, b) VALUES ${times(500, (i) => `(${String(10_000 + i)}, 'v-${String(i)}')`, ', ')}`],
  ['values in a list', `SELECT id, name FROM customers WHERE id IN (${times(2_000, (i) => String(1_000 + i), ',')})`],
  ['queries in a UNION', times(70, () => joined, ' UNION ALL ')],
] as const; // prettier-ignore

const batches = 20;

/** What statements mean, worked out in this process: no thread, no policy, no wire. */
export async function measureAnalysis({ batchMs }: Effort, signal: AbortSignal): Promise<Section> {
  const catalog = leakCatalog(
    readFileSync(new URL('../../gateway/facts/sql/fixtures/catalog.jsonl', import.meta.url), 'utf8'),
  );
  const grammar = await loadGrammar(newestMajor);
  if (!grammar) throw new Error('the newest grammar is missing');
  const parse = (text: string) => {
    const parsed = grammar.parse(text);
    return parsed.ok ? parsed.statements.map(({ tree }) => tree) : undefined;
  };
  const world = new World(leanCatalog(catalog), leakLabels, viewReader(parse), parse);
  const reading: Reading = { grammar, lexer: await loadLexer(), world, searchPath, version: 'bench' };

  const measured = ([name, text]: readonly [string, string], target: number): readonly [Row, Row] => {
    signal.throwIfAborted();
    assertUnderstood(text, reading);
    const calls = callsIn(batchMs, () => analyzeText(text, reading));
    const parsing: number[] = [];
    const all: number[] = [];
    for (let batch = 0; batch < batches; batch++) {
      parsing.push(processorTime(() => parse(text), calls));
      all.push(processorTime(() => analyzeText(text, reading), calls));
    }
    return [
      {
        measure: `a new statement, beside parsing: ${name}`,
        unit: 'µs',
        spread: spreadOf(differences(all, parsing)),
        target: { kind: 'below', value: target },
      },
      { measure: `all of it, against parsing: ${name}`, unit: '×', spread: spreadOf(ratios(all, parsing)) },
    ];
  };
  const rows = [
    measured([`${String(joined.length)} bytes`, joined], 150),
    ...long.map(([name, text]) => measured([`${(text.length / 1000).toFixed(1)} KB, ${name}`, text], 2_000)),
  ];
  return {
    title: 'What a statement means',
    method: `Facts of a statement from its text, by PostgreSQL's grammar and a catalog with labels; ${String(batches)} batches, the processor time of one statement in each, less that of its parsing in the same batch.`,
    rows: rows.map(([beside]) => beside),
    figures: [...rows.map(([, ratio]) => ratio), await known()],
    skipped: [],
  };

  async function known(): Promise<Row> {
    await using analyzer = openSqlAnalyzer();
    analyzer.setCatalog('leak', catalog);
    analyzer.setLabels('leak', leakLabels, '1');
    const request = { target: 'leak', text: Buffer.from(joined), major: newestMajor, searchPath };
    await analyzer.analyze(request);
    if (!analyzer.known(request)) throw new Error('a statement is not known that was just analysed');
    const again = () => analyzer.known(request);
    const calls = callsIn(batchMs, again);
    const spent = Array.from({ length: batches }, () => processorTime(again, calls));
    return { measure: 'a known statement', unit: 'µs', spread: spreadOf(spent) };
  }
}

/** What is refused at once is refused fast. */
function assertUnderstood(text: string, reading: Reading): void {
  const answer = analyzeText(text, reading);
  if (!answer.ok || answer.statements.some(({ command }) => !command.analysis.complete))
    throw new Error(`not understood: ${text.slice(0, 80)}`);
}
