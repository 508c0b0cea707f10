import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failedTests, lastLines, parseTestReport, slowestFiles, type TestReport } from './test-report.ts';

/**
 * `./scripts/test`: everything that CI runs, one after the other, all of it whatever fails.
 * A check that passes says so in a line; one that fails shows what it said, and at the end, where a cut log still has it,
 * each test that failed or the last lines of any other check. The last line is `N passed, N failed`: each test of the
 * suite counts, and so does each other check.
 */
interface Check {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Shown as it comes, because it takes long enough to be watched. */
  readonly live?: true;
  /** What it wrote about each test, if it came to that. Otherwise the check counts as one, by its exit code. */
  readonly report?: () => Promise<TestReport | undefined>;
}
interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const root = join(import.meta.dirname, '..');
const scratch = await mkdtemp(join(tmpdir(), 'sallyport-checks-'));
const report = join(scratch, 'tests.json');
const bin = (name: string): string => join(root, 'node_modules/.bin', name);

const checks: readonly Check[] = [
  { name: 'format (prettier)', program: bin('prettier'), args: ['--check', '.', '--log-level', 'warn'] },
  { name: 'types (tsc)', program: bin('tsc'), args: ['--noEmit'] },
  { name: 'lint and walls (oxlint)', program: bin('oxlint'), args: ['--type-aware', '--deny-warnings'] },
  { name: 'dead code (knip)', program: bin('knip'), args: ['--no-progress'] },
  {
    name: 'tests (vitest)',
    program: bin('vitest'),
    args: ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    live: true,
    report: readReport,
  },
  { name: 'tour (scripts/demo)', program: join(root, 'scripts/demo'), args: ['--tour'], live: true },
];

const only = process.argv.slice(2);
const results: {
  readonly name: string;
  readonly seconds: number;
  readonly count: Count;
  readonly said: readonly string[];
}[] = [];
for (const check of checks.filter((c) => only.length === 0 || only.some((word) => c.name.includes(word)))) {
  process.stdout.write(`\n== ${check.name}\n`);
  const started = performance.now();
  const { code, output } = await run(check);
  const seconds = (performance.now() - started) / 1000;
  const report = await check.report?.();
  const all = { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
  const counted = report === undefined ? all : countOf(report);
  // A suite that ends badly after all its tests passed has failed nevertheless.
  const count = code !== 0 && counted.failed === 0 ? { ...counted, failed: 1 } : counted;
  if (code !== 0 && !check.live) process.stdout.write(output);
  const failures = report === undefined ? [] : failedTests(report, root);
  const why = code === 0 || failures.length > 0 ? failures : [`✗ ${check.name}`, ...lastLines(output)];
  const slowest = report === undefined ? [] : ['Slowest files:', ...slowestFiles(report, root)];
  results.push({ name: check.name, seconds, count, said: [...slowest, ...why] });
}
await rm(scratch, { recursive: true, force: true });

const total = (pick: keyof Count): number => results.reduce((sum, { count }) => sum + count[pick], 0);
process.stdout.write('\n');
for (const { name, seconds, count } of results) {
  const mark = count.failed === 0 ? '✓' : '✗';
  const skipped = count.skipped > 0 ? `, ${String(count.skipped)} skipped` : '';
  const said = `${String(count.passed)} passed, ${String(count.failed)} failed${skipped}`;
  process.stdout.write(`${mark} ${name.padEnd(26)} ${said} (${seconds.toFixed(1)} s)\n`);
}
const said = results.flatMap((result) => result.said);
if (said.length > 0) process.stdout.write(`\n${said.join('\n')}\n`);
process.stdout.write(`\n${String(total('passed'))} passed, ${String(total('failed'))} failed\n`);
// No check at all is no success either.
process.exitCode = total('failed') === 0 && total('passed') > 0 ? 0 : 1;

/** No check reads what is typed: with a terminal or without, each finds the same. */
function run(check: Check): Promise<{ readonly code: number; readonly output: string }> {
  const child = spawn(check.program, [...check.args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const add = (text: string): void => {
    output += text;
    if (check.live) process.stdout.write(text);
  };
  child.stdout.setEncoding('utf8').on('data', add);
  child.stderr.setEncoding('utf8').on('data', add);
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: 1, output: `${output}${error.message}\n` }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

async function readReport(): Promise<TestReport | undefined> {
  const text = await readFile(report, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : parseTestReport(text);
}

function countOf({ numPassedTests, numFailedTests, numPendingTests }: TestReport): Count {
  return { passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests };
}
