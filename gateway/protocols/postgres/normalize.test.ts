import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSqlAnalyzer, type SqlAnalyzer, type StatementFacts } from '../../facts/sql/index.ts';
import { commandOf, unitOfPortal, unitOfPrepared, unitsOfQuery } from './normalize.ts';
import { Names, type Portal, type Prepared, type Reading } from './names.ts';

let analyzer: SqlAnalyzer;
beforeAll(() => {
  analyzer = openSqlAnalyzer();
});
afterAll(() => analyzer[Symbol.asyncDispose]());

const searchPath: readonly string[] = ['pg_catalog', 'public'];

async function facts(sql: string): Promise<readonly StatementFacts[]> {
  const analysis = await analyzer.analyze({ target: 't', text: Buffer.from(sql), major: 18, searchPath });
  if (!analysis.ok) throw new Error(analysis.message);
  return analysis.statements;
}

async function prepared(text: string, over: Partial<Reading> = {}): Promise<Prepared> {
  const [one] = await facts(text);
  const unit = one && unitOfPrepared(one, text);
  return {
    name: 's',
    text,
    reading: { facts: one, unit, epoch: 1, searchPath, ...over },
    paramTypes: [],
    fields: undefined,
  };
}

function portalOf(of: Prepared, params: readonly (string | null)[] = []): Portal {
  return { name: 'p', prepared: of, reading: of.reading, params, resultFormats: [], holdable: false };
}

function names(statement?: Prepared, portal?: Portal) {
  const view = { statements: new Names<Prepared>(), portals: new Names<Portal>(), epoch: 1, searchPath };
  if (statement) view.statements.setKnown('s', statement);
  if (portal) view.portals.setKnown('c', portal);
  return view;
}

async function units(sql: string, view = names()) {
  return unitsOfQuery(Buffer.from(sql), await facts(sql), view);
}

describe('what stands behind a name', () => {
  test('EXECUTE is judged as the statement that was prepared, with its arguments as parameters', async () => {
    const [unit] = await units("EXECUTE s(7, 'x', NULL)", names(await prepared('DELETE FROM t WHERE a = $1')));
    expect(unit?.facts).toMatchObject({ action: 'delete', kind: 'execute' });
    expect(unit?.params).toEqual(['7', 'x', null]);
    expect(unit?.changes).toBe(true);
  });

  test('PREPARE and EXECUTE in one message find each other', async () => {
    const [prepare, execute] = await units('PREPARE s AS DELETE FROM t; EXECUTE s');
    expect(prepare?.missing).toBeUndefined();
    expect(execute?.facts.action).toBe('delete');
  });

  test('a later PREPARE of the same message wins over what the session knew', async () => {
    const [, execute] = await units('PREPARE s AS DELETE FROM t; EXECUTE s', names(await prepared('SELECT 1')));
    expect(execute?.facts.action).toBe('delete');
  });

  test('FETCH and MOVE are judged as the query of their cursor; MOVE brings no columns out', async () => {
    const view = names(undefined, portalOf(await prepared('SELECT 1 AS one')));
    const [fetch, move] = await units('FETCH ALL FROM c; MOVE 1 FROM c', view);
    expect([fetch?.facts.kind, fetch?.facts.action]).toEqual(['fetch', 'read']);
    expect(fetch?.facts.output).toHaveLength(1);
    expect([move?.facts.kind, move?.facts.output]).toEqual(['move', []]);
  });

  test.each([
    ['EXECUTE nosuch', { what: 'statement', name: 'nosuch' }],
    ['FETCH ALL FROM nosuch', { what: 'cursor', name: 'nosuch' }],
  ] as const)('%s names what nobody declared', async (sql, missing) => {
    expect((await units(sql))[0]?.missing).toEqual(missing);
  });

  test.each([
    ['an older catalog', { epoch: 0 }],
    ['another search path', { searchPath: ['pg_catalog', 'other'] }],
  ])('EXECUTE of what was read under %s is opaque, never what it was', async (_what, over) => {
    const [unit] = await units('EXECUTE s', names(await prepared('SELECT 1', over)));
    expect(unit?.facts.action).toBe('opaque');
    expect(unit?.facts.analysis.complete).toBe(false);
  });

  test('an argument that the server computes is no fact, and says so', async () => {
    const [unit] = await units('EXECUTE s(1 + 1)', names(await prepared('SELECT $1')));
    expect(unit?.params).toEqual([null]);
    expect(unit?.facts.analysis.complete).toBe(false);
  });
});

