import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { SallyportError } from '../../contract/errors.ts';
import type { BundlePack, Manifest } from '../bundle/manifest.ts';
import { ruleRoots } from '../bundle/merge.ts';
import { decisionEntrypoints } from '../engine/entrypoints.ts';
import { tryContent } from '../trial.ts';
import { stageCanaries } from './canaries.ts';
import { checkPolicies } from '../lint/check.ts';
import { problemLine } from '../lint/problem.ts';
import { compilePolicies } from './compile.ts';
import type { BuildOptions, BuiltBundle } from './interface.ts';
import { opaVersion } from './opa.ts';
import type { PolicyFolder } from './pack.ts';
import { readsOf } from './reads.ts';
import { rulesOf } from './rules.ts';
import { packSigned, writeBundle } from './signed.ts';
import { runTests, runTestsOnWasm } from './tests.ts';
import { isPolicySource, isTestSource, sourcesDigest, stageSources, stageTestData } from './stage.ts';

export type { BuildOptions, BuiltBundle } from './interface.ts';

/** Folders of the staged sources, below the build's own. */
const policies = 'policies';
const tests = 'tests';

/**
 * From Rego to a signed bundle: check against the input schemas and the capabilities, run the unit tests on OPA's own engine and on
 * ours, compile, judge the lines of the policy tests, list what the rules read, sign. The same sources, key and numbers give the same archive,
 * but for the signature of ES256, which is random by nature.
 * @throws SallyportError `opa-failed` with what OPA said; `bundle-invalid` when the result would not load
 */
export async function buildBundle(options: BuildOptions): Promise<BuiltBundle> {
  const work = await mkdtemp(join(tmpdir(), 'sallyport-build-'));
  try {
    return await buildIn(work, options);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function buildIn(work: string, options: BuildOptions): Promise<BuiltBundle> {
  const { sources, opa, signal, onStep } = options;
  const where = { cwd: work, signal };
  await stageSources(sources.policies, join(work, policies), isPolicySource);
  await stageSources(sources.tests, join(work, tests), isTestSource);
  await stageTestData(sources.testData ?? [], join(work, tests));
  await stageCanaries(sources.tests, join(work, policies));
  const roots = options.roots === undefined ? [''] : [...new Set([...ruleRoots, ...options.roots])];
  // OPA then refuses packages and data outside of them.
  await writeFile(join(work, policies, '.manifest'), JSON.stringify({ roots }));
  const rules = ['--capabilities', resolve(sources.capabilities)];

  onStep?.('check');
  const problems = (await checkPolicies(sources, opa, signal)).filter((problem) => problem.severity === 'error');
  if (problems.length > 0) throw new SallyportError('opa-failed', problems.map(problemLine).join('\n'));
  onStep?.('test');
  const ran = await runTests(opa, rules, [policies, tests], where);
  onStep?.('test-wasm');
  await runTestsOnWasm(opa, work, rules, [policies, tests], ran, where);
  onStep?.('compile');
  const { wasm, data } = await compilePolicies(opa, work, policies, rules, where);
  const reads: Record<string, string[]> = {};
  for (const entrypoint of decisionEntrypoints) reads[entrypoint] = await readsOf(opa, policies, entrypoint, where);

  const packs = await packsIn(sources.policies);
  const content = createHash('sha256').update(wasm).update('\0').update(data).digest('hex');
  const manifest: Manifest = {
    revision: options.revision ?? content.slice(0, 12),
    roots,
    rego_version: 1,
    wasm: decisionEntrypoints.map((entrypoint) => ({ entrypoint, module: '/policy.wasm' as const })),
    metadata: {
      format: 1,
      sequence: options.sequence,
      built_at: new Date(options.builtAtMs).toISOString(),
      expires_at: new Date(options.expiresAtMs).toISOString(),
      sources: await sourcesDigest(sources.policies),
      opa: opaVersion,
      ...(packs.length > 0 && { packs }),
      reads,
      rules: await rulesOf(opa, policies, where),
    },
  };
  const tried = tryContent({ manifest, wasm, data, keyId: options.key.id }); // what would not go live is not signed
  let lines = 0;
  if (options.runLines) {
    onStep?.('test-lines');
    lines = await options.runLines(tried);
  }
  onStep?.('sign');
  const archive = await packBundle(manifest, wasm, data, options);
  await writeBundle(options.out, archive);
  const digest = createHash('sha256').update(archive).digest('hex');
  const { out, sequence } = options;
  const { revision } = manifest;
  return { out, revision, sequence, digest, bytes: archive.length, tests: ran.length, lines, reads };
}

/** What the manifest says of the packs among these. */
async function packsIn(folders: readonly PolicyFolder[]): Promise<readonly BundlePack[]> {
  const packs = folders.filter((folder) => typeof folder !== 'string');
  return Promise.all(
    packs.map(async (pack) => ({
      name: pack.name,
      version: pack.version,
      digest: await sourcesDigest([pack]),
    })),
  );
}

/** The signed archive of these parts. */
export async function packBundle(
  manifest: Manifest,
  wasm: Buffer,
  data: Buffer,
  { key }: Pick<BuildOptions, 'key'>,
): Promise<Buffer> {
  const files = new Map([
    ['data.json', data],
    ['policy.wasm', wasm],
    ['.manifest', Buffer.from(JSON.stringify(manifest))],
  ]);
  return packSigned(files, key);
}
