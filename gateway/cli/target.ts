import type { Command } from 'commander';
import { configOrExit, defaultConfig } from './config.ts';
import { CliError, exitCodes } from './exit.ts';
import { printJson, say } from './output.ts';

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

export function addTarget(program: Command): void {
  const target = program
    .command('target')
    .description('the hosts and databases of the configuration')
    .addHelpText('after', examples);
  target
    .command('trust <name>')
    .description('record the host key that an SSH target shows now: from then on it may show no other')
    .option('-c, --config <file>', 'configuration file', defaultConfig)
    .option('--fingerprint <sha256>', 'what the key has to be: records nothing else')
    .option('--json', 'the answer as JSON')
    .addHelpText('after', examples)
    .action(trust);
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
