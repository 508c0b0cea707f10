import { mkdtemp, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { keptBundles } from '../policy/kept-bundles.ts';
import { keptClusters } from './postgres-kept.ts';
import setup from './temporary.ts';

afterEach(() => vi.unstubAllEnvs());

/** The directory of a run of its own, and what ends that run. */
async function run() {
  vi.stubEnv('TMPDIR', tmpdir());
  for (const name of [keptBundles, keptClusters, 'NODE_COMPILE_CACHE']) vi.stubEnv(name, process.env[name]);
  const end = await setup();
  return { dir: tmpdir(), end };
}

test('a run whose tests left something behind fails and names it, and it goes nevertheless', async () => {
  const { dir, end } = await run();
  await mkdtemp(join(tmpdir(), 'left-'));
  await expect(end()).rejects.toThrow(/^left behind by tests: left-\w+$/);
  await expect(stat(dir)).rejects.toThrow('ENOENT');
});

test('what is kept for all tests of a run is nothing left behind', async () => {
  const { dir, end } = await run();
  await writeFile(join(process.env[keptBundles] ?? '', 'bundle'), '');
  await end();
  await expect(stat(dir)).rejects.toThrow('ENOENT');
});
