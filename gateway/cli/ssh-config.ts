import { resolve } from 'node:path';
import { CliError, exitCodes } from './exit.ts';
import { print } from './output.ts';
import { sshFiles } from './ssh-files.ts';
import { alias } from './ssh-login.ts';

export interface ConfigFlags {
  readonly host: string;
  readonly port: number;
  readonly key: string;
  readonly renew?: string;
}

/** Lines for `~/.ssh/config`: ssh_config(5). */
export function config(targets: readonly string[], flags: ConfigFlags): void {
  const odd = targets.find((target) => !/^([A-Za-z0-9_.@-]+@)?[a-z0-9][a-z0-9._-]*$/.test(target));
  if (odd !== undefined) throw new CliError(exitCodes.usage, `${JSON.stringify(odd)} is no name of a target`);
  // ssh reads a relative name from wherever it happens to be started.
  const settings = { ...flags, key: resolve(flags.key) };
  print(targets.map((target) => blockOf(target, settings)).join('\n'));
}

function blockOf(target: string, { host, port, key, renew }: ConfigFlags): string {
  const name = `${target.slice(target.lastIndexOf('@') + 1)}.sallyport`;
  const files = sshFiles(key);
  const lines = [
    ...[`HostName ${host}`, `Port ${String(port)}`, `User ${target}`],
    ...[`IdentityFile "${files.key}"`, `CertificateFile "${files.certificate}"`],
    // Without this ssh offers every key of the agent first, and each is an attempt.
    'IdentitiesOnly yes',
    ...[`HostKeyAlias ${alias}`, `UserKnownHostsFile "${files.knownHosts}"`],
  ];
  // Asked before each connection, and at once answered while the certificate holds.
  const command = ['sallyport', 'ssh', 'login', '--quiet', '--if-needed', '--key', key, '--gateway', renew ?? ''];
  const renewal =
    renew === undefined ? [] : [`Match originalhost ${name} exec "${command.map((word) => quoted(word)).join(' ')}"`];
  return [...renewal, `Host ${name}`, ...lines.map((line) => `  ${line}`)].join('\n');
}

/** For the shell that runs it, inside of the double quotes of ssh_config. */
function quoted(word: string): string {
  if (/["\\\n%]/.test(word)) throw new CliError(exitCodes.usage, `${JSON.stringify(word)} cannot be written there`);
  return /^[\w./:@=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`;
}
