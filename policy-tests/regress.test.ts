import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openLineProtocols, type LineProtocols } from '../gateway/composition/lines/protocols.ts';
import { defaultSources, root } from '../gateway/policy/fixtures.ts';
import { findOpa } from '../gateway/policy/build/opa.ts';
import { openJudge } from '../gateway/policy/lines/judge.ts';
import { judgeLine } from '../gateway/policy/lines/judged.ts';
import { readSuite } from '../gateway/policy/lines/read.ts';

let protocols: LineProtocols;
beforeAll(() => {
  protocols = openLineProtocols();
});
afterAll(() => protocols[Symbol.asyncDispose]());

test('of the 3,000 statements of PostgreSQL’s regression suite, none runs under masks that was not understood', async () => {
  const suite = await readSuite([join(root, 'policy-tests')], protocols.all);
  const judge = await openJudge(defaultSources, await findOpa(process.env));
  const target = suite.targets.get('crm');
  const asReader = suite.cases.find(({ file, target: on }) => on === 'crm' && file.endsWith('readers.yaml'));
  if (!target || !asReader) throw new Error('there are lines of readers for crm');
  const sample = readFileSync(join(root, 'gateway/facts/sql/fixtures/regress-sample.jsonl'), 'utf8');
  const blind: string[] = [];
  let allowed = 0;
  for (const line of sample.trim().split('\n')) {
    // PostgreSQL's verdicts, written by a script.
    const { sql } = JSON.parse(line) as { readonly sql: string };
    const { effect, commands } = await judgeLine({ text: sql, params: [] }, target, asReader, judge, []);
    if (effect !== 'allow' && effect !== 'mask') continue;
    allowed += 1;
    if (commands.some((command) => command.protocol === 'postgres' && !command.analysis.complete)) blind.push(sql);
  }
  expect(blind).toEqual([]);
  expect(allowed).toBeGreaterThan(300);
}, 240_000);
