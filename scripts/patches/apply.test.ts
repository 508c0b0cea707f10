import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { patchSsh2 } from './apply.ts';
import { applyPatch, parseUnifiedDiff } from './unified-diff.ts';

const installed = join(import.meta.dirname, '../../node_modules/ssh2');
const patches = parseUnifiedDiff(readFileSync(join(import.meta.dirname, 'ssh2-1.17.0.patch'), 'utf8'));

/** The package as it was published: the patch taken back. */
function published(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-ssh2-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(installed, folder, { recursive: true });
  for (const { file, hunks } of patches) {
    let grown = 0;
    const back = hunks.map(({ start, lines }) => {
      const hunk = { start: start + grown, lines: lines.map(reversed) };
      grown +=
        lines.filter((line) => line.startsWith('+')).length - lines.filter((line) => line.startsWith('-')).length;
      return hunk;
    });
    const text = readFileSync(join(folder, file), 'utf8');
    writeFileSync(join(folder, file), applyPatch(text, { file, hunks: back }));
  }
  return folder;
}

function reversed(line: string): string {
  if (line.startsWith('+')) return `-${line.slice(1)}`;
  return line.startsWith('-') ? `+${line.slice(1)}` : line;
}

test('what is installed here is patched', () => {
  expect(patchSsh2(installed)).toEqual([]);
});

test('the published package is patched once, and a second run changes nothing', () => {
  const folder = published();
  expect(patchSsh2(folder)).toEqual(patches.map(({ file }) => file));
  expect(patchSsh2(folder)).toEqual([]);
  for (const { file } of patches)
    expect(readFileSync(join(folder, file), 'utf8')).toBe(readFileSync(join(installed, file), 'utf8'));
});

test('a half-patched package is finished', () => {
  const folder = published();
  const [first = '', ...others] = patches.map(({ file }) => file);
  cpSync(join(installed, first), join(folder, first));
  expect(patchSsh2(folder)).toEqual(others);
});

test('a package that somebody else changed is left alone, all of it', () => {
  const folder = published();
  const last = patches.at(-1)?.file ?? '';
  writeFileSync(join(folder, last), `${readFileSync(join(folder, last), 'utf8')}// theirs\n`);
  const first = readFileSync(join(folder, patches[0]?.file ?? ''), 'utf8');
  expect(() => patchSsh2(folder)).toThrow(/server\.js of ssh2 is neither .* remove node_modules and install again/);
  expect(readFileSync(join(folder, patches[0]?.file ?? ''), 'utf8')).toBe(first);
});

test.each([
  ['another line than the patch says', '--- a/x\n+++ b/x\n@@ -1,1 +1,1 @@\n-two\n+2\n', 'line 1 differs'],
  ['a line that no diff has', '--- a/x\n+++ b/x\n@@ -1,1 +1,1 @@\n-one\n*2\n', 'line 5 of the patch'],
  ['a hunk of no file', '@@ -1,1 +1,1 @@\n-one\n', 'line 1 of the patch'],
  ['a renamed file', '--- a/x\n+++ b/y\n', 'line 2 of the patch'],
])('%s is refused', (_what, diff, why) => {
  expect(() => parseUnifiedDiff(diff).map((patch) => applyPatch('one\n', patch))).toThrow(why);
});
