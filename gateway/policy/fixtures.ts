import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packBundle } from './build/build.ts';
import type { BundleSources } from './build/interface.ts';
import { findOpa, opaVersion, runOpa } from './build/opa.ts';
import { packSigned } from './build/signed.ts';
import { generateSigningKey, type SigningKey } from './bundle/keys.ts';
import type { DataManifest, Manifest } from './bundle/manifest.ts';
import { gunzipCapped } from './bundle/read.ts';
import { readTar } from './bundle/tar.ts';
import { decisionEntrypoints } from './engine/entrypoints.ts';
import { buildOnce } from './kept-bundles.ts';
import { entrypoints } from './schema/json-schema.ts';

/** For the tests of this room: bundles to start from. Frames and commands are in `testing/commands.ts`. */
export const root = fileURLToPath(new URL('../../', import.meta.url));
export const key = generateSigningKey('test');
/** A time within every test bundle's life. */
export const someTimeMs = Date.UTC(2026, 0, 5, 12, 34, 56);

export const defaultSources: BundleSources = {
  policies: [join(root, 'policies')],
  tests: [join(root, 'policy-tests')],
  schemas: join(root, 'policies/schemas'),
  capabilities: join(root, 'policies/capabilities.json'),
};

type Environment = Readonly<Record<string, string | undefined>>;

/** A folder that goes away with `await using`. */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'sallyport-test-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** The default pack, built and signed as it ships. */
export async function defaultBundle(env: Environment, out: string): Promise<Buffer> {
  await buildOnce(env, {
    sources: defaultSources,
    out,
    key: key.signing,
    sequence: 1,
    builtAtMs: someTimeMs,
    expiresAtMs: someTimeMs + 86_400_000,
    opa: await findOpa(env),
  });
  return readFile(out);
}

export const manifest: Manifest = {
  revision: 'test',
  roots: [''],
  rego_version: 1,
  wasm: decisionEntrypoints.map((entrypoint) => ({ entrypoint, module: '/policy.wasm' })),
  metadata: {
    format: 1,
    sequence: 1,
    built_at: new Date(someTimeMs).toISOString(),
    expires_at: new Date(someTimeMs + 86_400_000).toISOString(),
    sources: '0'.repeat(64),
    opa: opaVersion,
    reads: {},
  },
};

/** Policies of a test's own, compiled and signed without the builder's checks: for bundles that it would refuse. */
export async function compileRego(env: Environment, files: Readonly<Record<string, string>>): Promise<Buffer> {
  await using folder = await temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder.path, name)), { recursive: true });
    await writeFile(join(folder.path, name), text);
  }
  const out = join(folder.path, 'out.tar.gz');
  const entrypoints = decisionEntrypoints.flatMap((name) => ['-e', name]);
  await runOpa(await findOpa(env), ['build', '-t', 'wasm', ...entrypoints, '-o', out, folder.path]);
  const wasm = readTar(gunzipCapped(await readFile(out), 64 << 20), 100).get('policy.wasm');
  if (wasm === undefined) throw new TypeError('no policy.wasm');
  return wasm;
}

/** Rego in which each entrypoint's decision is this expression. */
export function decidingBy(decision: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    entrypoints.map((name) => [
      `${name}.rego`,
      `package sallyport.${name}\n\nimport data.sets\n\ndecision := ${decision}\n`,
    ]),
  );
}

/** The plainest allow that can be read, with `more` fields in place of its own. */
export function allowing(more: Readonly<Record<string, string>> = {}): string {
  const fields: Readonly<Record<string, string>> = {
    v: '1',
    request_id: 'input.request_id',
    effect: '"allow"',
    findings: findings(),
    masks: '{}',
    approval: 'null',
    limits: '{}',
    ...more,
  };
  return `{${Object.entries(fields)
    .map(([name, value]) => `"${name}": ${value}`)
    .join(', ')}}`;
}

/** The six sets with these in place of empty ones; what allows is there unless told. */
export function findings(more: Readonly<Record<string, string>> = {}): string {
  const sets: Readonly<Record<string, string>> = {
    allow: '[{"id": "T-1", "msg": "yes"}]',
    deny: '[]',
    approve: '[]',
    mask: '[]',
    limit: '[]',
    notify: '[]',
    ...more,
  };
  return `{${Object.entries(sets)
    .map(([name, value]) => `"${name}": ${value}`)
    .join(', ')}}`;
}

export function signedBundle(
  wasm: Buffer,
  changes: {
    readonly revision?: string;
    readonly metadata?: Partial<Manifest['metadata']>;
    readonly data?: string;
    readonly roots?: readonly string[];
  } = {},
): Promise<Buffer> {
  const { revision = manifest.revision, metadata, data = '{}', roots = manifest.roots } = changes;
  const changed = { ...manifest, revision, roots, metadata: { ...manifest.metadata, ...metadata } };
  return packBundle(changed, wasm, Buffer.from(data), { key: key.signing });
}

/** A bundle of data alone, to go with one that has rules. */
export function signedData(
  data: string,
  changes: { readonly roots: readonly string[] } & Partial<Omit<DataManifest, 'metadata'>> & {
      readonly metadata?: Partial<DataManifest['metadata']>;
      readonly files?: Readonly<Record<string, string>>;
      readonly by?: SigningKey;
    },
): Promise<Buffer> {
  const { metadata, files = {}, by = key.signing, ...fields } = changes;
  const { format, sequence, built_at, expires_at } = manifest.metadata;
  const life = { format, sequence, built_at, expires_at, ...metadata };
  const more = Object.entries(files).map(([name, text]) => [name, Buffer.from(text)] as const);
  const own = Buffer.from(JSON.stringify({ revision: 'data', ...fields, metadata: life }));
  return packSigned(new Map([['data.json', Buffer.from(data)], ['.manifest', own], ...more]), by);
}

/** Keys and elements in one order: JSON has no sets, so nobody can tell which array was one. */
export function unordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => JSON.stringify(unordered(item))).sort();
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, unordered(inner)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
