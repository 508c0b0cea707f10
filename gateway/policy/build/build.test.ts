import { chmod, cp, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generateSigningKey } from '../bundle/keys.ts';
import { verifyBundle } from '../bundle/verify.ts';
import { defaultSources, key, manifest, root, someTimeMs, temporaryFolder } from '../fixtures.ts';
import { tryBundles } from '../trial.ts';
import { buildBundle, type BuildOptions } from './build.ts';
import { buildData } from './data-bundle.ts';
import type { BuildStep } from './interface.ts';
import { execute, findOpa, opaVersion, runOpa } from './opa.ts';
import { sourcesDigest } from './stage.ts';

let opa: string;
let home: Awaited<ReturnType<typeof temporaryFolder>>;
let turn = 0;

beforeAll(async () => {
  home = await temporaryFolder();
  opa = await findOpa(process.env);
});
afterAll(() => home[Symbol.asyncDispose]());

const options = (changes: Partial<BuildOptions> = {}): BuildOptions => ({
  sources: defaultSources,
  out: join(home.path, `${turn++}.tar.gz`),
  key: key.signing,
  sequence: 3,
  builtAtMs: someTimeMs,
  expiresAtMs: someTimeMs + 1_000,
  opa,
  ...changes,
});

/** The default sources with one more rule file and one more test file. */
async function extended(rule: string, unitTest = ''): Promise<BuildOptions> {
  const folder = join(home.path, `extra${turn++}`);
  await mkdir(join(folder, 'policies'), { recursive: true });
  await mkdir(join(folder, 'tests'), { recursive: true });
  await writeFile(join(folder, 'policies/extra.rego'), rule);
  if (unitTest !== '') await writeFile(join(folder, 'tests/extra_test.rego'), unitTest);
  const policies = [...defaultSources.policies, join(folder, 'policies')];
  return options({ sources: { ...defaultSources, policies, tests: [...defaultSources.tests, join(folder, 'tests')] } });
}

test('the default pack is checked, tested on both engines, compiled and signed', async () => {
  const steps: BuildStep[] = [];
  const eddsa = generateSigningKey('steady', 'EdDSA');
  const built = await buildBundle(options({ key: eddsa.signing, onStep: (step) => steps.push(step) }));
  expect(steps).toEqual(['check', 'test', 'test-wasm', 'compile', 'sign']);
  expect(built.tests).toBeGreaterThan(40);

  const expected = { keys: [eddsa.trusted], nowMs: someTimeMs, minSequence: 3 };
  const { manifest } = await verifyBundle(await readFile(built.out), expected);
  expect(manifest.revision).toBe(built.revision);
  expect(manifest.metadata).toMatchObject({ sequence: 3, opa: opaVersion, built_at: '2026-01-05T12:34:56.000Z' });
  expect(manifest.metadata.sources).toBe(await sourcesDigest(defaultSources.policies));

  // Rules that read what changes from one command to the next would part the decision cache by it. Look-ups are 0 but for commands that make some.
  const varying = /^$|^command$|^command\.(params|transaction|batch)|^session(?!\.lookups$)|^now/;
  const reads = Object.values(built.reads).flat();
  expect(reads).toContain('command.filters');
  expect(reads.filter((path) => varying.test(path))).toEqual([]);

  const again = await buildBundle(options({ key: eddsa.signing }));
  expect(again.digest).toBe(built.digest); // the same sources give the same bytes
});

