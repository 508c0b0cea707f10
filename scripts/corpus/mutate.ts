import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execute, findOpa } from '../../gateway/policy/build/opa.ts';
import { mutantsOf, policyMutantsOf, whyEquivalent, type Mutant } from './mutants.ts';

/** What the tests said to a rule that was switched off. */
export type Verdict = 'noticed' | 'survived' | 'equivalent';
export interface MutantResult {
  readonly mutant: Mutant;
  readonly verdict: Verdict;
}

const root = join(import.meta.dirname, '../..');
const analysis = 'gateway/facts/sql';
/** The pure tests of the analysis: seconds, and no server. */
const suite = [
  'bypass',
  'rules',
  'look-up',
  'corpus',
  'catalog/labels',
  'lineage/function-body',
  'text/plain-outline',
].map((name) => `${analysis}/${name}.test.ts`);
const policies = 'policies/rules/postgres';

/** Every rule that there is: of the analysis, then of the default pack. */
export async function allMutants(): Promise<readonly Mutant[]> {
  const names = (await readdir(join(root, analysis), { recursive: true }))
    .filter((name) => /(?<!\.test)\.ts$/.test(name))
    .sort();
  const sources = names.map(async (name) => {
    const file = `${analysis}/${name}`;
    return mutantsOf(file, await readFile(join(root, file), 'utf8'));
  });
  const packs = (await readdir(join(root, policies))).filter((name) => name.endsWith('.rego')).sort();
  const rules = packs.map(async (name) => {
    const file = `${policies}/${name}`;
    return policyMutantsOf(file, await readFile(join(root, file), 'utf8'));
  });
  return (await Promise.all([...sources, ...rules])).flat();
}

/** Runs the tests against each mutant, in a copy of the sources. @throws Error when they fail without one */
export async function runMutants(
  mutants: readonly Mutant[],
  onResult: (result: MutantResult, done: number) => void = () => undefined,
  signal?: AbortSignal,
): Promise<readonly MutantResult[]> {
  await using workshop = await openWorkshop();
  const kinds = new Set(mutants.map(isPolicy));
  for (const policy of kinds) {
    const failure = await workshop.failure(policy);
    if (failure !== undefined) throw new Error(`the tests fail already without a mutant: ${failure}`);
  }
  const results: MutantResult[] = [];
  for (const mutant of mutants) {
    signal?.throwIfAborted();
    const whole = await readFile(join(root, mutant.file), 'utf8');
    await writeFile(join(workshop.dir, mutant.file), mutant.source);
    const noticed = (await workshop.failure(isPolicy(mutant))) !== undefined;
    await writeFile(join(workshop.dir, mutant.file), whole);
    const result: MutantResult = {
      mutant,
      verdict: noticed ? 'noticed' : whyEquivalent(mutant) === undefined ? 'survived' : 'equivalent',
    };
    results.push(result);
    onResult(result, results.length);
  }
  return results;
}

function isPolicy({ file }: Mutant): boolean {
  return file.endsWith('.rego');
}

/** Lies beside the policies, and is none. */
const notPolicies = ['--ignore', 'schemas', '--ignore', 'capabilities.json'];

interface Workshop extends AsyncDisposable {
  readonly dir: string;
  /** What a test that fails on what stands there now has to say. */
  failure(policy: boolean): Promise<string | undefined>;
}

async function openWorkshop(): Promise<Workshop> {
  const dir = await mkdtemp(join(tmpdir(), 'sallyport-mutants-'));
  for (const part of ['gateway/contract', 'gateway/facts', 'gateway/testing/seed.ts', 'policies', 'policy-tests'])
    await cp(join(root, part), join(dir, part), { recursive: true });
  await symlink(join(root, 'node_modules'), join(dir, 'node_modules'));
  await writeFile(join(dir, 'package.json'), '{"type":"module"}');
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  // One process for all files: starting is half of the time.
  const flags = ['run', '--root', dir, '--bail', '1', '--no-isolate', '--maxWorkers', '1', '--testTimeout', '60000'];
  const rego = (await readdir(join(dir, 'policy-tests'), { recursive: true }))
    .filter((name) => name.endsWith('.rego'))
    .map((name) => join('policy-tests', name));
  const opa = await findOpa(process.env);
  return {
    dir,
    failure: async (policy) => {
      if (policy) {
        const run = await execute(opa, ['test', ...notPolicies, 'policies', ...rego], { cwd: dir });
        return run.ok ? undefined : run.stdout.slice(-2_000);
      }
      return new Promise((resolve) => {
        execFile(process.execPath, [vitest, ...flags, ...suite], { cwd: dir, maxBuffer: 64 << 20 }, (error, said) =>
          resolve(error === null ? undefined : said.slice(-2_000)),
        );
      });
    },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}
