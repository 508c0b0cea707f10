import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { z } from 'zod';

/**
 * What `./scripts/test` tells of the suite at its end, out of vitest's JSON report. Logs are cut at their front as a
 * rule: what failed is said where it is still to be seen. The shape: vitest.dev/guide/reporters#json-reporter
 */
const testReport = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.enum(['passed', 'failed']),
      /** Why the file failed outside its tests: it did not load, or a hook failed. Empty otherwise. */
      message: z.string(),
      /** Milliseconds since 1970, of its tests: imports and hooks before the first are not in it. */
      startTime: z.number(),
      endTime: z.number(),
      assertionResults: z.array(
        z.object({ fullName: z.string(), status: z.string(), failureMessages: z.array(z.string()) }),
      ),
    }),
  ),
});
export type TestReport = z.infer<typeof testReport>;

const linesOfMessage = 12;
const widthOfLine = 200;
const filesShown = 10;

/** @throws ZodError when it is no report of vitest's. */
export function parseTestReport(json: string): TestReport {
  return testReport.parse(JSON.parse(json));
}

/** A line `file > full name` for each failed test, and for each file that failed outside its tests; below it the first lines of why. */
export function failedTests(report: TestReport, root: string): readonly string[] {
  return report.testResults.flatMap((file) => {
    if (file.status === 'passed') return [];
    const path = relative(root, file.name);
    const failed = file.assertionResults.filter(({ status }) => status === 'failed');
    const lines = failed.flatMap(({ fullName, failureMessages }) => [
      `✗ ${path} > ${fullName}`,
      ...firstLines(failureMessages.join('\n')),
    ]);
    if (file.message === '' && failed.length > 0) return lines;
    // Without a test that failed there is another reason: it did not load, a hook failed, or its process ended early.
    return [`✗ ${path}`, ...firstLines(file.message === '' ? 'it did not come to its end' : file.message), ...lines];
  });
}

/** The files whose tests took longest, a line each. */
export function slowestFiles(report: TestReport, root: string): readonly string[] {
  return report.testResults
    .map(({ name, startTime, endTime }) => ({ path: relative(root, name), seconds: (endTime - startTime) / 1000 }))
    .toSorted((a, b) => b.seconds - a.seconds)
    .slice(0, filesShown)
    .map(({ path, seconds }) => `${seconds.toFixed(1).padStart(7)} s  ${path}`);
}

/** The last lines of what a program printed, indented. */
export function lastLines(output: string): readonly string[] {
  return shown(output).slice(-2 * linesOfMessage);
}

/** Frames inside packages say nothing about the test. */
function firstLines(message: string): readonly string[] {
  return shown(message)
    .filter((line) => !/^\s+at .*(?:node_modules|node:)/.test(line))
    .slice(0, linesOfMessage);
}

function shown(text: string): readonly string[] {
  return stripVTControlCharacters(text)
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => `    ${line.length > widthOfLine ? `${line.slice(0, widthOfLine)}…` : line}`);
}
