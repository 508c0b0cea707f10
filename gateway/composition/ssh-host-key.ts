import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/index.ts';
import { type Credentials, readPrivateFile } from '../credentials/index.ts';
import { newHostKey } from '../protocols/ssh/index.ts';

/**
 * The key that SSH clients know the gateway by: the configured one, or the one that was made at the first start.
 * @throws SallyportError `credential-missing` when its file can be read by others
 */
export async function sshHostKey(
  { host_key: configured }: NonNullable<Config['listen']['ssh']>,
  stateDir: string,
  secrets: Credentials,
): Promise<string> {
  if (configured) return (await secrets.resolve(configured)).reveal();
  const file = join(stateDir, 'ssh-host-key');
  try {
    // Whoever was first has made it.
    await writeFile(file, newHostKey(), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  return readPrivateFile(file);
}
