import { mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { connect, connectionHelp, valueOf, withConnection, type ConnectionOptions } from './connection.ts';
import { CliError, exitCodes } from './exit.ts';
import { print, printJson, say } from './output.ts';
import { parseCount } from './times.ts';

interface LoginFlags extends ConnectionOptions {
  readonly key: string;
}

interface ConfigFlags {
  readonly host: string;
  readonly port: number;
  readonly key: string;
}

/** The name under which ssh looks up the gateway's key, wherever it is reached. */
const alias = 'sallyport';

const examples = `${connectionHelp}
Examples:
  sallyport ssh login
  sallyport ssh config web1 --host gateway.example.com >> ~/.ssh/config
  ssh web1.sallyport uptime
`;

export function addSsh(program: Command): void {
  const ssh = program
    .command('ssh')
    .description('a key for SSH clients, good for as long as the token')
    .addHelpText('after', examples);
  withConnection(ssh.command('login').description('make a new key and let it log in as you, until your token ends'))
    .option('--key <file>', 'where the key goes; the one that was there is replaced', defaultKey())
    .addHelpText('after', examples)
    .action(login);
  ssh
    .command('config')
    .description('print lines for ~/.ssh/config: one host for each target, as TARGET.sallyport')
    .argument('<targets...>', 'names of targets; LOGIN@TARGET for another login than the target’s own')
    .option('--host <name>', 'the gateway', '127.0.0.1')
    .option('--port <n>', 'its port for SSH', parseCount(65_535), 2222)
    .option('--key <file>', 'where the key is', defaultKey())
    .addHelpText('after', examples)
    .action(config);
}

async function login({ key: file, ...options }: LoginFlags): Promise<void> {
  const { newHostKey, publicHalf, publicKeyLine } = await import('../protocols/ssh/index.ts');
  const api = await connect(options);
  const privateKey = newHostKey();
  const line = publicKeyLine(publicHalf(privateKey));
  const registered = valueOf(await api.ssh.register(line));
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  // The half that stays here: nobody else may read it, and ssh would not take it otherwise.
  await writeFile(file, privateKey, { mode: 0o600 });
  await writeFile(`${file}.pub`, `${line}\n`);
  // The gateway says over HTTPS what it will show over SSH: nobody has to believe a first answer.
  await writeFile(knownHosts(file), `${alias} ${registered.host_key}\n`);
  if (options.json) return printJson({ ...registered, file });
  say(`${registered.principal} may log in with the key ${registered.fingerprint} until ${registered.expires_at}`);
  say('for ~/.ssh/config: sallyport ssh config TARGET --host GATEWAY');
}

function config(targets: readonly string[], { host, port, key }: ConfigFlags): void {
  const odd = targets.find((target) => !/^([A-Za-z0-9_.@-]+@)?[a-z0-9][a-z0-9._-]*$/.test(target));
  if (odd !== undefined) throw new CliError(exitCodes.usage, `${JSON.stringify(odd)} is no name of a target`);
  const blocks = targets.map((target) => {
    const name = target.slice(target.lastIndexOf('@') + 1);
    const lines = [`HostName ${host}`, `Port ${String(port)}`, `User ${target}`, `IdentityFile "${key}"`];
    const known = [`HostKeyAlias ${alias}`, `UserKnownHostsFile "${knownHosts(key)}"`];
    // Without this ssh offers every key of the agent first, and each is an attempt.
    return [`Host ${name}.sallyport`, ...[...lines, 'IdentitiesOnly yes', ...known].map((line) => `  ${line}`)].join(
      '\n',
    );
  });
  print(blocks.join('\n'));
}

function knownHosts(keyFile: string): string {
  return join(dirname(keyFile), 'known_hosts');
}

function defaultKey(): string {
  const base = process.env['XDG_CONFIG_HOME'];
  return join(base?.startsWith('/') ? base : join(homedir(), '.config'), 'sallyport', 'ssh', 'id_ed25519');
}
