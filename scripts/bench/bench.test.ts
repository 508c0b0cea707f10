import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseLatencies, parseThroughput } from './pgbench.ts';
import { formatValue, intoPage, renderMarkdown, renderText, type Report } from './report.ts';
import { verdictOf, type Row, type Target } from './result.ts';
import { interleaved } from './rounds.ts';
import { differences, median, quantile, ratios, spreadOf } from './statistics.ts';

const never = new AbortController().signal;

describe('the arithmetic', () => {
  test.each([
    [[3], 3],
    [[3, 1], 2],
    [[9, 1, 5], 5],
    [[4, 1, 3, 2], 2.5],
    [[1, 1, 1, 100], 1],
    [[10, 9, 1], 9], // by value, not by spelling
  ])('the median of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  test('a median has as many values below as above', () =>
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
        const middle = median(values);
        const below = values.filter((v) => v < middle).length;
        const above = values.filter((v) => v > middle).length;
        expect(Math.max(below, above)).toBeLessThanOrEqual(values.length / 2);
      }),
    ));

  test.each([
    [[5], 0.99, 5],
    [[4, 1, 3, 2], 0.5, 2],
    [[4, 1, 3, 2], 0.99, 4],
    [Array.from({ length: 100 }, (_, i) => 100 - i), 0.99, 99],
  ])('of %j the share of %d is up to %d', (values, share, expected) => {
    expect(quantile(values, share)).toBe(expected);
  });

  test('nothing measured is no result', () => {
    expect(() => quantile([], 0.99)).toThrow(RangeError);
    expect(() => median([])).toThrow(RangeError);
    expect(() => spreadOf([])).toThrow(RangeError);
  });

  test('a spread is least, middle and most', () => {
    expect(spreadOf([5, 1, 9])).toEqual({ min: 1, median: 5, max: 9 });
  });

  test('rounds are compared with the same round of the other peer', () => {
    // The machine slowed down in the second round, and the pipe alone in the third. Median by median it would be 1.5.
    expect(median(ratios([90, 45, 90], [100, 50, 60]))).toBe(0.9);
    expect(differences([5, 7], [4, 5])).toEqual([1, 2]);
    expect(() => ratios([1, 2], [1])).toThrow(RangeError);
  });
});

test('peers take turns, forwards and backwards, and the first round does not count', async () => {
  const order: string[] = [];
  const peer = (name: string) => [name, () => Promise.resolve(order.push(name))] as const;
  const values = await interleaved(2, [peer('a'), peer('b')], never);
  expect(order).toEqual(['a', 'b', 'b', 'a', 'a', 'b']);
  expect(values.get('a')).toEqual([4, 5]);
  expect(values.get('b')).toEqual([3, 6]);
});

test('an abort ends the rounds', async () => {
  const stop = new AbortController();
  const stopping = interleaved(5, [['a', () => Promise.resolve(Number(stop.abort()))]], stop.signal);
  await expect(stopping).rejects.toThrow('aborted');
});

describe('what pgbench says', () => {
  const report = `transaction type: <builtin: select only>
number of transactions actually processed: 30127
number of failed transactions: 0 (0.000%)
latency average = 0.796 ms
initial connection time = 19.8 ms
tps = 10054.238812 (without initial connection time)
`;
  test('is read from its report', () => {
    expect(parseThroughput(report)).toEqual({ perSecond: 10054.238812, transactions: 30127 });
  });

  test('is an error when there is none', () => {
    expect(() => parseThroughput('pgbench: error: connection failed')).toThrow('connection failed');
  });

  test('is read from its log, in milliseconds', () => {
    expect(parseLatencies('0 0 1250 0 1700000000 123\n0 1 70 0 1700000000 456\n')).toEqual([1.25, 0.07]);
    expect(() => parseLatencies('0 0 skipped 0 1700000000 123\n')).toThrow('not a line');
  });
});

const row = (medianValue: number, target?: Target): Row => ({
  measure: 'm',
  unit: '×',
  spread: { min: 0.1, median: medianValue, max: 2 },
  ...(target ? { target } : {}),
});

