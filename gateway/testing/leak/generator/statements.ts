import { condition, expression } from './expressions.ts';
import { lookingUp, readQuery } from './queries.ts';
import { tables } from './schema.ts';
import { guarded, type Sight } from './scope.ts';
import type { Tape } from './tape.ts';

/** A whole message: a query, or what writes inside a transaction that is rolled back. */
export function statement(tape: Tape): string {
  const sight: Sight = { ...nothing, tape, query: readQuery, names: { next: 0 } };
  const query = (): string => readQuery(sight).text;
  return tape.weighted<() => string>([
    [70, query],
    // Estimates follow the size of the tables on disk, which is no secret here.
    [3, () => `EXPLAIN (COSTS OFF, VERBOSE) ${query()}`],
    [3, () => `COPY (${query()}) TO STDOUT`],
    [6, () => rolledBack(update(sight))],
    [3, () => rolledBack(insert(sight))],
    [3, () => rolledBack(remove(sight))],
    [3, () => rolledBack(`DECLARE c CURSOR FOR ${query()}; FETCH 2 FROM c; FETCH ALL FROM c`)],
    [2, () => `PREPARE p AS ${query()}; EXECUTE p; DEALLOCATE p`],
    [2, () => rolledBack(`CREATE TEMP TABLE tt AS ${query()}; SELECT * FROM tt`)],
    [1, () => rolledBack(`CREATE TEMP VIEW tv AS ${query()}; SELECT * FROM tv`)],
    [1, () => rolledBack(merge(sight))],
    [8, () => lookingUp(sight).text],
  ])();
}

const nothing = { columns: [], rows: [], named: [], depth: 2, labelledOdds: 30 };

function rolledBack(statements: string): string {
  return `BEGIN; ${statements}; ROLLBACK`;
}

interface Target {
  readonly name: string;
  readonly sight: Sight;
  /** A column that may be written without telling anything. */
  readonly plain: string;
}

function target(sight: Sight): Target {
  const writable = tables.filter((table) => table.writable);
  const table = sight.tape.of([writable[0] ?? tables[0], ...writable]);
  const columns = table.columns.map(({ name, type, labelled }) => ({ text: `t.${name}`, type, labelled }));
  const plain = table.columns.find(({ type, labelled }) => type === 'text' && !labelled)?.name ?? 'amount';
  return { name: table.name, plain, sight: { ...sight, columns, rows: ['t'] } };
}

function returning(own: Sight): string {
  const { tape } = own;
  if (!tape.odds(60)) return '';
  const value = (): string => expression(own, tape.of(['int', 'text', 'text', 'numeric']), 1);
  const list = tape.of<() => string>([
    value,
    () => `${value()}, ${value()}`,
    () => 't.*',
    () => 'old.*',
    () => `new.id, ${value()}`,
  ]);
  return ` RETURNING ${list()}`;
}

function update(sight: Sight): string {
  const { name, plain, sight: own } = target(sight);
  const value = expression({ ...own, labelledOdds: 8 }, plain === 'amount' ? 'numeric' : 'text', 1);
  const where = own.tape.odds(80) ? ` WHERE ${condition(guarded(own), 1)}` : '';
  return `UPDATE ${name} AS t SET ${plain} = ${value}${where}${returning(own)}`;
}

function remove(sight: Sight): string {
  const { name, sight: own } = target(sight);
  return `DELETE FROM ${name} AS t WHERE ${condition(guarded(own), 1)}${returning(own)}`;
}

function insert(sight: Sight): string {
  const { tape } = sight;
  const conflict = tape.odds(20) ? ' ON CONFLICT DO NOTHING' : '';
  const query = readQuery({ ...sight, labelledOdds: 10 }, ['text', 'text']).text;
  const own: Sight = {
    ...sight,
    columns: [
      { text: 't.a', type: 'text', labelled: false },
      { text: 't.id', type: 'int', labelled: false },
    ],
  };
  return tape.of([
    () => `INSERT INTO scratch AS t (a, b) ${query}${conflict}${returning(own)}`,
    () =>
      `INSERT INTO customers AS t (id, name) VALUES (${expression(sight, 'int', 1)}, 'x') ON CONFLICT (id) DO UPDATE SET name = excluded.name${returning(target(sight).sight)}`,
    () => `INSERT INTO customers AS t SELECT * FROM customers WHERE id = ${expression(sight, 'int', 0)}`,
  ])();
}

function merge(sight: Sight): string {
  const query = readQuery({ ...sight, labelledOdds: 5 }, ['int', 'text']).text;
  return `MERGE INTO scratch AS t USING (${query}) AS s(k, v) ON t.id = s.k WHEN MATCHED THEN UPDATE SET a = s.v WHEN NOT MATCHED THEN INSERT (a) VALUES (s.v)`;
}
