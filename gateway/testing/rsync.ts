import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'sallyport/rsync');
const unpacked = join(cache, 'usr/bin/rsync');
const onPath = (process.env['PATH'] ?? '').split(delimiter).map((dir) => join(dir, 'rsync'));

/** The rsync that tests use: the system's, or the one that `scripts/setup.sh` unpacked. */
export const rsyncPath = [...onPath, unpacked].find((path) => existsSync(path));
/** Printed with tests that are skipped. */
export const noRsync = `no rsync: neither on PATH nor ${unpacked}; run ./scripts/test on Debian, or install rsync`;

/** What a shell needs to find it by its name. */
export function rsyncEnvironment(): { readonly PATH: string; readonly LD_LIBRARY_PATH: string } {
  const libraries = join(cache, `usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`);
  return {
    PATH: `${dirname(rsyncPath ?? '')}:/usr/local/bin:/usr/bin:/bin`,
    LD_LIBRARY_PATH: rsyncPath === unpacked ? libraries : '',
  };
}