test('a text that was read once is counted anew each time it runs', async () => {
  const read = await facts('SELECT 1');
  const [one, two] = [1, 2].map(() => unitsOfQuery(Buffer.from('SELECT 1'), read, names())[0]);
  expect(one?.tally).not.toBe(two?.tally);
});

describe('portals', () => {
  test('parameters are facts of each run and not of the statement', async () => {
    const statement = await prepared('SELECT $1');
    const [one, two] = ['a', 'b'].map(
      (value) => unitOfPortal(portalOf(statement, [value]), statement.reading.facts as StatementFacts, names()), // prepared() read it
    );
    expect([one?.params, two?.params]).toEqual([['a'], ['b']]);
    expect(one?.key).toBe(two?.key);
  });

  test('pieces of one portal count together, two portals of one statement apart', async () => {
    const statement = await prepared('SELECT 1');
    const read = statement.reading.facts as StatementFacts; // prepared() read it
    const portal = portalOf(statement);
    expect(unitOfPortal(portal, read, names()).tally).toBe(unitOfPortal(portal, read, names()).tally);
    expect(unitOfPortal(portal, read, names()).tally).not.toBe(unitOfPortal(portalOf(statement), read, names()).tally);
  });

  test('pieces of a portal that runs EXECUTE count together, pieces of a cursor with whoever else fetches from it', async () => {
    const portal = portalOf(await prepared('EXECUTE s'));
    const read = portal.reading.facts as StatementFacts; // prepared() read it
    const view = names(await prepared('SELECT 1'));
    expect(unitOfPortal(portal, read, view).tally).toBe(unitOfPortal(portal, read, view).tally);

    const cursor = portalOf(await prepared('SELECT 1'));
    const fetching = portalOf(await prepared('FETCH 1 FROM c'));
    const fetch = fetching.reading.facts as StatementFacts; // prepared() read it
    expect(unitOfPortal(fetching, fetch, names(undefined, cursor)).tally).toBe(cursor);
  });

  test('EXECUTE sent by Parse is looked up when it runs', async () => {
    const execute = await prepared('EXECUTE s');
    const read = execute.reading.facts as StatementFacts; // prepared() read it
    const unit = unitOfPortal(portalOf(execute), read, names(await prepared('TRUNCATE t')));
    expect(unit.facts.action).toBe('truncate');
  });
});

describe('the command that policy sees', () => {
  test('carries text, place and transaction, and a doubt about the catalog makes it incomplete', async () => {
    const [, second] = await units('SELECT 1; SELECT 2');
    if (!second) throw new Error('two statements make two units');
    const command = commandOf(second, { index: 1, count: 2 }, { in: true, failed: false }, 'the schema was changed');
    expect(command).toMatchObject({ text: 'SELECT 2', batch: { index: 1, count: 2 }, transaction: { in: true } });
    expect(command.analysis.complete).toBe(false);
    expect(command.analysis.reasons).toContain('the schema was changed');
  });

  test.each(['BEGIN', 'COMMIT', 'ROLLBACK', 'SAVEPOINT a', 'ROLLBACK TO a', 'RELEASE a'])(
    'a doubt about the catalog is none about %s',
    async (text) => {
      const [unit] = await units(text);
      if (!unit) throw new Error('one statement makes one unit');
      const command = commandOf(unit, { index: 0, count: 1 }, { in: true, failed: false }, 'the schema was changed');
      expect(command.analysis).toBe(unit.facts.analysis);
    },
  );

  test('each statement of a message has its own text, in bytes and not in characters', async () => {
    const texts = (await units("SELECT 'ä€😀'; SELECT 'b' ;")).map((unit) => unit.text);
    expect(texts).toEqual(["SELECT 'ä€😀'", "SELECT 'b'"]);
  });
});