test('rules and the data of others are built apart, and go together for OPA as they do for us', async () => {
  const [policies, data] = [join(home.path, 'apart/policies'), join(home.path, 'apart/data')];
  await cp(join(root, 'policies'), policies, { recursive: true });
  await mkdir(data, { recursive: true });
  await rename(join(policies, 'columns'), join(data, 'columns'));
  const sources = { ...defaultSources, policies: [policies], testData: [data] };
  const rules = await buildBundle(options({ sources, roots: ['labels'] }));
  const { signing, trusted } = generateSigningKey('team');
  const columns = await buildData({ ...options({ key: signing }), data: [data], roots: ['columns'] });
  const greedy = await buildData({ ...options({ key: signing }), data: [data], roots: ['columns', 'labels'] });

  const together = async (other: string, ...roots: readonly string[]) =>
    tryBundles(
      [
        { name: 'rules', archive: await readFile(rules.out), keys: [key.trusted], minSequence: 0, roots: undefined },
        { name: 'columns', archive: await readFile(other), keys: [trusted], minSequence: 0, roots },
      ],
      someTimeMs,
    );
  const byOpa = (other: string) => runOpa(opa, ['eval', '-b', rules.out, '-b', other, 'data']);
  const { labels } = await together(columns.out, 'columns');
  expect(labels.columnsOf('crm').size).toBeGreaterThan(0);
  await expect(byOpa(columns.out)).resolves.toBeDefined();
  await expect(together(greedy.out, 'columns', 'labels')).rejects.toThrow('(root labels) overlap');
  await expect(byOpa(greedy.out)).rejects.toThrow('root labels is in multiple bundles');

  // OPA's own build of the same data does as well, with our metadata in its manifest.
  const { format, sequence, built_at, expires_at } = manifest.metadata;
  const written = { roots: ['columns'], revision: 'opa', metadata: { format, sequence, built_at, expires_at } };
  await writeFile(join(data, '.manifest'), JSON.stringify(written));
  const [pem, byThem] = [join(home.path, 'team.pem'), join(home.path, 'opa.tar.gz')];
  await writeFile(pem, signing.privateKeyPem);
  const flags = ['--signing-key', pem, '--signing-alg', 'ES256', '--verification-key-id', 'team'];
  await runOpa(opa, ['build', '-b', data, ...flags, '-o', byThem]);
  expect((await together(byThem, 'columns')).engine.revision).toMatch(/\+columns:opa$/);

  await expect(buildData({ ...options(), data: [data], roots: ['columns/hr'] })).rejects.toMatchObject({
    code: 'opa-failed',
  });
});

const mistakes: readonly (readonly [string, string, string])[] = [
  ['a misspelt input path', 'input.command.actoin == "read"', 'actoin'],
  ['a built-in that nobody has', 'sprintf("%d", [1]) == "1"', 'sprintf'],
  ['a clock', 'time.now_ns() > 0', 'time.now_ns'],
  ['a syntax error', 'input.command.action ==', 'unexpected'],
  ['an unused variable', 'x := 1', 'unused'],
];

test.each(mistakes)('%s fails the build', async (_what, body, said) => {
  const rule = `package rules.postgres\n\ndeny contains {"id": "T-1", "msg": "no"} if {\n\t${body}\n}\n`;
  await expect(buildBundle(await extended(rule))).rejects.toMatchObject({
    code: 'opa-failed',
    message: expect.stringContaining(said) as string,
  });
});

test('a failing policy test fails the build, and names it', async () => {
  const unitTest = 'package extra_test\n\ntest_never if 1 == 2\n';
  await expect(buildBundle(await extended('package extra\n', unitTest))).rejects.toMatchObject({
    code: 'opa-failed',
    message: expect.stringContaining('extra_test.test_never') as string,
  });
});

test('a build in which no test ran fails', async () => {
  const empty = join(home.path, 'empty');
  await mkdir(empty, { recursive: true });
  await writeFile(join(empty, 'helpers.rego'), 'package helpers\n');
  const sources = { ...defaultSources, tests: [empty] };
  await expect(buildBundle(options({ sources }))).rejects.toMatchObject({
    code: 'opa-failed',
    message: expect.stringContaining('no policy test ran') as string,
  });
});

test('two sources with the same file are refused: one of them would be lost', async () => {
  const twin = join(home.path, 'twin');
  await cp(join(root, 'policies/labels'), join(twin, 'labels'), { recursive: true });
  const sources = { ...defaultSources, policies: [...defaultSources.policies, twin] };
  await expect(buildBundle(options({ sources }))).rejects.toThrow('labels/data.yaml is in');
});

test('without OPA the error says what was tried', async () => {
  await expect(findOpa({ SALLYPORT_OPA: '/nowhere/opa' })).rejects.toMatchObject({
    code: 'opa-unavailable',
    message: expect.stringContaining('/nowhere/opa (cannot be run)') as string,
  });
  await expect(findOpa({ PATH: '/nowhere', XDG_CACHE_HOME: '/void' })).rejects.toThrow(
    '/nowhere/opa (cannot be run), /void/sallyport/opa-1.22.0/opa (cannot be run)',
  );
});

test('an OPA of another version is not taken', async () => {
  const folder = join(home.path, 'bin');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'opa'), '#!/bin/sh\necho "Version: 0.1.0"\n');
  await chmod(join(folder, 'opa'), 0o755);
  await expect(findOpa({ PATH: folder, XDG_CACHE_HOME: '/void' })).rejects.toThrow('(version 0.1.0)');
});

test('policies and their tests are formatted', async () => {
  const run = await execute(opa, ['fmt', '--list', '--fail', join(root, 'policies'), join(root, 'policy-tests')]);
  expect(run).toMatchObject({ ok: true });
});
