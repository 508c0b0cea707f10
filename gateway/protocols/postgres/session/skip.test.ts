import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPostgresSubject, prepareDatabase } from '../../../testing/conformance/postgres.ts';
import { startPostgres18, type TestPostgres } from '../../../testing/postgres.ts';
import { encodeClientMessage } from '../codec/frontend.ts';

/**
 * After an error the server skips everything up to the next Sync, a Query too: postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY
 * Whatever the gateway had predicted of what was skipped has to be taken back.
 */
let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres18();
  await prepareDatabase(postgres);
});
afterAll(() => postgres[Symbol.asyncDispose]());

type Sendable = Parameters<typeof encodeClientMessage>[0];

const sync: Sendable = { type: 'sync' };
const none = { parameterFormats: [], parameters: [], resultFormats: [] };
const query = (text: string): Sendable => ({ type: 'query', text });
const parse = (text: string): Sendable => ({ type: 'parse', statement: '', text, parameterTypes: [] });
const bind: Sendable = { type: 'bind', portal: '', statement: '', ...none };
const execute: Sendable = { type: 'execute', portal: '', maxRows: 0 };
const wrong = parse('SELECT 1/0 FROM people WHERE nosuch = 1');

describe('a Query behind a failed Parse is skipped with it', () => {
  test.each([
    ['a plain one', 'SELECT 1'],
    ['one that changes settings', "SET application_name TO 'x'"],
    ['one that changes the search path', 'SET search_path TO pg_catalog'],
    ['one that begins a transaction', 'BEGIN'],
    ['one that declares a name', 'PREPARE s AS SELECT 1'],
    ['one that is denied', 'DROP TABLE must_not_be'],
    ['one that does not parse', 'SELEC'],
    ['an empty one', ''],
  ])('%s', async (_name, text) => {
    await using subject = await openPostgresSubject(postgres);
    subject.world.say('must_not_be', 'deny');
    await using wire = await subject.connect();
    const send = (...messages: readonly Sendable[]) =>
      wire.write(Buffer.concat(messages.map((message) => encodeClientMessage(message))));
    send(wrong, query(text));
    // The Sync comes when everything before it is over.
    while (!wire.received().includes('nosuch')) await turn();
    send(sync);
    expect((await wire.answer()).ok).toBe(false);
    send(parse("SELECT 'still ' || 'usable'"), bind, execute, sync);
    // One answer too many would mean that a Query was answered that the server has skipped.
    let last = await wire.answer();
    while (!last.text.includes('still usable') && wire.received().length < 100_000) last = await wire.answer();
    expect(last.ok).toBe(true);
    send(query("SELECT 'and in order'"));
    expect((await wire.answer()).text).toBe('and in order');
  });
});
