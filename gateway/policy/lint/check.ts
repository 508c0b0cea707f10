import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { BundleSources } from '../build/interface.ts';
import { execute, type Where } from '../build/opa.ts';
import { ownFolders } from '../build/pack.ts';
import { isDataFile, isPolicySource, isTestSource, originsOf, stageSources } from '../build/stage.ts';
import { builtInProblems } from './built-ins.ts';
import { dataPathProblems } from './data-paths.ts';
import { duplicateIds, findingProblems } from './findings.ts';
import { readLabelData } from './label-data.ts';
import { literalProblems } from './literals.ts';
import { neverProblems } from './never.ts';
import { numberProblems } from './numbers.ts';
import type { Problem } from './problem.ts';
import { sharedNames } from './shared-names.ts';
import { opaProblems, readSources } from './sources.ts';

/**
 * Everything that is wrong with these policies and can be seen without running them, in the order of files and lines:
 * what `opa check --strict` says against the typed inputs, and what it cannot see.
 * @throws SallyportError `opa-failed` when there is nothing to check
 */
export async function checkPolicies(
  sources: BundleSources,
  opa: string,
  signal?: AbortSignal,
): Promise<readonly Problem[]> {
  const where = { signal };
  const { modules, data, problems } = await readSources(opa, sources.policies, where);
  // What other bundles bring is there when the rules run.
  const others = sources.testData?.length ? await originsOf(sources.testData, isDataFile) : [];
  const labelData = await readLabelData([...data, ...others]);
  const { labels } = labelData;
  const ours = [
    ...problems,
    ...labelData.problems,
    ...dataPathProblems(modules, labelData),
    ...duplicateIds(modules),
    ...sharedNames(modules),
    ...modules.flatMap((module) => [
      ...findingProblems(module, labels),
      ...literalProblems(module, labels),
      ...builtInProblems(module),
      ...neverProblems(module),
      ...numberProblems(module),
    ]),
  ];
  const said = await strictCheck(sources, opa, where);
  // Where we know what to write instead, OPA's shorter word on the same place adds nothing.
  const news = said.filter((p) => !ours.some((o) => o.file === p.file && o.line === p.line));
  return [...ours, ...news].sort(byPlace);
}

/** On a copy: OPA would take every JSON file beside the policies for data. */
async function strictCheck(sources: BundleSources, opa: string, where: Where): Promise<readonly Problem[]> {
  const work = await mkdtemp(join(tmpdir(), 'sallyport-check-'));
  try {
    const origins = new Map<string, string>();
    for (const [folder, folders, wanted] of [
      ['policies', sources.policies, isPolicySource],
      ['tests', sources.tests, isTestSource],
    ] as const) {
      if (folders.length === 0) continue;
      await stageSources(folders, join(work, folder), wanted);
      for (const [name, path] of await originsOf(folders, wanted)) origins.set(`${folder}/${name}`, path);
    }
    const typed = ['--schema', resolve(sources.schemas), '--capabilities', resolve(sources.capabilities)];
    const folders = ['policies', ...(sources.tests.length === 0 ? [] : ['tests'])];
    const run = await execute(opa, ['check', '-f', 'json', '--strict', ...typed, ...folders], { ...where, cwd: work });
    if (run.ok) return [];
    const said = run.stderr.trim() || run.stdout.trim() || run.error.message;
    return opaProblems(said, ownFolders(sources.policies)[0] ?? '', (file) => origins.get(file) ?? file);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function byPlace(a: Problem, b: Problem): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}
