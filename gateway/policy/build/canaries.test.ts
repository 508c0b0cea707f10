import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../fixtures.ts';
import { stageCanaries } from './canaries.ts';

const one = (title: string) => `- title: ${title}
  entrypoint: sallyport/postgres/decision
  input: {principal: {groups: [readers]}}
  expect: {effect: allow}
`;

/** What is staged for these files of tests, by path. */
async function staged(files: Readonly<Record<string, string>>, taken = false): Promise<unknown> {
  await using folder = await temporaryFolder();
  const [tests, policies] = [join(folder.path, 'tests'), join(folder.path, 'policies')];
  await mkdir(join(tests, 'postgres'), { recursive: true });
  await mkdir(taken ? join(policies, 'canaries') : policies, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(tests, name), text);
  await stageCanaries([tests], policies);
  return JSON.parse(await readFile(join(policies, 'canaries/data.json'), 'utf8').catch(() => 'null')) as unknown;
}

test('the cases of every canaries.yaml among the tests are staged, in the order of their paths', async () => {
  const files = { 'postgres/canaries.yaml': one('b'), 'canaries.yaml': one('a'), 'postgres/other.yaml': 'x: 1\n' };
  expect(await staged(files)).toMatchObject([{ title: 'a' }, { title: 'b' }]);
});

test('without cases nothing is staged', async () => {
  expect(await staged({})).toBeNull();
});

test.each([
  ['no YAML', '- a: [', 'canaries.yaml'],
  ['a case without a title', one('x').replace('title: x', 'name: x'), 'title'],
  ['an unknown effect', one('x').replace('allow', 'allowed'), 'effect'],
])('a file with %s fails the build', async (_what, text, said) => {
  await expect(staged({ 'canaries.yaml': text })).rejects.toMatchObject({
    code: 'opa-failed',
    message: expect.stringContaining(said) as string,
  });
});

test('policies that have canaries of another kind are not written over', async () => {
  await expect(staged({ 'canaries.yaml': one('a') }, true)).rejects.toThrow('data called canaries');
});
