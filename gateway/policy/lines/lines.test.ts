import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { RelationFact } from '../../contract/command-postgres.ts';
import { findOpa } from '../build/opa.ts';
import { statement } from '../../testing/commands.ts';
import { defaultSources, temporaryFolder } from '../fixtures.ts';
import { findingRules, type FindingRule } from '../lint/finding-rules.ts';
import { readSources } from '../lint/sources.ts';
import { coverageOf } from './coverage.ts';
import { openJudge, type Judge } from './judge.ts';
import type { LineProtocol } from './protocol.ts';
import { readSuite } from './read.ts';
import { isGreen, reportFormats, reportOf, type TestRun } from './report.ts';
import { runRegoTests } from './rego-tests.ts';
import { runLines } from './run.ts';
import { mistakeLine } from './yaml-file.ts';

/** A protocol of one's own: each word of a line is an effect, and `?` is no command. */
const words: LineProtocol = {
  name: 'postgres',
  fixture: z.strictObject({ relation: z.string().default('orders') }),
  commandsOf: ({ text, params }, { labels }) => {
    if (text === '?') return Promise.resolve({ ok: false, why: 'nobody understands it' });
    const commands = text.split(';').map((action) => {
      const isSsn = action === 'ssn' || action === 'both';
      const carried = labels.get('public.customers.ssn') ?? [];
      const output = isSsn ? [{ name: 'number', sources: [], transform: 'plain' as const, labels: carried }] : [];
      const unfiltered = action === 'delete';
      const facts = unfiltered
        ? {
            action: 'delete' as const,
            effects: ['delete' as const],
            unfiltered,
            relations: [orders],
          }
        : {};
      return { command: statement({ ...facts, output, labels: isSsn ? carried : [], params }), key: action };
    });
    return Promise.resolve({ ok: true, commands });
  },
  [Symbol.asyncDispose]: () => Promise.resolve(),
};
const orders = {
  schema: 'public',
  name: 'orders',
  kind: 'table',
  access: 'write',
  columns: [],
  labels: [],
} as const satisfies RelationFact;

let home: Awaited<ReturnType<typeof temporaryFolder>>;
let turn = 0;
let judge: Judge;
let rules: readonly FindingRule[];
beforeAll(async () => {
  home = await temporaryFolder();
  const opa = await findOpa(process.env);
  judge = await openJudge(defaultSources, opa);
  rules = findingRules((await readSources(opa, defaultSources.policies)).modules);
});
afterAll(() => home[Symbol.asyncDispose]());

async function suiteOf(files: Readonly<Record<string, string>>) {
  const folder = join(home.path, String(turn++));
  for (const [name, text] of Object.entries({
    'fixtures/crm.yaml': 'protocol: postgres\nlabels: {env: prod}\n',
    ...files,
  })) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  const suite = await readSuite([folder], [words, { ...words, name: 'ssh' }]);
  return { ...suite, said: suite.mistakes.map((mistake) => mistakeLine(mistake).slice(folder.length + 1)) };
}

async function run(cases: string) {
  const suite = await suiteOf({ 'x.yaml': `target: crm\nas: {groups: [readers]}\ncases:\n${cases}` });
  expect(suite.said).toEqual([]);
  return (await runLines(suite, judge, rules)).cases;
}

