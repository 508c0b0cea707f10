import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root, temporaryFolder } from '../fixtures.ts';
import { isPacked, packNames, shippedPacks } from './pack.ts';
import { isPolicySource, originsOf, sourcesDigest, stageSources } from './stage.ts';

const policies = join(root, 'policies');
const packs = shippedPacks(policies, '1.2.3', packNames);
let home: Awaited<ReturnType<typeof temporaryFolder>>;
let turn = 0;
beforeAll(async () => {
  home = await temporaryFolder();
});
afterAll(() => home[Symbol.asyncDispose]());

async function own(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = join(home.path, `own${turn++}`);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

async function staged(folder: string): Promise<(name: string) => Promise<string>> {
  const into = join(home.path, `staged${turn++}`);
  await stageSources([...packs, folder], into, isPolicySource);
  return (name) => readFile(join(into, name), 'utf8');
}

test('a label of one’s own takes the place of the pack’s as a whole, and the others stay', async () => {
  const read = await staged(
    await own({ 'labels/data.yaml': 'pii.ssn: {mask: redact, readers: []}\nours.x: {mask: hash, readers: []}\n' }),
  );
  const labels: unknown = JSON.parse(await read('labels/data.yaml'));
  expect(labels).toMatchObject({ 'ours.x': { mask: 'hash' }, 'pii.email': { mask: 'tokenize' } });
  expect(labels).toHaveProperty(['pii.ssn'], { mask: 'redact', readers: [] });
});

test('the packs bring the library, rules and labels, and nobody’s columns', async () => {
  const names = (await originsOf(packs, isPolicySource)).map(([name]) => name);
  expect(names).toEqual(
    expect.arrayContaining(['sallyport/resolver.rego', 'rules/postgres/access.rego', 'labels/data.yaml']),
  );
  expect(names.filter((name) => name.startsWith('columns/'))).toEqual([]);
  const few = (await originsOf(shippedPacks(policies, '1', ['session']), isPolicySource)).map(([name]) => name);
  expect([...new Set(few.map(dirname))]).toEqual(['rules/session', 'sallyport']);
});

test.each([
  [
    'rules of one’s own at a pack’s path',
    { 'rules/postgres/access.rego': 'package rules.postgres\n' },
    'access.rego is in',
  ],
  ['data that is no list of names', { 'labels/data.yaml': '- pii.ssn\n' }, 'expected names and their values'],
])('%s are refused', async (_what, files, said) => {
  await expect(staged(await own(files))).rejects.toThrow(said);
});

test('an empty file of labels changes nothing', async () => {
  const read = await staged(await own({ 'labels/data.yaml': '# none yet\n' }));
  expect(JSON.parse(await read('labels/data.yaml'))).toHaveProperty(['pii.ssn']);
});

test('what lies over a pack’s file changes the digest of the sources, and not that of the pack', async () => {
  const [before, after] = [await own({ 'labels/data.yaml': '{}\n' }), await own({ 'labels/data.yaml': 'a.b: {}\n' })];
  expect(await sourcesDigest([...packs, before])).not.toBe(await sourcesDigest([...packs, after]));
  const digests = await Promise.all(packs.map((pack) => sourcesDigest([pack])));
  expect(new Set(digests).size).toBe(packs.length);
});

test('a pack’s files are told from one’s own', async () => {
  const folder = await own({ 'rules/postgres/x.rego': 'package rules.postgres\n' });
  const files = await originsOf([...packs, folder], isPolicySource);
  expect(files.filter(([, path]) => !isPacked(path, packs))).toEqual([
    ['rules/postgres/x.rego', join(folder, 'rules/postgres/x.rego')],
  ]);
});
