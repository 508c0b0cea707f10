import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPostgresSubject, prepareDatabase } from '../../../testing/conformance/postgres.ts';
import { startPostgres18, type TestPostgres } from '../../../testing/postgres.ts';
import { encodeClientMessage } from '../codec/frontend.ts';

/**
 * The server reads a name again when the search path has changed since: plancache.c, RevalidateCachedQuery. `clean.people` has the columns of
 * `public.people` and no labels, so whoever judges by the older reading lets the secret out.
 */
let postgres: TestPostgres;
const secret = '078-05-1120';

beforeAll(async () => {
  postgres = await startPostgres18();
  await prepareDatabase(postgres);
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  await client.query('CREATE SCHEMA clean; CREATE TABLE clean.people (name text, ssn text)');
  await client.query("INSERT INTO clean.people VALUES ('Bob', 'nothing secret')");
  await client.end();
});
afterAll(() => postgres[Symbol.asyncDispose]());

type Sendable = Parameters<typeof encodeClientMessage>[0];

const sync: Sendable = { type: 'sync' };
const none = { parameterFormats: [], parameters: [], resultFormats: [] };
const query = (text: string): Sendable => ({ type: 'query', text });
const parse = (statement: string, text: string): Sendable => ({ type: 'parse', statement, text, parameterTypes: [] });
const bind = (portal: string, statement: string): Sendable => ({ type: 'bind', portal, statement, ...none });
const execute = (portal: string, maxRows = 0): Sendable => ({ type: 'execute', portal, maxRows });
const describeStatement = (name: string): Sendable => ({ type: 'describe', what: 'statement', name });

const clean = query('SET search_path TO clean');
const labelled = query('SET search_path TO public');
const read = 'SELECT ssn FROM people';

/** Each row is one session; each inner list is one packet, whose answers are awaited before the next. */
const ways: readonly (readonly [name: string, packets: readonly (readonly Sendable[])[]])[] = [
  [
    'a statement prepared by Parse',
    [[clean], [parse('s', read), sync], [labelled], [bind('', 's'), execute(''), sync]],
  ],
  [
    'a statement prepared and described',
    [[clean], [parse('s', read), describeStatement('s'), sync], [labelled], [bind('', 's'), execute(''), sync]],
  ],
  [
    'a statement prepared by Parse, the path changed in the same packet',
    [[clean], [parse('s', read), sync], [labelled, bind('', 's'), execute(''), sync]],
  ],
  [
    'the path changed by an Execute of the same segment',
    [
      [clean],
      [parse('s', read), parse('p', 'SET search_path TO public'), sync],
      [bind('', 'p'), execute(''), bind('x', 's'), execute('x'), sync],
    ],
  ],
  ['a statement prepared by PREPARE', [[clean], [query(`PREPARE s AS ${read}`)], [labelled], [query('EXECUTE s')]]],
  [
    'EXECUTE by Parse',
    [[clean], [query(`PREPARE s AS ${read}`)], [labelled], [parse('', 'EXECUTE s'), bind('', ''), execute(''), sync]],
  ],
  [
    'EXECUTE parsed before the path changed',
    [
      [clean],
      [query(`PREPARE s AS ${read}`)],
      [parse('e', 'EXECUTE s'), sync],
      [labelled],
      [bind('', 'e'), execute(''), sync],
    ],
  ],
  [
    'a path taken back by ROLLBACK TO',
    [
      [query('BEGIN')],
      [query('SAVEPOINT a')],
      [clean],
      [query(read)],
      [query('ROLLBACK TO a')],
      [query(read)],
      [parse('', read), bind('', ''), execute(''), sync],
    ],
  ],
  [
    'a path taken back by ROLLBACK',
    [[query('BEGIN')], [clean], [query(read)], [query('ROLLBACK')], [parse('', read), bind('', ''), execute(''), sync]],
  ],
  [
    'a path taken back by COMMIT of SET LOCAL',
    [
      [query('BEGIN')],
      [query('SET LOCAL search_path TO clean')],
      [query(read)],
      [query('COMMIT')],
      [parse('', read), bind('', ''), execute(''), sync],
    ],
  ],
  [
    'a path taken back by a failed segment',
    [
      [
        parse('', 'SET search_path TO clean'),
        bind('', ''),
        execute(''),
        parse('', 'SELECT 1/0'),
        bind('', ''),
        execute(''),
        sync,
      ],
      [parse('', read), bind('', ''), execute(''), sync],
    ],
  ],
  [
    'a portal bound before the path became clean',
    [
      [query('BEGIN')],
      [parse('s', read), bind('p', 's'), sync],
      [clean],
      [bind('q', 's'), execute('q'), sync],
      [execute('p'), sync],
    ],
  ],
  [
    'a cursor declared before the path became clean',
    [[query('BEGIN')], [query(`DECLARE c CURSOR FOR ${read}`)], [clean], [query('FETCH ALL FROM c')]],
  ],
  [
    'a client that takes the names of the gateway’s own statements',
    [
      [clean],
      [parse('sallyport own', read), parse('sallyport denied', read), bind('sallyport own', 'sallyport own'), sync],
      [labelled],
      [query(read)],
    ],
  ],
  [
    'a client that takes them inside a transaction and leaves them open',
    [
      [query('BEGIN')],
      [clean],
      [parse('sallyport own', read), bind('sallyport own', 'sallyport own'), execute('sallyport own', 1), sync],
      [labelled],
      [parse('', read), bind('', ''), execute(''), sync],
    ],
  ],
  [
    'a portal fetched in pieces while the path becomes clean',
    [
      [query('BEGIN')],
      [parse('s', `${read} UNION ALL ${read}`), bind('p', 's'), execute('p', 1), sync],
      [clean],
      [execute('p', 1), sync],
    ],
  ],
];

describe('a name means what the server makes of it when it runs', () => {
  test.each(ways)('%s', async (_name, packets) => {
    await using subject = await openPostgresSubject(postgres);
    subject.world.say('', 'mask');
    await using wire = await subject.connect();
    const heard: string[] = [];
    for (const packet of packets) {
      wire.write(Buffer.concat(packet.map((message) => encodeClientMessage(message))));
      const answers = packet.filter((message) => message.type === 'sync' || message.type === 'query').length;
      for (let i = 0; i < answers; i++) heard.push((await wire.answer()).text);
    }
    expect(wire.received().toString('latin1')).not.toContain(secret);
    expect(subject.world.written()).not.toContain(secret);
    // The last answer is a masked row, or a refusal that says so; a session that hangs would not get here.
    expect(heard.at(-1)).not.toBe('');
  });
});
