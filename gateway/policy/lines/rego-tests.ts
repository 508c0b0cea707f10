import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { SallyportError } from '../../contract/errors.ts';
import type { BundleSources } from '../build/interface.ts';
import { execute, testCommand } from '../build/opa.ts';
import { isPacked } from '../build/pack.ts';
import { failuresOnWasm } from '../build/tests-on-wasm.ts';
import { isPolicySource, isTestSource, originsOf, stageSources, stageTestData } from '../build/stage.ts';
import type { Lines } from './coverage.ts';
import type { TestCase } from './report.ts';

/** What runs the Rego: OPA's own engine, which is always asked first, or the gateway's, on what passed there. */
export const regoTargets = ['topdown', 'wasm'] as const;
export type RegoTarget = (typeof regoTargets)[number];

const result = z.looseObject({
  location: z.object({ file: z.string(), row: z.int() }),
  package: z.string(),
  name: z.string(),
  duration: z.number().default(0),
  fail: z.unknown().optional(),
  error: z.unknown().optional(),
  skip: z.boolean().optional(),
  sub_results: z.record(z.string(), z.unknown()).optional(),
});
const report = z.array(result).nullable();
type Result = z.infer<typeof result>;

const range = z.object({ start: z.object({ row: z.int() }), end: z.object({ row: z.int() }) });
const coverage = z.object({
  files: z.record(z.string(), z.object({ covered: z.array(range).nullish(), not_covered: z.array(range).nullish() })),
});

export interface RegoRun {
  readonly cases: readonly TestCase[];
  /** Lines of the policies that are no pack's, by the path of their file. Undefined for a choice of tests, and where one failed: OPA tells of whole runs only. */
  readonly coverage: { readonly covered: Lines; readonly missed: Lines } | undefined;
}

/**
 * The Rego tests on each target, and which lines of the policies they went through.
 * @param filter part of the names of those to run
 * @throws SallyportError `opa-failed` when OPA cannot run them
 */
export async function runRegoTests(
  sources: BundleSources,
  targets: readonly RegoTarget[],
  opa: string,
  filter?: string,
  signal?: AbortSignal,
): Promise<RegoRun> {
  const work = await mkdtemp(join(tmpdir(), 'sallyport-test-'));
  try {
    const origins = new Map<string, string>();
    const staged: string[] = [];
    for (const [folder, folders, wanted] of [
      ['policies', sources.policies, isPolicySource],
      ['tests', sources.tests, isTestSource],
    ] as const) {
      const found = await originsOf(folders, wanted).catch(() => []); // a directory of lines alone holds no Rego
      if (found.length === 0) continue;
      await stageSources(folders, join(work, folder), wanted);
      staged.push(folder);
      for (const [name, path] of found) origins.set(`${folder}/${name}`, path);
    }
    const beside = staged.at(-1);
    if (beside !== undefined) await stageTestData(sources.testData ?? [], join(work, beside));
    const only = filter === undefined ? [] : ['--run', `(?i)${quoted(filter)}`];
    const rules = ['--capabilities', resolve(sources.capabilities)];
    const common = [...testCommand, ...only, ...rules];
    const run = (...args: readonly string[]) => execute(opa, [...common, ...args, ...staged], { cwd: work, signal });
    const resultsOn = async (...args: readonly string[]): Promise<readonly Result[]> => {
      const ran = await run(...args);
      const read = report.safeParse(jsonOf(ran.stdout));
      if (!read.success) throw failed(ran.ok ? ran.stdout : ran.stderr);
      return read.data ?? [];
    };
    const there = await resultsOn();
    const cases = there.map((one) => caseOf(one, 'topdown', origins));
    if (targets.includes('wasm')) {
      const passed = there.filter((one) => one.skip !== true && one.fail === undefined && one.error === undefined);
      const failures = await failuresOnWasm(opa, work, rules, staged, passed, { cwd: work, signal });
      const here = failures === undefined ? await resultsOn('--target', 'wasm') : onWasm(passed, failures);
      cases.push(...here.map((one) => caseOf(one, 'wasm', origins)));
    }
    const said = filter === undefined ? (await run('--coverage')).stdout : '';
    const read = coverage.safeParse(jsonOf(said));
    const own = new Map([...origins].filter(([, path]) => !isPacked(path, sources.policies)));
    return { cases, coverage: read.success ? linesOf(read.data, own) : undefined };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** What failed on OPA's own engine is told of that one: the answers could not be compared. */
function onWasm(passed: readonly Result[], failures: readonly Result[]): readonly Result[] {
  const error = { message: 'passed on OPA’s own engine, and not on the gateway’s' };
  return passed.map((one) => ({ ...one, duration: 0, ...(failures.includes(one) && { error }) }));
}

function caseOf(one: Result, target: RegoTarget, origins: ReadonlyMap<string, string>): TestCase {
  const { location, name, duration, fail, error, skip } = one;
  const bad = fail !== undefined || error !== undefined;
  const why =
    error === undefined ? 'no solution: some expression of the test is false or undefined' : JSON.stringify(error);
  return {
    suite: origins.get(location.file) ?? location.file,
    line: location.row,
    name: `${one.package.replace(/^data\./, '')}.${name}`,
    on: target,
    durationMs: duration / 1e6,
    status: skip === true ? 'skipped' : bad ? 'failed' : 'passed',
    details: bad ? [why] : [],
  };
}

function linesOf({ files }: z.infer<typeof coverage>, origins: ReadonlyMap<string, string>): RegoRun['coverage'] {
  const covered = new Map<string, Set<number>>();
  const missed = new Map<string, Set<number>>();
  for (const [name, file] of Object.entries(files)) {
    const path = origins.get(name);
    if (path === undefined || !name.startsWith('policies/')) continue;
    covered.set(path, rowsOf(file.covered ?? []));
    missed.set(path, rowsOf(file.not_covered ?? []));
  }
  return { covered, missed };
}

function rowsOf(ranges: readonly z.infer<typeof range>[]): Set<number> {
  return new Set(
    ranges.flatMap(({ start, end }) => Array.from({ length: end.row - start.row + 1 }, (_, i) => start.row + i)),
  );
}

function quoted(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

function failed(said: string): SallyportError {
  return new SallyportError('opa-failed', `opa test: ${said.trim() || 'no report'}`);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // OPA said something else; the caller shows it
  }
}
