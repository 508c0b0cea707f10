import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * For vitest, once for a whole run: everything temporary lies in one directory, which goes when the run is over, whatever a test that
 * was broken off has left. What is still there then is named: each test takes away what it makes.
 */
export default async function setup(): Promise<() => Promise<void>> {
  // Short, because the paths of sockets have a limit of 108 bytes: man 7 unix.
  const dir = await mkdtemp(join(tmpdir(), 'spt-'));
  // PostgreSQL's account has to reach what lies in it.
  await chmod(dir, 0o711);
  process.env['TMPDIR'] = dir; // test processes begin with this environment
  return async () => {
    const left = await readdir(dir);
    if (left.length > 0) process.stdout.write(`left behind by tests: ${left.sort().join(', ')}\n`);
    await rm(dir, { recursive: true, force: true });
  };
}
