import { access, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { CliError, exitCodes } from './exit.ts';

/** What `sallyport ssh login` leaves behind, by the names that ssh gives such files. */
export interface SshFiles {
  /** The private key; not there when an agent holds it. */
  readonly key: string;
  readonly publicKey: string;
  readonly certificate: string;
  /** What the gateway is known by. Beside `~/.ssh/id` lies a `known_hosts` that is somebody's own, so it is named by the key. */
  readonly knownHosts: string;
}

export function sshFiles(key: string): SshFiles {
  return {
    key,
    publicKey: `${key}.pub`,
    certificate: `${key}-cert.pub`,
    knownHosts: `${key}.known_hosts`,
  };
}

export function defaultSshKey(): string {
  const base = process.env['XDG_CONFIG_HOME'];
  return join(base?.startsWith('/') ? base : join(homedir(), '.config'), 'sallyport', 'ssh', 'id_ed25519');
}

/** @throws CliError when a key is there that no login of ours has left: it would be lost */
export async function refuseForeignKey(files: SshFiles): Promise<void> {
  if (resolve(files.key) === defaultSshKey() || (await isThere(files.knownHosts))) return;
  for (const file of [files.key, files.publicKey, files.certificate]) {
    if (!(await isThere(file))) continue;
    throw new CliError(
      exitCodes.refused,
      `${file} was not made by "sallyport ssh login", and would be lost`,
      'give --key a name of its own',
    );
  }
}

export function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

/** The wire form in a line as `id_ed25519.pub` and `id_ed25519-cert.pub` have it; undefined where there is no such file. */
export async function blobIn(file: string): Promise<Buffer | undefined> {
  const line = await readFile(file, 'utf8').catch(() => '');
  const base64 = line.split(' ')[1];
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64');
}
