import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { examplesOf, type Block } from '../blocks.ts';
import { markdownFiles } from '../markdown-files.ts';
import { root } from '../markdown.ts';

/** A page that has examples. */
export interface ExamplePage {
  readonly file: string;
  /** From its comment `<!-- world: NAME -->`: see `PageWorld`. */
  readonly world: string;
  /** From its comment `<!-- needs: PROGRAM -->`. */
  readonly needs: string | undefined;
  readonly examples: readonly Block[];
  /** The test file that runs it, `NAME.test.ts` in this folder; undefined for a world that nobody runs. */
  readonly runBy: string | undefined;
}

/** Files that take about as long as each other: pages of one world share what is costly to start. */
const files: ReadonlyMap<string, string> = new Map([
  ['none', 'terminal'],
  ['sources', 'terminal'],
  ['rig', 'terminal'],
  ['policies', 'policies'],
  ['fresh', 'tutorials'],
  ['ssh', 'ssh'],
]);
/** Pages of `policies` that build one bundle after the other. */
const bundles: ReadonlySet<string> = new Set([
  'docs/how-to/publish-bundles.md',
  'docs/how-to/rotate-keys.md',
  'docs/how-to/rotate-signing-keys.md',
]);

/** Every page with examples, in the order of their names. */
export function examplePages(): readonly ExamplePage[] {
  return markdownFiles()
    .map((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      const world = /^<!-- world: (\w+) -->$/m.exec(text)?.[1] ?? 'none';
      const needs = /^<!-- needs: (\w+) -->$/m.exec(text)?.[1];
      const runBy = bundles.has(file) ? 'bundles' : files.get(world);
      return { file, world, needs, runBy, examples: examplesOf(file, text) };
    })
    .filter(({ examples }) => examples.length > 0);
}
