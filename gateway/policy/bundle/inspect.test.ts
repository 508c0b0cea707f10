import { expect, test } from 'vitest';
import { signedBundle } from '../fixtures.ts';
import { diffBundles, isEmptyDiff } from './diff.ts';
import { inspectBundle } from './inspect.ts';
import type { BundleRule } from './manifest.ts';

const wasm = Buffer.from('what is inspected is not run');
const rule = (name: string, id: string | undefined, digest: string, line = 1): BundleRule => ({
  name: `rules.postgres.${name}`,
  ...(id !== undefined && { id, title: `about ${id}` }),
  file: 'rules/postgres/access.rego',
  line,
  digest: digest.padEnd(16, '0'),
});

async function bundle(rules: readonly BundleRule[], data: object = {}, reads: Record<string, string[]> = {}) {
  return inspectBundle(await signedBundle(wasm, { metadata: { rules, reads }, data: JSON.stringify(data) }));
}

test('a bundle says what is in it, and who says to have signed it', async () => {
  const data = { labels: { pii: { mask: 'redact', readers: [] } }, columns: { crm: { 'a.b.c': ['pii'] } }, limit: 7 };
  expect(await bundle([rule('deny', 'T-1', 'a')], data)).toMatchObject({
    revision: 'test',
    signature: { keyId: 'test', algorithm: 'ES256' },
    entrypoints: [
      'sallyport/postgres/decision',
      'sallyport/ssh/decision',
      'sallyport/session/decision',
      'sallyport/admin/decision',
    ],
    rules: [{ id: 'T-1', title: 'about T-1', file: 'rules/postgres/access.rego', line: 1 }],
    labels: { pii: { mask: 'redact' } },
    columns: { crm: { 'a.b.c': ['pii'] } },
    data: { limit: 7 },
    canaries: 0,
    sizes: { files: { 'policy.wasm': wasm.length } },
  });
});

test('a bundle and itself do not differ', async () => {
  const one = await bundle([rule('deny', 'T-1', 'a')], { labels: {} });
  expect(isEmptyDiff(diffBundles(one, one))).toBe(true);
});

test('rules that came, went and changed are told apart, by id', async () => {
  const before = await bundle([rule('deny', 'T-1', 'a'), rule('deny', 'T-2', 'b'), rule('allow', 'T-3', 'c')]);
  const after = await bundle([rule('deny', 'T-1', 'a'), rule('allow', 'T-3', 'd'), rule('allow', 'T-4', 'e')]);
  const { rules } = diffBundles(before, after);
  expect(rules.added.map((r) => r.id)).toEqual(['T-4']);
  expect(rules.removed.map((r) => r.id)).toEqual(['T-2']);
  expect(rules.changed.map((r) => r.id)).toEqual(['T-3']);
});

const hidden: readonly (readonly [string, readonly BundleRule[], readonly BundleRule[]])[] = [
  ['a helper that rules use', [rule('is_odd', undefined, 'a')], [rule('is_odd', undefined, 'b')]],
  ['a finding whose id is computed', [rule('deny', undefined, 'a')], [rule('deny', undefined, 'b')]],
  [
    'a second definition under a known id',
    [rule('allow', 'T-1', 'a')],
    [rule('allow', 'T-1', 'a'), rule('allow', 'T-1', 'b')],
  ],
];
test.each(hidden)('%s is a change, too', async (_what, before, after) => {
  expect(diffBundles(await bundle(before), await bundle(after)).rules.changed).toHaveLength(1);
});

test('an id that moves from deny to notify is one rule less and one more', async () => {
  const { rules } = diffBundles(await bundle([rule('deny', 'T-1', 'a')]), await bundle([rule('notify', 'T-1', 'a')]));
  expect([rules.added.length, rules.removed.length]).toEqual([1, 1]);
});

test('a rule that only moved did not change', async () => {
  const [before, after] = [await bundle([rule('deny', 'T-1', 'a', 3)]), await bundle([rule('deny', 'T-1', 'a', 9)])];
  expect(isEmptyDiff(diffBundles(before, after))).toBe(true);
});

test('labels, columns, other data and reads are compared', async () => {
  const label = (mask: string) => ({ pii: { mask, readers: [] } });
  const before = await bundle([], { labels: label('redact'), columns: { crm: { 'a.b.c': ['pii'] } }, limit: 7 });
  const later = { labels: label('partial'), columns: { crm: { 'a.b.d': ['pii'] } }, limit: 8 };
  const after = await bundle([], later, { 'sallyport/postgres/decision': ['now'] });
  expect(diffBundles(before, after)).toMatchObject({
    labels: { changed: [{ name: 'pii' }] },
    columns: {
      added: [{ name: 'crm a.b.d', before: '', after: '["pii"]' }],
      removed: [{ name: 'crm a.b.c', before: '["pii"]', after: '' }],
    },
    data: { changed: [{ name: 'limit', before: '7', after: '8' }] },
    reads: { added: [{ name: 'sallyport/postgres/decision input.now' }] },
  });
});

test('another version of a pack is a change', async () => {
  const built = async (version: string) =>
    inspectBundle(
      await signedBundle(Buffer.from('wasm'), {
        metadata: { rules: [], packs: [{ name: 'library', version, digest: 'a'.repeat(64) }] },
      }),
    );
  const [old, now] = [await built('1.0.0'), await built('1.1.0')];
  expect(diffBundles(old, now).packs.changed).toMatchObject([{ name: 'library' }]);
  expect(isEmptyDiff(diffBundles(old, now))).toBe(false);
  expect(isEmptyDiff(diffBundles(now, now))).toBe(true);
});

test('compiled policies that differ are never called the same', async () => {
  const one = await bundle([]);
  const other = inspectBundle(await signedBundle(Buffer.from('otherwise'), { metadata: { rules: [] } }));
  expect(isEmptyDiff(diffBundles(one, other))).toBe(false);
});
