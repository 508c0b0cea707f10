import { mkdir } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { basename, join } from 'node:path';
import { noSshd, sshdPath, startSshd, type TestSshd } from '../../gateway/testing/sshd.ts';
import type { Home } from './home.ts';

/** The demo's host: a real sshd on loopback that only the gateway's key opens, or why there is none here. */
export type Host = { readonly sshd: TestSshd } | { readonly missing: string };

/** The demo goes on without a host: what is missing is said, and the part about SSH left out. */
export async function startHost(home: Home): Promise<Host> {
  if (sshdPath === undefined) return { missing: noSshd };
  const dir = join(home.run, 'web1');
  await mkdir(dir, { mode: 0o700 });
  try {
    return { sshd: await startSshd({ dir }) };
  } catch (error) {
    return { missing: error instanceof Error ? error.message : String(error) };
  }
}

/** The host as anybody would configure it. Its lines run in the shell of whoever started the demo. */
export function hostTarget({ port, user, hostKey, keyFile }: TestSshd): object {
  const shell = basename(userInfo().shell ?? '') === 'bash' ? 'bash' : 'unknown';
  return {
    ...{ name: 'web1', protocol: 'ssh', host: '127.0.0.1', port, shell, labels: { env: 'prod' } },
    host_keys: [hostKey],
    logins: { [user]: { key: { file: keyFile } } },
  };
}
