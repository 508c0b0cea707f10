import { createHash } from 'node:crypto';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { generateSigningKey } from '../bundle/keys.ts';
import { key, signedBundle, someTimeMs, temporaryFolder } from '../fixtures.ts';
import { BundleArchive } from './archive.ts';
import { openPast } from './past.ts';

const digestOf = (archive: Buffer) => createHash('sha256').update(archive).digest('hex');
const bundleOf = (sequence: number, revision = `v${sequence}`) =>
  signedBundle(Buffer.from(`wasm ${sequence}`), { revision, metadata: { sequence } });

let home: Awaited<ReturnType<typeof temporaryFolder>>;
let dir: string;
let bundles: readonly Buffer[];
beforeAll(async () => {
  home = await temporaryFolder();
  dir = join(home.path, 'bundles');
  bundles = await Promise.all([1, 2, 3].map((sequence) => bundleOf(sequence)));
});
afterAll(() => home[Symbol.asyncDispose]());
beforeEach(() => rm(dir, { recursive: true, force: true }));

const plenty = { maxBundles: 100, maxBytes: 1 << 30 };
async function filled(limits = plenty): Promise<BundleArchive> {
  const archive = new BundleArchive(dir, limits);
  for (const [i, bundle] of bundles.entries()) await archive.keep(bundle, i + 1);
  return archive;
}

test('a bundle comes back as it was, by its digest and by its revision', async () => {
  const archive = await filled();
  const [first = Buffer.alloc(0)] = bundles;
  expect(await archive.byDigest(digestOf(first))).toEqual({
    archive: first,
    digest: digestOf(first),
    revision: 'v1',
    sequence: 1,
  });
  expect((await archive.byRevision('v2')).map(({ sequence }) => sequence)).toEqual([2]);
  expect(await archive.byRevision('never')).toEqual([]);
});

test('one revision that was built twice is found twice, the newest first', async () => {
  const archive = await filled();
  await archive.keep(await bundleOf(9, 'v1'), 9);
  expect((await archive.byRevision('v1')).map(({ sequence }) => sequence)).toEqual([9, 1]);
});

test('the oldest go when there are too many, or too much', async () => {
  await filled({ ...plenty, maxBundles: 2 });
  expect((await readdir(dir)).map((name) => Number(name.slice(0, 16)))).toEqual([2, 3]);
  const [, , third = Buffer.alloc(0)] = bundles;
  await filled({ ...plenty, maxBytes: third.length + 10 });
  expect((await readdir(dir)).map((name) => Number(name.slice(0, 16)))).toEqual([3]);
});

test('the newest stays, however small the archive', async () => {
  await filled({ maxBundles: 1, maxBytes: 1 });
  expect(await readdir(dir)).toHaveLength(1);
});

test('a file that is not what its name says is not found, and put right when its bundle comes again', async () => {
  const archive = await filled();
  const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = bundles;
  const [name = ''] = await readdir(dir);
  await writeFile(join(dir, name), second);
  expect(await archive.byDigest(digestOf(first))).toBeUndefined();
  await archive.keep(first, 1);
  expect((await archive.byDigest(digestOf(first)))?.revision).toBe('v1');
});

test('an archive that is not there yet is an empty one', async () => {
  const archive = new BundleArchive(join(dir, 'nowhere'), plenty);
  expect(await archive.byDigest('0'.repeat(64))).toBeUndefined();
  expect(await archive.byRevision('v1')).toEqual([]);
});

test('a bundle of the past is believed by its signature, long after it expired', async () => {
  const archive = await bundleOf(1);
  const found = { archive, digest: digestOf(archive), revision: 'v1', sequence: 1 };
  expect(await openPast(found, [key.trusted], undefined)).toMatchObject({
    trust: 'signature',
    bundle: { keyId: 'test', manifest: { metadata: { expires_at: new Date(someTimeMs + 86_400_000).toISOString() } } },
  });
});

test('a bundle whose key was rotated away is believed when the log names its digest, and not otherwise', async () => {
  const archive = await bundleOf(1);
  const found = { archive, digest: digestOf(archive), revision: 'v1', sequence: 1 };
  const { trusted } = generateSigningKey('next');
  expect(await openPast(found, [trusted], found.digest)).toMatchObject({ trust: 'log' });
  await expect(openPast(found, [trusted], undefined)).rejects.toMatchObject({ code: 'bundle-signature' });
  await expect(openPast(found, [key.trusted], '0'.repeat(64))).rejects.toMatchObject({ code: 'bundle-signature' });
});
