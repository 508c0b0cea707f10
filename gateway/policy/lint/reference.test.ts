import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../fixtures.ts';
import { fixtureFile, lineFile, outcomes } from '../lines/case.ts';
import { lintChecks } from './problem.ts';

const page = (name: string) => readFileSync(join(root, 'docs/reference', name), 'utf8');

test('the reference lists every check, and none that there is not', () => {
  const rows = [...page('policy-lint.md').matchAll(/^\| `([\w-]+)` +\| (.*?) +\|$/gm)].map(([, name, text]) => [
    name,
    text,
  ]);
  expect(rows).toEqual(Object.entries(lintChecks));
});

test('the reference of the test format names every field and outcome', () => {
  const text = page('policy-test-format.md');
  const { cases, ...file } = lineFile.shape;
  const { expect: expected, ...one } = cases.element.shape;
  const names = [file, one, expected.shape, fixtureFile.shape].flatMap((shape) => Object.keys(shape));
  for (const name of [...names, ...outcomes]) expect(text).toContain(`\`${name}\``);
});
