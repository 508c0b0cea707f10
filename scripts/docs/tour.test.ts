import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { noSshd, sshdPath } from '../../gateway/testing/sshd.ts';
import { root } from './markdown.ts';
import { matchesOutput } from './output.ts';

const tourMs = 180_000;
const pages = ['README.md', 'docs/tutorial/first-look.md'];

test('the transcripts are those of the tour', { timeout: tourMs }, async (context) => {
  const hasPsql = (process.env['PATH'] ?? '').split(delimiter).some((dir) => existsSync(join(dir, 'psql')));
  if (!hasPsql) return context.skip('psql is not installed: the tour then shows another client');
  if (sshdPath === undefined) return context.skip(`the tour is then without its host: ${noSshd}`);
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [join(root, 'scripts/playground/main.ts'), '--tour'], { cwd: root });
  const tour = asEverywhere(stdout);
  for (const page of pages) {
    const transcript = transcriptOf(readFileSync(join(root, page), 'utf8'));
    expect(matchesOutput(transcript, tour) ? page : `${page} says otherwise than:\n${tour}`).toBe(page);
  }
});

/** The usual port may be taken, and a clone that is closed to the database's account keeps its files elsewhere. */
function asEverywhere(output: string): string {
  return output
    .replaceAll(/port=\d+/g, 'port=6432')
    .replaceAll(/--port \d+/g, '--port 6422')
    .replaceAll(/[\w./-]*\/tour\//g, '.sallyport/tour/');
}

function transcriptOf(markdown: string): string {
  const found = /<!-- tour -->\n\n```text\n([^]*?)```/.exec(markdown)?.[1];
  if (found === undefined) throw new Error('no transcript marked <!-- tour -->');
  return found;
}