test.each([
  [0.9, { kind: 'at-least', value: 0.9 }, 'met'],
  [0.89, { kind: 'at-least', value: 0.9 }, 'missed'],
  [0.9, { kind: 'below', value: 0.9 }, 'missed'],
  [0.89, { kind: 'below', value: 0.9 }, 'met'],
  [0.89, { kind: 'below', value: 0.9, of: 'max' }, 'missed'], // one round of 2 is enough to miss it
  [Number.NaN, { kind: 'at-least', value: 0.9 }, 'missed'],
  [Number.NaN, { kind: 'below', value: 0.9 }, 'missed'],
] as const)('a median of %d with the target %j is %s', (value, target, verdict) => {
  expect(verdictOf(row(value, target))).toBe(verdict);
});

test('what has no target is not judged', () => {
  expect(verdictOf(row(1))).toBe('none');
});

const report: Report = {
  command: 'bench',
  at: '2026-01-02T03:04:05Z',
  machine: {
    cpu: 'Some CPU',
    cores: 2,
    memoryGiB: 24,
    system: 'Linux 6',
    node: 'v24',
    postgres: '18.4',
    loadBefore: 0.5,
  },
  sections: [
    {
      title: 'Short statements',
      method: 'How.',
      rows: [
        { ...row(0.5, { kind: 'at-least', value: 0.9 }), measure: 'against the pipe' },
        { ...row(0.95, { kind: 'at-least', value: 0.9 }), measure: 'against another' },
      ],
      figures: [{ measure: 'pipe', unit: 'per s', spread: { min: 9000, median: 10000, max: 12345.6 } }],
      skipped: ['something: not installed'],
    },
  ],
  skipped: ['PgBouncer: not installed'],
};

test('the table says noise, target and verdict, and the misses by name', () => {
  const text = renderText(report);
  expect(text).toMatch(/against the pipe +0\.10 +0\.50 +2\.00 +at least 0\.9 +MISSED\n/);
  expect(text).toMatch(/against another +0\.10 +0\.95 +2\.00 +at least 0\.9 +met\n/);
  expect(text).toMatch(/pipe +9,000 per s +10,000 per s +12,346 per s\n/);
  expect(text).toContain('1 targets met, 1 missed: Short statements: against the pipe.');
  expect(text).toContain('not measured: something: not installed');
  expect(text).toContain('not measured: PgBouncer: not installed');
});

test('the page gets the same, and keeps what people wrote around it', () => {
  const table = renderMarkdown(report);
  expect(table).toContain('| against the pipe | 0.10 | 0.50 | 2.00 | at least 0.9 | MISSED |');
  expect(table).toContain('Not measured: PgBouncer: not installed.');
  const page = 'before\n<!-- bench:begin -->\nold\n<!-- bench:end -->\nafter\n';
  const written = intoPage(page, table);
  expect(written).toMatch(/^before\n<!-- bench:begin -->\n\nMade by[^]*\n\n<!-- bench:end -->\nafter\n$/);
  expect(written).not.toContain('old');
  expect(intoPage(written, table)).toBe(written);
  expect(() => intoPage('no marks', table)).toThrow('bench:begin');
});

test.each([
  [0.123456, '×', '0.12'],
  [0.0315, 'ms', '0.032 ms'],
  [9.994, 'µs', '9.99 µs'],
  [10.04, 'KiB', '10.0 KiB'],
  [1234567.8, 'per s', '1,234,568 per s'],
] as const)('%d %s is written %s', (value, unit, text) => {
  expect(formatValue(value, unit)).toBe(text);
});

test('a short run of the real thing ends with a table', { timeout: 120_000 }, async () => {
  const main = join(import.meta.dirname, 'main.ts');
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [main, '--quick', '--json', '--only', 'decisions'], {
    maxBuffer: 1 << 20,
  });
  const result: unknown = JSON.parse(stdout);
  expect(result).toMatchObject({
    sections: [{ title: 'Decisions' }],
    machine: { node: process.version },
  });
});
