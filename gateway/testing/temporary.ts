import { chmod, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keptBundles } from '../policy/kept-bundles.ts';
import { keptClusters } from './postgres-kept.ts';

/**
 * For vitest, once for a whole run: everything temporary lies in one directory, which goes when the run is over, whatever a test that
 * was broken off has left. A run whose tests left anything there fails: each test takes away what it makes.
 */
export default async function setup(): Promise<() => Promise<void>> {
  // Short, because the paths of sockets have a limit of 108 bytes: man 7 unix.
  const dir = await mkdtemp(join(tmpdir(), 'spt-'));
  const kept = join(dir, 'kept');
  const clusters = join(kept, 'clusters');
  await mkdir(clusters, { recursive: true });
  // PostgreSQL's account has to reach what lies in them, whatever our umask is.
  for (const each of [dir, kept, clusters]) await chmod(each, 0o711);
  // Test processes begin with this environment.
  process.env['TMPDIR'] = dir;
  process.env[keptBundles] = kept;
  process.env[keptClusters] = clusters;
  // Hundreds of commands start in a run: each would compile the same sources. nodejs.org/api/module.html#module-compile-cache
  process.env['NODE_COMPILE_CACHE'] = join(kept, 'compiled');
  return async () => {
    const left = (await readdir(dir)).filter((name) => join(dir, name) !== kept);
    // Test processes that are ending still write what they compiled.
    await rm(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    if (left.length > 0) throw new Error(`left behind by tests: ${left.sort().join(', ')}`);
  };
}
