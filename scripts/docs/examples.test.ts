import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { provided } from '../../gateway/testing/clients/walk.ts';
import { noSshd, sshdPath } from '../../gateway/testing/sshd.ts';
import { examplesOf, type Block } from './blocks.ts';
import { markdownFiles } from './markdown-files.ts';
import { root } from './markdown.ts';
import { matchesOutput } from './output.ts';
import { ansible, openPageWorld, Rigs, type PageWorld } from './page-world.ts';
import { runExample } from './run-example.ts';

/** Every example of every page runs, and prints what the page says. What is not run says why, and is listed as skipped. */
const exampleMs = 90_000;
const rigs = new Rigs();
afterAll(() => rigs[Symbol.asyncDispose](), exampleMs);

const pages = markdownFiles()
  .map((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    const world = /^<!-- world: (\w+) -->$/m.exec(text)?.[1] ?? 'none';
    const needs = /^<!-- needs: (\w+) -->$/m.exec(text)?.[1];
    return { file, world, needs, examples: examplesOf(file, text) };
  })
  .filter(({ examples }) => examples.length > 0);

const python = pages.some(({ needs }) => needs === 'ansible') ? await provided(...ansible) : undefined;

describe.each(pages)('$file', ({ world, needs, examples }) => {
  const missing = needs === undefined ? undefined : missingOf(needs);
  let here: PageWorld;
  beforeAll(async () => {
    here = await openPageWorld(missing === undefined ? world : 'none', rigs);
  }, exampleMs);
  afterAll(() => here[Symbol.asyncDispose]());

  test.for(examples.map((block) => ({ block, name: nameOf(block) })))(
    '$name',
    { timeout: exampleMs },
    async ({ block }, context) => {
      const reason = block.directives.get('skip') ?? missing;
      if (reason !== undefined) return context.skip(reason);
      const { problem, output } = await runExample(block, here);
      expect(problem).toBeUndefined();
      if (block.output === undefined) return;
      const wanted = here.scene.here(block.output);
      expect(matchesOutput(wanted, output ?? '') ? wanted : output).toBe(wanted);
    },
  );
});

test('there are examples of every kind', () => {
  const kinds = new Set(pages.flatMap(({ examples }) => examples.map((block) => block.language)));
  expect([...kinds]).toEqual(expect.arrayContaining(['sh', 'sql', 'rego', 'yaml', 'js']));
});

function nameOf({ line, language, text }: Block): string {
  return `line ${String(line)}, ${language}: ${(text.split('\n')[0] ?? '').slice(0, 60)}`;
}

/** What `<!-- needs: ... -->` names and is not here. */
function missingOf(needs: string): string | undefined {
  if (needs === 'sshd' || needs === 'ansible') {
    if (sshdPath === undefined) return noSshd;
    return needs === 'ansible' && python && 'missing' in python ? python.missing : undefined;
  }
  return isInstalled(needs) ? undefined : `${needs} is not installed`;
}

function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((dir) => existsSync(join(dir, program)));
}