describe('what is expected and is not so fails the case', () => {
  test.each<readonly [string, string, string]>([
    ['another effect', '{effect: allow}', 'effect: expected allow, got mask'],
    [
      'a finding that is not there',
      '{effect: mask, findings: [PG-002]}',
      'findings: expected PG-002, got PG-200, PG-500',
    ],
    [
      'one that must not be there',
      '{effect: mask, without: [PG-200]}',
      'findings: expected without PG-200, got PG-200, PG-500',
    ],
    [
      'another method',
      '{effect: mask, masks: {number: redact}}',
      'masks: expected {number: redact}, got {number: partial}',
    ],
    [
      'another method of a label',
      '{effect: mask, masks: {pii.ssn: redact}}',
      'masks: expected {pii.ssn: redact}, got {pii.ssn: partial}',
    ],
    ['a mask too few', '{effect: mask, masks: {}}', 'masks: expected {}, got {number: partial}'],
    [
      'a mask too many',
      '{effect: mask, masks: {number: partial, x: hash}}',
      'masks: expected {number: partial, x: hash}, got {number: partial}',
    ],
    ['a limit', '{effect: mask, limits: {rows: 5}}', 'limits: expected {rows: 5}, got {}'],
    ['an approval', '{effect: mask, approval: {groups: [dba]}}', 'approval.groups: expected dba, got nothing'],
    ['other words', '{effect: mask, says: hello}', 'says: expected hello, got pii.ssn leaves masked | may read'],
  ])('%s', async (_what, expected, said) => {
    const [one] = await run(`  - {run: ssn, expect: ${expected}}\n`);
    expect(one).toMatchObject({ status: 'failed', line: 4, on: 'lines' });
    expect(one?.details[0]).toBe(said);
  });

  test('with the facts, and each finding by its rule, file and line', async () => {
    const [one] = await run('  - {run: delete, expect: {effect: allow}}\n');
    expect(one?.details).toContain('  action: delete');
    expect(one?.details).toContain('  unfiltered: true');
    expect(one?.details.join('\n')).toMatch(
      /deny PG-002: delete on every row of public\.orders \(No write on every row, .*writes\.rego:9\)/,
    );
  });
});

test('with the rule that was expected to match and did not, or that there is none', async () => {
  const [one] = await run('  - {run: read, expect: {effect: deny, findings: [PG-002, PG-999]}}\n');
  expect(one?.details).toContainEqual(
    expect.stringMatching(/^did not match: deny PG-002 \(No write on every row, .*writes\.rego:9\)$/),
  );
  expect(one?.details).toContain('no rule has the id PG-999');
});

test.each<readonly [string, string]>([
  ['masks by column', '{run: ssn, expect: {effect: mask, masks: {number: partial}}}'],
  ['masks by label', '{run: ssn, expect: {effect: mask, masks: {pii.ssn: partial}}}'],
  ['no masks', '{run: read, expect: {effect: allow, masks: {}}}'],
  ['a case as somebody else', '{run: ssn, as: {groups: [compliance]}, expect: {effect: allow}}'],
  ['an agent', '{run: read, as: {kind: agent, groups: [readers]}, expect: {effect: allow, limits: {rows: 1000}}}'],
  ['a line that is none', "{run: '?', expect: {effect: refused, says: nobody understands}}"],
  ['what travels together', '{run: read;delete, expect: {effect: deny, findings: [PG-002]}}'],
  ['masks of what travels together', '{run: read;ssn, expect: {effect: mask, masks: {number: partial}}}'],
])('%s can be expected', async (_what, one) => {
  const [result] = await run(`  - ${one}\n`);
  expect(result?.details).toEqual([]);
  expect(result?.status).toBe('passed');
});

