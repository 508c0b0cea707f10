import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SqlAnalyzer, StatementFacts } from './index.ts';
import { openSqlAnalyzer } from './index.ts';
import { corpusLines, leakCatalog, leakLabels, searchPath } from './fixtures/leak-database.ts';

const read = (name: string): Buffer => readFileSync(new URL(`fixtures/${name}`, import.meta.url));

let analyzer: SqlAnalyzer;
beforeAll(() => {
  analyzer = openSqlAnalyzer();
  analyzer.setCatalog('leak', leakCatalog(read('catalog.jsonl').toString()));
  analyzer.setLabels('leak', leakLabels, '1');
});
afterAll(() => analyzer[Symbol.asyncDispose]());

async function facts(sql: string, major = 15): Promise<readonly StatementFacts[]> {
  const answer = await analyzer.analyze({ target: 'leak', text: Buffer.from(sql), major, searchPath });
  if (!answer.ok) throw new Error(`${answer.why}: ${answer.message}: ${sql}`);
  return answer.statements;
}

/** What the default pack acts on for a principal under masks; placeholders for what the session knows do not count. */
function caught({ command, handle, touchesLabels }: StatementFacts): boolean {
  if (handle.op === 'fetch' || handle.op === 'execute') return false;
  return (
    ['opaque', 'program', 'grant', 'ddl', 'set'].includes(command.action) ||
    !command.analysis.complete ||
    command.filters.length > 0 ||
    command.measures.length > 0 ||
    command.output.some((column) => column.labels.length > 0 && ['plain', 'derived'].includes(column.transform)) ||
    // Their errors print rows: the session redacts them.
    (touchesLabels && ['insert', 'update', 'delete', 'merge'].includes(command.action))
  );
}

/** Lines that bring nothing out: controls. */
const harmless = new Set(['L111', 'L231', 'L267']);

describe.each([15, 18])('read by the grammar of PostgreSQL %i', (major) => {
  test.each(corpusLines(read('leak.sql').toString('latin1')).filter((line) => !harmless.has(line.id)))(
    'the channel $id ($what) is seen',
    async ({ sql, session }) => {
      const before = session === '' ? [] : await facts(session, major);
      const statements = [...before, ...(await facts(sql, major))];
      expect(statements.filter(caught)).not.toEqual([]);
    },
  );

  test.each(corpusLines(read('benign.sql').toString()))('$id runs: $sql', async ({ id, sql }) => {
    for (const { command } of await facts(sql, major)) {
      // What a cursor brings is judged where it is declared.
      const reasons = command.analysis.reasons.filter((reason) => !reason.includes('known to the session'));
      expect(reasons).toEqual([]);
      expect(command.filters).toEqual([]);
      expect(command.measures).toEqual([]);
      const labelled = command.output.filter((column) => column.labels.length > 0);
      expect(labelled.map((column) => [column.name, column.transform])).toEqual(
        id === 'B31' ? [['email', 'plain']] : [],
      );
    }
  });
});

test.each(
  read('tools.jsonl')
    .toString()
    .trim()
    .split('\n')
    // One statement a line, as a JSON string.
    .map((line) => JSON.parse(line) as string),
)('what psql and drivers ask is seen through: %s', async (sql) => {
  for (const { command } of await facts(sql)) {
    expect(command.analysis.reasons).toEqual([]);
    expect(command.filters).toEqual([]);
  }
});
