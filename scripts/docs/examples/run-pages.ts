import { existsSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { provided } from '../../../gateway/testing/clients/walk.ts';
import { noSshd, sshdPath } from '../../../gateway/testing/sshd.ts';
import type { Block } from '../blocks.ts';
import { matchesOutput } from '../output.ts';
import { ansible, openPageWorld, Rigs, type PageWorld } from '../page-world.ts';
import { runExample } from '../run-example.ts';
import { examplePages } from './pages.ts';

/** Ends what hangs: see vitest.config.ts. More than a command of an example is given (`Scene`). */
const exampleMs = 300_000;

/**
 * Every example of the pages that this test file runs, and whether it prints what the page says. What is not run says why, and is
 * listed as skipped.
 * @param testFile `import.meta.filename` of `NAME.test.ts`: it runs the pages of NAME, and no other file does
 */
export async function runPages(testFile: string): Promise<void> {
  const name = basename(testFile, '.test.ts');
  const pages = examplePages().filter(({ runBy }) => runBy === name);
  const rigs = new Rigs();
  afterAll(() => rigs[Symbol.asyncDispose](), exampleMs);
  const python = pages.some(({ needs }) => needs === 'ansible') ? await provided(...ansible) : undefined;

  describe.each(pages)('$file', ({ world, needs, examples }) => {
    const missing = needs === undefined ? undefined : missingOf(needs, python);
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
}

function nameOf({ line, language, text }: Block): string {
  return `line ${String(line)}, ${language}: ${(text.split('\n')[0] ?? '').slice(0, 60)}`;
}

/** What `<!-- needs: ... -->` names and is not here. */
function missingOf(needs: string, python: Awaited<ReturnType<typeof provided>> | undefined): string | undefined {
  if (needs === 'sshd' || needs === 'ansible') {
    if (sshdPath === undefined) return noSshd;
    return needs === 'ansible' && python && 'missing' in python ? python.missing : undefined;
  }
  return isInstalled(needs) ? undefined : `${needs} is not installed`;
}

function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((dir) => existsSync(join(dir, program)));
}
