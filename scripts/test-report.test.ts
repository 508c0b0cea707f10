import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failedTests, lastLines, parseTestReport, slowestFiles, type TestReport } from './test-report.ts';

/** Vitest itself runs files that fail in each way there is; so this also says when it reports in another way. */
const root = join(import.meta.dirname, '..');
const files = {
  'fails.test.ts': `import { describe, expect, test } from 'vitest';
    describe('a group', () => {
      test('that counts', () => expect(1 + 1, 'sum of two').toBe(3));
      test('that passes', () => {});
    });`,
  'does-not-load.test.ts': `import './is-not-there.ts';`,
  'hook.test.ts': `import { beforeAll, test } from 'vitest';
    beforeAll(() => { throw new Error('no server today'); });
    test('never comes to run', () => {});`,
  'ends.test.ts': `import { test } from 'vitest';
    test('takes its process along', () => { process.kill(process.pid, 'SIGKILL'); return new Promise(() => {}); });`,
  'passes.test.ts': `import { test } from 'vitest'; test('passes', () => {});`,
};

let dir: string;
let report: TestReport;
let lines: string;

beforeAll(async () => {
  // Below the checkout, for its packages.
  dir = await mkdtemp(join(root, 'node_modules/.sallyport-test-report-'));
  for (const [name, source] of Object.entries(files)) await writeFile(join(dir, name), source);
  await writeFile(join(dir, 'vitest.config.ts'), `export default { test: { pool: 'forks', maxWorkers: 1 } };`);
  const child = spawn(
    process.execPath,
    [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--root', dir, '--reporter=json', '--outputFile=report.json'],
    { stdio: 'ignore' },
  );
  await new Promise((resolve) => child.on('close', resolve));
  report = parseTestReport(await readFile(join(dir, 'report.json'), 'utf8'));
  lines = failedTests(report, dir).join('\n');
});
afterAll(() => rm(dir, { recursive: true, force: true }));

describe('what failed', () => {
  test('a test, by file and full name, and why', () => {
    expect(lines).toMatch(
      /^✗ fails\.test\.ts > a group that counts\n {4}AssertionError: sum of two.*expected 2 to be 3/m,
    );
  });

  test('a file that does not load', () => {
    expect(lines).toMatch(/^✗ does-not-load\.test\.ts\n {4}.*is-not-there/m);
  });

  test('a hook', () => {
    expect(lines).toMatch(/^✗ hook\.test\.ts\n {4}.*no server today/m);
  });

  test('a file whose process ended', () => {
    expect(lines).toMatch(/^✗ ends\.test\.ts/m);
  });

  test('and nothing that passed', () => {
    expect(lines).not.toContain('passes');
  });
});

test('the slowest files come first, ten of them', () => {
  const times = Array.from({ length: 12 }, (_, n) => n * 1000);
  const testResults = times.map((endTime) => ({
    name: `/r/${String(endTime / 1000)}.test.ts`,
    status: 'passed' as const,
    message: '',
    startTime: 0,
    endTime,
    assertionResults: [],
  }));
  const slowest = slowestFiles({ ...report, testResults }, '/r');
  expect(slowest[0]).toBe('   11.0 s  11.test.ts');
  expect(slowest).toHaveLength(10);
});

test('of any other check, the last lines without their colours', () => {
  const output = Array.from({ length: 100 }, (_, n) => `\u001B[31mline ${String(n)}\u001B[0m`).join('\n');
  expect(lastLines(output).at(-1)).toBe('    line 99');
  expect(lastLines(output)).toHaveLength(24);
});
