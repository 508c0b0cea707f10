import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { examplePages } from './pages.ts';

const pages = examplePages();
const end = '.test.ts';
const files = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(end) && file !== basename(import.meta.filename))
  .map((file) => basename(file, end));

test('each page with examples has the test file that runs it', () => {
  const without = pages.filter(({ runBy }) => runBy === undefined || !files.includes(runBy));
  expect(without.map(({ file, world }) => `${file} (world: ${world})`)).toEqual([]);
});

test('each test file has pages to run', () => {
  expect(new Set(pages.map(({ runBy }) => runBy))).toEqual(new Set(files));
});

test('there are examples of every kind', () => {
  const kinds = new Set(pages.flatMap(({ examples }) => examples.map((block) => block.language)));
  expect([...kinds]).toEqual(expect.arrayContaining(['sh', 'sql', 'rego', 'yaml', 'js']));
});
