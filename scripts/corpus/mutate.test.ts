import { expect, test } from 'vitest';
import { fuzzSeed } from '../../gateway/testing/seed.ts';
import { mutantsOf, policyMutantsOf, whyEquivalent } from './mutants.ts';
import { allMutants, runMutants } from './mutate.ts';

test('each rule of the analysis is a mutant, and so is each of the default pack that denies or masks', async () => {
  const mutants = await allMutants();
  const of = (end: string): number => mutants.filter(({ file }) => file.endsWith(end)).length;
  expect(of('.ts')).toBeGreaterThan(400);
  expect(of('plain-outline.ts')).toBe(2);
  expect(of('masking.rego')).toBeGreaterThanOrEqual(9);
  expect(of('labels.rego')).toBe(3);
  expect(of('settings.rego')).toBe(5);
});

test('a mutant is the source without one rule', () => {
  const source = [
    '  if (a) walk.ledger.touchAll(found.sources);',
    "  for (const f of turns) walk.expression(body[f], scope, 'function');",
    '  const columns = walk.query(tree, scope);',
    "  ['pg_stats', 'values of columns'],",
  ];
  expect(
    mutantsOf('x/some.ts', source.join('\n')).map(({ line, source: text }) => [line, text.split('\n')[line - 1]]),
  ).toEqual([
    [1, '  if (a) void 0;'],
    [2, '  for (const f of turns) void 0;'],
    [4, ''],
  ]);
  const refusal = ['    if (!relation) return false;', "    if (kind !== 'a') return false;"];
  expect(mutantsOf('x/rule-uses.ts', refusal.join('\n')).map(({ line }) => line)).toEqual([2]);
  expect(mutantsOf('x/some.ts', refusal.join('\n'))).toEqual([]);
  const told = mutantsOf('x/rule-uses.ts', '      return meets(written, told) ? labelled : [];');
  expect(told.map(({ source: text }) => text)).toEqual(['      return [];']);
  const [rule] = policyMutantsOf('x.rego', 'deny contains {\n\t"id": "PG-1",\n} if {\n\ttrue\n}');
  expect(rule?.source).toBe('deny contains {\n\t"id": "PG-1",\n} if {\n\tfalse\n\ttrue\n}');
});

test('the tests notice that a rule is gone: a sample, of which `npm run corpus -- --mutate` runs all', async () => {
  const mutants = await allMutants();
  // Those that choose between what is a use of a column and what is none are the heart of it.
  const heart = mutants.filter(
    ({ file, rule }) => /(expression|query|masking)\.(ts|rego)$/.test(file) && /touch|deny/.test(rule),
  );
  const mendable = heart.filter((mutant) => whyEquivalent(mutant) === undefined);
  const sample = [0, 1, 2].flatMap((nth) => mendable[(fuzzSeed + nth * 5) % mendable.length] ?? []);
  const results = await runMutants(sample);
  expect(results.map(({ verdict, mutant }) => `${verdict} ${mutant.file} ${mutant.rule}`)).toEqual(
    sample.map(({ file, rule }) => `noticed ${file} ${rule}`),
  );
}, 600_000);