test.each<readonly [string, Readonly<Record<string, string>>, string]>([
  [
    'an unknown key',
    { 'x.yaml': 'target: crm\nas: {}\ncases:\n  - run: a\n    expect: {efect: deny}\n' },
    'x.yaml:5:13: cases.0.expect.effect',
  ],
  [
    'an effect that is none',
    { 'x.yaml': 'target: crm\nas: {}\ncases:\n  - run: a\n    expect: {effect: denied}\n' },
    'x.yaml:5:22: cases.0.expect.effect',
  ],
  [
    'a target that nobody described',
    { 'x.yaml': 'target: erp\nas: {}\ncases:\n  - {run: a, expect: {effect: deny}}\n' },
    'x.yaml:1:9: target: no fixture describes erp',
  ],
  [
    'nobody named',
    { 'x.yaml': 'target: crm\ncases:\n  - {run: a, expect: {effect: deny}}\n' },
    'x.yaml:3:5: as: nobody is named',
  ],
  [
    'a stranger',
    { 'x.yaml': 'target: crm\nas: eve\ncases:\n  - {run: a, expect: {effect: deny}}\n' },
    'x.yaml:2:5: as: nobody is called eve',
  ],
  ['a file without cases', { 'x.yaml': 'target: crm\nas: {}\ncases: []\n' }, 'x.yaml:3:8: cases: a file without cases'],
  ['YAML that is none', { 'x.yaml': 'target: [crm\n' }, 'x.yaml:2:1: '],
  ['a key twice', { 'x.yaml': 'target: crm\ntarget: crm\n' }, 'x.yaml:2:1: Map keys must be unique'],
  [
    'a protocol that nobody reads',
    { 'fixtures/erp.yaml': 'protocol: gopher\n' },
    'fixtures/erp.yaml:1:11: protocol: expected one of postgres',
  ],
  [
    'a fixture with a wrong section',
    { 'fixtures/erp.yaml': 'protocol: postgres\npostgres: {relation: 3}\n' },
    'fixtures/erp.yaml:2:22: postgres.relation',
  ],
  [
    'a fixture with a section of nobody',
    { 'fixtures/erp.yaml': 'protocol: postgres\npostgers: {}\n' },
    'fixtures/erp.yaml:2:11: unknown key postgers',
  ],
  [
    'a time that is none',
    { 'x.yaml': 'target: crm\nas: {}\nnow: noon\ncases:\n  - {run: a, expect: {effect: deny}}\n' },
    'x.yaml:3:6: now',
  ],
])('%s is a mistake with its place', async (_what, files, said) => {
  const { said: all } = await suiteOf(files);
  expect(all[0]?.slice(0, said.length)).toBe(said);
});

test('people log in to a database by their token and to a host by certificate, unless they say how', async () => {
  const cases = 'cases:\n  - {run: x, expect: {effect: deny}}\n  - {run: x, as: max, expect: {effect: deny}}\n';
  const suite = await suiteOf({
    'fixtures/web1.yaml': 'protocol: ssh\n',
    'fixtures/people.yaml': 'max: {auth: {method: code, at: 2026-02-02T02:02:02Z}}\n',
    'crm.yaml': `target: crm\nas: {}\n${cases}`,
    'web1.yaml': `target: web1\nas: {}\n${cases}`,
  });
  expect(suite.said).toEqual([]);
  const max = { method: 'code', at: '2026-02-02T02:02:02Z' };
  expect(suite.cases.map(({ target, principal: { auth } }) => [target, auth])).toEqual([
    ['crm', { method: 'jwt', at: '2026-01-01T00:00:00Z' }],
    ['crm', max],
    ['web1', { method: 'certificate', at: '2026-01-01T00:00:00Z' }],
    ['web1', max],
  ]);
});

test('what a bundle takes along and what cases stand on are no cases', async () => {
  const suite = await suiteOf({ 'canaries.yaml': '- 1\n', 'fixtures/people.yaml': 'eve: {}\n' });
  expect(suite.said).toEqual([]);
  expect([...suite.people.keys()]).toEqual(['eve']);
});

