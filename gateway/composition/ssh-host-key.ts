import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/index.ts';
import { type Credentials, readPrivateFile } from '../credentials/index.ts';
import { type Authority, newHostKey, openAuthority } from '../protocols/ssh/index.ts';

type Listen = Config['listen']['ssh'];

/**
 * The keys of the gateway itself: each is the configured one, or one that was made at the first start and is kept in `state_dir`.
 * - `host_key`: what SSH clients know the gateway by
 * - `ca_key`: vouches for that key, and for those of people who logged in
 * - `upstream_ca_key`: vouches for the gateway to hosts. It is another key, so that no client's certificate is any host's
 */
const files = { host_key: 'ssh-host-key', ca_key: 'ssh-ca-key', upstream_ca_key: 'ssh-upstream-ca-key' } as const;

/** @throws SallyportError `credential-missing` when it cannot be read, is no Ed25519 key, or its file can be read by others */
export async function sshAuthority(
  which: 'ca_key' | 'upstream_ca_key',
  listen: Listen,
  stateDir: string,
  secrets: Credentials,
): Promise<Authority> {
  return openAuthority(await sshKey(which, listen, stateDir, secrets));
}

/** @returns OpenSSH's or PEM's form. @throws SallyportError `credential-missing` when it cannot be read, or its file can be read by others */
export async function sshKey(
  which: keyof typeof files,
  listen: Listen,
  stateDir: string,
  secrets: Credentials,
): Promise<string> {
  const configured = listen?.[which];
  if (configured) return (await secrets.resolve(configured)).reveal();
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const file = join(stateDir, files[which]);
  try {
    // Whoever was first has made it.
    await writeFile(file, newHostKey(), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  return readPrivateFile(file);
}
