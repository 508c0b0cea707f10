import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** What `sallyport ssh login` leaves behind, by the names that ssh gives such files. */
export interface SshFiles {
  /** The private key; not there when an agent holds it. */
  readonly key: string;
  readonly publicKey: string;
  readonly certificate: string;
  /** What the gateway is known by. */
  readonly knownHosts: string;
}

export function sshFiles(key: string): SshFiles {
  return {
    key,
    publicKey: `${key}.pub`,
    certificate: `${key}-cert.pub`,
    knownHosts: join(dirname(key), 'known_hosts'),
  };
}

export function defaultSshKey(): string {
  const base = process.env['XDG_CONFIG_HOME'];
  return join(base?.startsWith('/') ? base : join(homedir(), '.config'), 'sallyport', 'ssh', 'id_ed25519');
}

/** The wire form in a line as `id_ed25519.pub` and `id_ed25519-cert.pub` have it; undefined where there is no such file. */
export async function blobIn(file: string): Promise<Buffer | undefined> {
  const line = await readFile(file, 'utf8').catch(() => '');
  const base64 = line.split(' ')[1];
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64');
}
