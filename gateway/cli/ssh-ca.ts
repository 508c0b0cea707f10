import { configOrExit } from './config.ts';
import { CliError, exitCodes } from './exit.ts';
import { print, printJson } from './output.ts';

export interface CaFlags {
  readonly config: string;
  readonly json?: true;
}

/** Shows the public keys of the gateway's authorities; those that are kept in `state_dir` are made when there are none yet. */
export async function ca({ config: file, json }: CaFlags): Promise<void> {
  const config = await configOrExit(file);
  const { listen, state_dir: stateDir } = config;
  if (!listen.ssh) throw new CliError(exitCodes.usage, `${file} has no listen.ssh`);
  const [{ sshAuthority }, { openSecrets }, { authorityLine, gatewayName, publicKeyLine }] = await Promise.all([
    import('../composition/ssh-host-key.ts'),
    import('../composition/secrets.ts'),
    import('../protocols/ssh/index.ts'),
  ]);
  const secrets = await openSecrets(config, process.env, { now: Date.now });
  const clients = authorityLine(gatewayName, await sshAuthority('ca_key', listen.ssh, stateDir, secrets));
  const hosts = publicKeyLine((await sshAuthority('upstream_ca_key', listen.ssh, stateDir, secrets)).publicKey);
  if (json) return printJson({ known_hosts: clients, trusted_user_ca_keys: hosts });
  print('# for the known_hosts of clients');
  print(clients);
  print('# for TrustedUserCAKeys of hosts whose login is a certificate');
  print(hosts);
}
