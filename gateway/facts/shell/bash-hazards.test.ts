import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bashHazards } from './fixtures/bash-hazards.ts';
import { readLine } from './index.ts';

const bash = spawnSync('bash', ['-c', 'type -P bash']).stdout?.toString().trim() ?? '';

describe.skipIf(bash === '')(bash === '' ? 'hazards of bash (skipped: no bash here)' : 'hazards of bash', () => {
  let dir = '';
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'sallyport-hazards-'));
    mkdirSync(join(dir, 'bin'));
    symlinkSync(bash, join(dir, 'bin/bash'));
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  /** Alone in an empty directory, with no program to find but bash: whether what is hidden ran. */
  const doesRun = (line: string): boolean => {
    const cwd = mkdtempSync(join(dir, 'cwd-'));
    spawnSync(bash, ['--norc', '--noprofile', '-c', line], {
      cwd,
      input: '',
      timeout: 20_000,
      killSignal: 'SIGKILL',
      env: { PATH: join(dir, 'bin') },
    });
    return existsSync(join(cwd, 'ran'));
  };

  test.each(Object.entries(bashHazards))('what hides in %s and runs is not taken for known', (_, lines) => {
    const hidden = lines.filter((line) => !isSeen(line));
    expect(hidden.filter(doesRun)).toEqual([]);
  });

  test('bash runs what is hidden in many of them', () => {
    // Otherwise the test above would show nothing.
    expect(bashHazards['code in a text']?.filter(doesRun).length).toBeGreaterThan(10);
    expect(bashHazards['expansions and arithmetic']?.filter(doesRun).length).toBeGreaterThan(10);
  });
});

/** Whether a rule can tell: it is opaque or no line, or the file is named as one that is written. */
function isSeen(line: string): boolean {
  const read = readLine(line, { shell: 'bash' });
  if (!read.ok) return true;
  return read.commands.some(
    ({ effects, parse_error: error, redirects }) =>
      effects.includes('opaque') || error !== null || redirects.some(({ path }) => path === 'ran'),
  );
}
