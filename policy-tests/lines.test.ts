import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLineProtocols, type LineProtocols } from '../gateway/composition/lines/protocols.ts';
import { findOpa } from '../gateway/policy/build/opa.ts';
import { defaultSources, root } from '../gateway/policy/fixtures.ts';
import { openJudge } from '../gateway/policy/lines/judge.ts';
import { readSuite, type LineSuite } from '../gateway/policy/lines/read.ts';
import { runLines } from '../gateway/policy/lines/run.ts';
import { findingRules, type FindingRule } from '../gateway/policy/lint/finding-rules.ts';
import { readSources } from '../gateway/policy/lint/sources.ts';

/** Lines that people type, through the parser and the policy that production uses: the YAML beside this file. */
let protocols: LineProtocols;
let suite: LineSuite;
let rules: readonly FindingRule[];
beforeAll(async () => {
  protocols = openLineProtocols();
  suite = await readSuite([join(root, 'policy-tests')], protocols.all);
  const { modules } = await readSources(await findOpa(process.env), defaultSources.policies);
  rules = findingRules(modules);
});
afterAll(() => protocols[Symbol.asyncDispose]());

test('every case comes out as it says', async () => {
  expect(suite.mistakes).toEqual([]);
  const judge = await openJudge(defaultSources, await findOpa(process.env));
  const { cases, fired } = await runLines(suite, judge, rules);
  expect(cases.filter(({ status }) => status !== 'passed')).toEqual([]);
  expect(cases.length).toBeGreaterThanOrEqual(52);
  expect(fired.size).toBeGreaterThan(15);
});

test('findings that share an id are told apart by what they say', () => {
  const named = rules.filter(({ id }) => id === 'PG-012');
  expect(
    named.map(({ message }) => message.test('pii.ssn would leave through COPY in clear: its ENCODING is not UTF8')),
  ).toEqual([false, false, true]);
});
