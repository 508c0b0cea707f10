import { z } from 'zod';
import { SallyportError } from '../../contract/errors.ts';
import { execute, testCommand, type Where } from './opa.ts';
import { failuresOnWasm, type PassedTest } from './tests-on-wasm.ts';

const testResult = z.looseObject({
  package: z.string(),
  name: z.string(),
  fail: z.unknown().optional(),
  error: z.unknown().optional(),
  sub_results: z.record(z.string(), z.unknown()).optional(),
});
const testReport = z.array(testResult).nullable();

/**
 * The tests on OPA's own engine.
 * @param rules how OPA is told what rules may call: `--capabilities FILE`
 * @param folders the staged sources, below `where.cwd`
 * @returns those that passed: all of them, since one that its name leaves out (`todo_`) fails as well
 * @throws SallyportError `opa-failed` when one did not pass, or none ran
 */
export async function runTests(
  opa: string,
  rules: readonly string[],
  folders: readonly string[],
  where: Where,
): Promise<readonly PassedTest[]> {
  const run = await execute(opa, [...testCommand, ...rules, ...folders], where);
  const results = readReport(run.stdout);
  refuse(
    (results ?? []).flatMap((r) => {
      if (r.error !== undefined) return [`${fullName(r)} (${whyOf(r.error)})`];
      return r.fail === undefined ? [] : [fullName(r)];
    }),
  );
  if (!run.ok) throw new SallyportError('opa-failed', `opa test: ${run.stderr.trim() || run.stdout.trim()}`);
  if (!results?.length) throw new SallyportError('opa-failed', 'no policy test ran: an untested policy does not ship');
  return results;
}

/**
 * The same tests on WebAssembly.
 * @param work a folder for what OPA writes
 * @param tests what `runTests` returned
 * @throws SallyportError `opa-failed` when one did not pass
 */
export async function runTestsOnWasm(
  opa: string,
  work: string,
  rules: readonly string[],
  folders: readonly string[],
  tests: readonly PassedTest[],
  where: Where,
): Promise<void> {
  const failures = await failuresOnWasm(opa, work, rules, folders, tests, where);
  if (failures !== undefined) return refuse(failures.map((test) => `${fullName(test)} (on WebAssembly)`));
  await runTests(opa, ['--target', 'wasm', ...rules], folders, where);
}

function fullName({ package: home, name }: PassedTest): string {
  return `${home}.${name}`;
}

/** What broke a test off. */
function whyOf(error: unknown): string {
  const read = z.object({ message: z.string() }).safeParse(error);
  return read.success ? read.data.message : JSON.stringify(error);
}

function refuse(names: readonly string[]): void {
  if (names.length === 0) return;
  throw new SallyportError('opa-failed', `${String(names.length)} policy tests failed: ${names.join(', ')}`);
}

function readReport(stdout: string): z.infer<typeof testReport> {
  try {
    return testReport.parse(JSON.parse(stdout));
  } catch {
    return null; // OPA said something else, and the caller shows it
  }
}
