import { readFileSync } from 'node:fs';
import { parse as secondOpinion, type Statement } from 'pgsql-ast-parser';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StatementFacts, SqlAnalysis, SqlAnalyzer } from './index.ts';
import { openSqlAnalyzer } from './index.ts';
import { leakCatalog, leakLabels, searchPath } from './fixtures/leak-database.ts';

const read = (name: string): string => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8');

interface Line {
  readonly sql: string;
  readonly error: { readonly code: string; readonly routine?: string } | null;
}
const lines: readonly Line[] = read('regress-sample.jsonl')
  .trim()
  .split('\n')
  // PostgreSQL's verdicts, written by a script.
  .map((line) => JSON.parse(line) as Line);

let analyzer: SqlAnalyzer;
let answers: readonly SqlAnalysis[];
beforeAll(async () => {
  analyzer = openSqlAnalyzer();
  analyzer.setCatalog('leak', leakCatalog(read('catalog.jsonl')));
  analyzer.setLabels('leak', leakLabels, '1');
  answers = await Promise.all(
    lines.map(({ sql }) => analyzer.analyze({ target: 'leak', text: Buffer.from(sql), major: 18, searchPath })),
  );
});
afterAll(() => analyzer[Symbol.asyncDispose]());

test('every statement of the sample is classified, or refused as the server refuses it', () => {
  const wrong = lines.filter((line, i) => {
    const answer = answers[i];
    if (!answer) return true;
    if (answer.ok) return answer.statements.length === 0 && line.sql.trim() !== ';';
    return answer.why !== 'syntax' || answer.sqlstate !== line.error?.code;
  });
  expect(wrong.map((line) => line.sql)).toEqual([]);
});

test('no statement of the sample is of a kind that the table does not list', () => {
  const unlisted = statements().flatMap(({ command }) =>
    command.analysis.reasons.filter((reason) =>
      /^statement .* is not known$|in FROM cannot|where a query stands/.test(reason),
    ),
  );
  expect(unlisted).toEqual([]);
});

test('the parser is as good after the sample as before it', async () => {
  const answer = await analyzer.analyze({
    target: 'leak',
    text: Buffer.from('SELECT ssn FROM customers'),
    major: 18,
    searchPath,
  });
  expect(answer.ok && answer.statements[0]?.command.labels).toEqual(['pii.ssn']);
});

/** Statements on which pgsql-ast-parser is known to be wrong, by what they hold. */
const knownWrong: readonly (readonly [pattern: RegExp, why: string])[] = [
  [/\bonly\s*\(/i, 'reads ONLY as the name of the table'],
  [/U&"/i, 'does not decode Unicode escapes in names'],
];

test('where pgsql-ast-parser reads a statement too, it agrees on kind and relations', () => {
  const differences: string[] = [];
  let compared = 0;
  lines.forEach(({ sql }, i) => {
    const answer = answers[i];
    if (!answer?.ok || sql.length > 400 || knownWrong.some(([pattern]) => pattern.test(sql))) return;
    const theirs = tried(sql);
    if (!theirs || theirs.length !== answer.statements.length) return;
    theirs.forEach((statement, n) => {
      const ours = answer.statements[n];
      const kind = kinds[statement.type === 'with' ? statement.in.type : statement.type];
      if (!ours || kind === undefined) return;
      compared += 1;
      if (ours.command.kind !== kind) differences.push(`${sql}: ${ours.command.kind}, not ${kind}`);
      const names = new Set(ours.command.relations.map((relation) => relation.name));
      for (const name of tablesOf(statement)) if (!names.has(name)) differences.push(`${sql}: misses ${name}`);
    });
  });
  expect(differences).toEqual([]);
  expect(compared).toBeGreaterThan(900);
});

const kinds: { readonly [type in Statement['type']]?: string } = {
  select: 'select',
  union: 'select',
  'union all': 'select',
  values: 'select',
  insert: 'insert',
  update: 'update',
  delete: 'delete',
  'create table': 'create',
  'create index': 'index',
  'truncate table': 'truncate',
  'drop table': 'drop',
  'drop index': 'drop',
};

function statements(): readonly StatementFacts[] {
  return answers.flatMap((answer) => (answer.ok ? answer.statements : []));
}

function tried(sql: string): readonly Statement[] | undefined {
  try {
    return secondOpinion(sql);
  } catch {
    return undefined;
  }
}

/** Names of tables in FROM, wherever they stand, but for those that WITH makes. */
function tablesOf(statement: Statement): readonly string[] {
  const tables = new Set<string>();
  const made = new Set<string>();
  const visit = (tree: unknown): void => {
    if (Array.isArray(tree)) tree.forEach(visit);
    if (typeof tree !== 'object' || tree === null) return;
    if ('type' in tree && tree.type === 'table' && 'name' in tree && isNamed(tree.name)) tables.add(tree.name.name);
    if ('alias' in tree && 'statement' in tree && isNamed(tree.alias)) made.add(tree.alias.name);
    if ('type' in tree && tree.type === 'with recursive' && 'alias' in tree && isNamed(tree.alias))
      made.add(tree.alias.name);
    Object.values(tree).forEach(visit);
  };
  visit(statement);
  return [...tables].filter((name) => !made.has(name));
}

function isNamed(tree: unknown): tree is { readonly name: string } {
  return typeof tree === 'object' && tree !== null && 'name' in tree && typeof tree.name === 'string';
}