test('a Rego test that fails is named with its place, what passes is asked on WebAssembly too, and directories of lines need no Rego', async () => {
  const folder = join(home.path, String(turn++));
  await mkdir(folder);
  const opa = await findOpa(process.env);
  const sources = { ...defaultSources, tests: [folder] };
  expect((await runRegoTests(sources, ['topdown'], opa)).cases).toEqual([]);
  await writeFile(join(folder, 'x_test.rego'), 'package x_test\n\ntest_yes if true\n\ntest_no if 1 == 2\n');
  const { cases, coverage } = await runRegoTests(sources, ['topdown', 'wasm'], opa);
  expect(coverage).toBeUndefined(); // nobody takes a run that failed for one that covers nothing
  const said = cases.map(
    ({ suite, line, name, on, status }) => `${suite.slice(folder.length)}:${line} ${name} ${on} ${status}`,
  );
  expect(said.sort()).toEqual([
    '/x_test.rego:3 x_test.test_yes topdown passed',
    '/x_test.rego:3 x_test.test_yes wasm passed',
    '/x_test.rego:5 x_test.test_no topdown failed',
  ]);
  const other = 'package x_test\n\ntest_yes if format_int(18446744073709551616, 10) == "18446744073709551616"\n';
  await writeFile(join(folder, 'x_test.rego'), other);
  const onBoth = await runRegoTests(sources, ['topdown', 'wasm'], opa);
  expect(onBoth.cases.map(({ on, status }) => `${on} ${status}`)).toEqual(['topdown passed', 'wasm failed']);
  expect(onBoth.cases[1]?.details[0]).toContain('passed on OPA’s own engine, and not on the gateway’s');
  expect((await runRegoTests(sources, ['topdown'], opa, 'TEST_Y')).cases.map(({ name }) => name)).toEqual([
    'x_test.test_yes',
  ]);
});

test('a line covers the rules whose findings it had', () => {
  const rule = {
    id: 'A',
    kind: 'deny',
    entrypoint: 'postgres',
    title: 't',
    file: 'a.rego',
    line: 3,
    endLine: 5,
    message: /^/,
  } as const;
  const other = { ...rule, id: 'B', line: 7, endLine: 8 };
  const rego = { covered: new Map([['a.rego', new Set([1])]]), missed: new Map([['a.rego', new Set([3, 4, 8])]]) };
  expect(coverageOf(rego, new Set(), [rule, other])).toMatchObject({ covered: 1, total: 4, percent: 25 });
  const both = coverageOf(rego, new Set([rule]), [rule, other]);
  expect(both).toMatchObject({ covered: 3, total: 4, silent: [{ id: 'B' }] });
  expect(coverageOf({ covered: new Map(), missed: new Map() }, new Set(), []).percent).toBe(0);
});

describe('reports', () => {
  const one = {
    suite: 'a.yaml',
    line: 3,
    name: 'ana: select "<&\u001b[1m"',
    on: 'lines',
    durationMs: 1,
    details: [],
  } as const;
  const bad = { ...one, name: 'b', status: 'failed', details: ['effect: expected a, got b', 'x'] } as const;
  const coverage = {
    covered: 1,
    total: 2,
    percent: 50,
    silent: [{ id: 'A', title: undefined, file: 'a.rego', line: 3 }],
  };
  const all: TestRun = { cases: [{ ...one, status: 'passed' }, bad, { ...one, status: 'skipped' }], coverage };

  test('are green when something passed and nothing failed', () => {
    expect(isGreen(all)).toBe(false);
    expect(isGreen({ cases: [], coverage })).toBe(false);
    expect(isGreen({ cases: [{ ...one, status: 'skipped' }], coverage })).toBe(false);
    expect(isGreen({ cases: [{ ...one, status: 'passed' }], coverage })).toBe(true);
  });
  test.each(reportFormats)('in %s name what failed and why', (format) => {
    const text = reportOf(all, format);
    expect(text).toContain('effect: expected a, got b');
    expect(text).toContain('a.yaml');
  });
  test('in TAP count every test and give each one line', () => {
    expect(
      reportOf(all, 'tap')
        .split('\n')
        .filter((line) => /^(not )?ok /.test(line)),
    ).toHaveLength(3);
    expect(reportOf(all, 'tap')).toContain('1..3');
  });
  test('in JUnit are XML, whatever a line holds', () => {
    const xml = reportOf(all, 'junit');
    expect(xml).toContain('name="ana: select &#34;&#60;&#38;\u{fffd}[1m&#34; [lines]"');
    expect(xml).toContain('<testsuite name="a.yaml" tests="3" failures="1" skipped="1">');
  });
});
