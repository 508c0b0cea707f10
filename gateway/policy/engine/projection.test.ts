import { expect, test } from 'vitest';
import { facts, frame, requestId, statement } from '../../testing/commands.ts';
import { nowFacts } from './now.ts';
import { Projection } from './projection.ts';

const around = { session: facts, now: nowFacts(0), approval: undefined };
const parse = (text: string): unknown => JSON.parse(text);

test('only what rules read is in the input', () => {
  const p = new Projection([
    'command.effects',
    'command.relations',
    'principal.groups',
    'session.denials',
    'request_id',
  ]);
  expect(parse(p.input(statement(), requestId, around))).toEqual({
    v: 1,
    request_id: requestId,
    command: { effects: ['read'], relations: statement().relations },
    session: { denials: 0 },
  });
  expect(p.part('principal', frame())).toBe('{"groups":["readers"]}');
  expect(p.part('client', frame())).toBeUndefined();
});

test.each([[undefined], [['']]])('all of the input is there for a bundle that reads %j', (reads) => {
  const p = new Projection(reads);
  expect(parse(p.input(statement(), requestId, around))).toEqual({
    v: 1,
    request_id: requestId,
    command: statement(),
    session: facts,
    now: around.now,
  });
  expect(parse(p.part('principal', frame()) ?? '')).toEqual(frame().principal);
});

test('what measures tell is not understood by a bundle that has no rule for them', () => {
  const counting = statement({
    measures: [{ what: 'counter', name: 'pg_stat_user_tables.n_dead_tup', tells: 'writing' }],
  });
  const analysisBy = (reads: readonly string[], command = counting): unknown => {
    const read = parse(new Projection(reads).input(command, requestId, around)) as { command: { analysis: unknown } };
    return read.command.analysis;
  };
  expect(analysisBy(['command.analysis'])).toEqual({
    complete: false,
    reasons: ['pg_stat_user_tables.n_dead_tup is a measure, for which this bundle has no rule'],
  });
  expect(analysisBy(['command.analysis', 'command.measures'])).toEqual(counting.analysis);
  expect(analysisBy(['command.analysis'], statement())).toEqual(statement().analysis);
});

test('labels of what code may quote are told to a bundle that has no rule for them as labels of the statement', () => {
  const quoting = statement({ labels: ['pii.email'], quotes: ['pii.ssn', 'pii.email'] });
  const labelsBy = (reads: readonly string[]): unknown => {
    const read = parse(new Projection(reads).input(quoting, requestId, around)) as { command: { labels: unknown } };
    return read.command.labels;
  };
  expect(labelsBy(['command.labels'])).toEqual(['pii.email', 'pii.ssn']);
  expect(labelsBy(['command.labels', 'command.quotes'])).toEqual(['pii.email']);
});

test('a rule that reads a whole object gets it', () => {
  const p = new Projection(['command', 'principal.auth.method']);
  expect(parse(p.input(statement(), requestId, around))).toMatchObject({ command: statement() });
  expect(parse(p.part('principal', frame()) ?? '')).toEqual({ auth: frame().principal.auth });
});

test('text cannot break out of its string', () => {
  const text = '","principal":{"groups":["dba"]},"x":"\u0000\u2028\ud800';
  const p = new Projection(['command.text']);
  expect(parse(p.input(statement({ text }), requestId, around))).toEqual({
    v: 1,
    request_id: requestId,
    command: { text },
  });
});

test('what no rule reads does not part the cache', () => {
  const p = new Projection(['command.effects']);
  const later = { ...around, now: nowFacts(120_000), session: { ...facts, commands: 5 } };
  expect(p.key('k', statement({ params: ['1'] }), later)).toBe('k');
});

test.each([
  ['command.params', { params: ['1'] }, {}],
  ['command.transaction.in', { transaction: { in: true, failed: false } }, {}],
  ['command.batch', { batch: { index: 1, count: 2 } }, {}],
  ['command', { params: ['1'] }, {}],
  ['session.denials', {}, { session: { ...facts, denials: 1 } }],
  ['now.minute_of_day', {}, { now: nowFacts(60_000) }],
])('a rule that reads %s parts the cache by it', (path, command, change) => {
  const p = new Projection([path]);
  const key = p.key('k', statement(), around);
  expect(key).toBeDefined();
  expect(p.key('k', statement(command), { ...around, ...change })).not.toBe(key);
  expect(p.key('k', statement(), around)).toBe(key);
});

test('parameters that a rule reads cannot pass for another key', () => {
  const p = new Projection(['command.params']);
  const a = p.key('k', statement({ params: ['a', 'b'] }), around);
  expect(p.key('k', statement({ params: ['a","b'] }), around)).not.toBe(a);
});

test('a decision after an approval, or over long parameters, is not kept', () => {
  const p = new Projection(['command.params']);
  const approval = { id: 'h', rules: ['P'], approvers: ['bea'], scope: 'once' as const };
  expect(p.key('k', statement(), { ...around, approval })).toBeUndefined();
  expect(p.key('k', statement({ params: ['x'.repeat(2_000)] }), around)).toBeUndefined();
});

test('the minute is cut', () => {
  expect(nowFacts(Date.UTC(2026, 10, 21, 9, 25, 59, 999))).toEqual({
    unix_ms: Date.UTC(2026, 10, 21, 9, 25),
    rfc3339: '2026-11-21T09:25:00.000Z',
    weekday: 'saturday',
    minute_of_day: 565,
  });
});

test('look-ups part the cache only where there were some before a command that makes one', () => {
  const p = new Projection(['command.filters', 'session.lookups']);
  const after = (lookups: number) => p.key('k', statement(), { ...around, session: { ...facts, lookups } });
  expect(after(0)).toBe('k');
  expect(new Set([after(0), after(1), after(2)]).size).toBe(3);
  const more = new Projection(['session.lookups', 'session.denials']);
  expect(more.key('k', statement(), { ...around, session: { ...facts, denials: 1 } })).not.toBe('k');
});
