import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { leanCatalog, type CatalogRelation, type LeanCatalog } from './catalog.ts';
import { leakCatalog } from '../fixtures/leak-database.ts';
import { spreadLabels } from './labels.ts';
import { knownStatements } from '../statements/statements.ts';

const table = (
  oid: number,
  name: string,
  columns: readonly string[],
  inherits: readonly number[] = [],
): CatalogRelation => ({
  oid,
  schema: 'public',
  name,
  kind: 'table',
  columns: columns.map((column, i) => ({ name: column, attnum: i + 1, typeOid: 25, typeName: 'text' })),
  inherits,
  hasRules: false,
  hasTriggers: false,
});
const lean = (...relations: readonly CatalogRelation[]): LeanCatalog =>
  leanCatalog({ version: 1, relations, functions: [], operators: [], enums: [] });

test('a label flows to partitions of partitions, and from a partition to its parents', () => {
  const catalog = lean(
    table(1, 'top', ['a', 'b']),
    table(2, 'middle', ['a', 'b'], [1]),
    table(3, 'leaf', ['b', 'a', 'c'], [2]),
    table(4, 'other', ['a']),
  );
  const spread = spreadLabels(
    catalog,
    new Map([
      ['public.top.a', ['x']],
      ['public.leaf.b', ['y']],
      ['public.leaf.c', ['z']],
    ]),
  );
  const both = new Map([
    ['a', ['x']],
    ['b', ['y']],
  ]);
  expect(spread.get(1)).toEqual(both);
  expect(spread.get(2)).toEqual(both);
  expect(spread.get(3)).toEqual(new Map([...both, ['c', ['z']]]));
  expect(spread.get(4)).toBeUndefined();
});

test('labels of one column add up', () => {
  const catalog = lean(table(1, 'top', ['a']), table(2, 'leaf', ['a'], [1]));
  const spread = spreadLabels(
    catalog,
    new Map([
      ['public.top.a', ['x']],
      ['public.leaf.a', ['w']],
    ]),
  );
  expect(spread.get(1)?.get('a')).toEqual(['w', 'x']);
});

test('a catalog is read from the rows of a real server', () => {
  const catalog = leakCatalog(readFileSync(new URL('../fixtures/catalog.jsonl', import.meta.url), 'utf8'));
  const named = (name: string): CatalogRelation | undefined =>
    catalog.relations.find((relation) => relation.name === name);
  const customers = named('customers');
  expect(customers).toMatchObject({ schema: 'public', kind: 'table', hasTriggers: true, hasRules: false });
  expect(customers?.columns[3]).toEqual({ name: 'ssn', attnum: 4, typeOid: 25, typeName: 'text' });
  expect(named('vip_customers')?.inherits).toEqual([customers?.oid]);
  expect(named('v_contact')).toMatchObject({ kind: 'view', hasRules: false });
  expect(named('v_contact')?.definition).toContain('public.customers');
  expect(named('pg_class')).toMatchObject({ kind: 'catalog' });
  expect(catalog.functions).toContainEqual({
    schema: 'public',
    name: 'get_ssn',
    language: 'sql',
    volatility: 'volatile',
    kind: 'function',
    extension: null,
    body: {
      sql: 'SELECT ssn FROM customers WHERE id = $1',
      atomic: false,
      parameters: [],
      defaults: null,
      returns: 'text',
      rowTypes: [],
    },
  });
  expect(catalog.functions.find(({ name }) => name === 'run_sql')).not.toHaveProperty('body');
});

test('every statement of the grammar is classified', () => {
  const declared = readFileSync(new URL('../../../../node_modules/@pgsql/types/types.d.ts', import.meta.url), 'utf8');
  const names = [...declared.matchAll(/^export interface (\w+Stmt) /gm)].map(([, name]) => name ?? '');
  // Wrappers of the parser and of PL/pgSQL, and what only the planner makes.
  const internal = ['RawStmt', 'PLAssignStmt', 'ReturnStmt', 'SetOperationStmt', 'ReplicaIdentityStmt'];
  expect(names.filter((name) => !internal.includes(name) && !knownStatements.has(name))).toEqual([]);
});
