import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { root } from './markdown.ts';

const shape = z.object({
  dependencies: z.record(z.string(), z.string()),
  devDependencies: z.record(z.string(), z.string()),
});
const manifest = shape.parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
const page = readFileSync(join(root, 'docs/design/dependencies.md'), 'utf8');

test.each([
  ['What runs', manifest.dependencies],
  ['What only builds, checks and tests use', manifest.devDependencies],
] as const)('"%s" names each package with its reason, and no other', (heading, wanted) => {
  const section = page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = [...section.matchAll(/^\| `([^`]+)` +\| (.+?) *\|$/gm)].map(([, name = '', reason = '']) => ({
    name,
    reason,
  }));
  expect(rows.map((row) => row.name).toSorted()).toEqual(Object.keys(wanted).toSorted());
  expect(rows.filter((row) => row.reason.length < 5)).toEqual([]);
});

test('every version is exact', () => {
  const all = { ...manifest.dependencies, ...manifest.devDependencies };
  expect(Object.entries(all).filter(([, version]) => !/^(npm:[\w-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual(
    [],
  );
});
