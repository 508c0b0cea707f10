import type { Command } from 'commander';
import type { TargetView } from '../api/views.ts';
import { configOrExit, defaultConfig } from './config.ts';
import { connect, connectionHelp, valueOf, withConnection, type ConnectionOptions } from './connection.ts';
import { CliError, exitCodes } from './exit.ts';
import { print, printJson, say, table, terminalWidth } from './output.ts';

interface TrustFlags {
  readonly config: string;
  readonly fingerprint?: string;
  readonly json?: true;
}

const examples = `
Compare the fingerprint with the host's own: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub

Examples:
  sallyport target trust web1
  sallyport target trust web1 --fingerprint SHA256:DZTCRQlsUKS6+H94pBwnN6ziQdBrDkq3p2EYz2CfpWc
`;

const listExamples = `${connectionHelp}
Examples:
  sallyport target list
  sallyport target list --all --json
`;

export function addTarget(program: Command): void {
  const target = program
    .command('target')
    .description('the hosts and databases behind the gateway')
    .addHelpText('after', examples);
  withConnection(target.command('list').description('what you may reach, and by which logins, as policy has it now'))
    .option('--all', 'every target, with its address and state; for those who run the gateway')
    .addHelpText('after', listExamples)
    .action(list);
  target
    .command('trust <name>')
    .description('record the host key that an SSH target shows now: from then on it may show no other')
    .option('-c, --config <file>', 'configuration file', defaultConfig)
    .option('--fingerprint <sha256>', 'what the key has to be: records nothing else')
    .option('--json', 'the answer as JSON')
    .addHelpText('after', examples)
    .action(trust);
}

interface ListFlags extends ConnectionOptions {
  readonly all?: true;
}

async function list({ all: every, ...options }: ListFlags): Promise<void> {
  const all = every === true;
  const found = valueOf(await (await connect(options)).targets.list(all));
  if (options.json) return printJson(found);
  if (found.length === 0)
    return say(
      all ? 'the configuration has no targets' : 'policy admits you to none: ask for access, or for another group',
    );
  print(targetTable(found, terminalWidth()));
}

/** Exported for its test. Columns of the state are there where the gateway told it. */
export function targetTable(targets: readonly TargetView[], width = Infinity): string {
  const hasState = targets.some(({ state }) => state !== null);
  const rows = targets.map((one) => [
    one.name,
    one.protocol,
    loginsOf(one),
    one.databases.join(', ') || '-',
    ...(hasState ? stateOf(one.state) : []),
    labelsOf(one.labels),
  ]);
  const state = hasState ? ['address', 'sessions', 'last connection'] : [];
  return table(['name', 'protocol', 'logins', 'databases', ...state, 'labels'], rows, width);
}

/** The one that a client gets who names none stands first. */
function loginsOf({ logins, default_login: first }: TargetView): string {
  return [...logins].sort((a, b) => Number(b === first) - Number(a === first)).join(', ');
}

function stateOf(state: TargetView['state']): readonly string[] {
  if (state === null) return ['', '', ''];
  const { address, sessions, last_connect: last } = state;
  return [address, String(sessions), last === null ? 'none yet' : `${last.ok ? 'made' : 'failed'} ${last.at}`];
}

function labelsOf(labels: TargetView['labels']): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

async function trust(name: string, { config: file, fingerprint: wanted, json }: TrustFlags): Promise<void> {
  const config = await configOrExit(file);
  const target = config.targets.find((one) => one.name === name);
  if (target?.protocol !== 'ssh') {
    const hosts = config.targets.filter(({ protocol }) => protocol === 'ssh').map((one) => one.name);
    throw new CliError(exitCodes.usage, `${file} has no SSH target ${name}; there are ${hosts.join(', ') || 'none'}`);
  }
  const [{ fingerprint, readHostKey, trustHost }, { trustedHostsFile }] = await Promise.all([
    import('../protocols/ssh/index.ts'),
    import('../composition/ssh-target.ts'),
  ]);
  const { host, port, connect_ms: connectTimeoutMs } = target;
  const key = await readHostKey(host, port, AbortSignal.timeout(connectTimeoutMs));
  const shown = fingerprint(key.blob);
  if (wanted !== undefined && wanted !== shown)
    throw new CliError(
      exitCodes.refused,
      `${host}:${String(port)} shows ${shown}, and not ${wanted}: nothing was recorded`,
    );
  await trustHost(trustedHostsFile(config.state_dir), { name, host, port }, key);
  if (json) return printJson({ target: name, host, port, type: key.type, fingerprint: shown });
  say(`${name}: ${host}:${String(port)} shows the ${key.type} key ${shown}, and may show no other from now on`);
}
