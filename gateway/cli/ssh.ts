import type { Command } from 'commander';
import { defaultConfig } from './config.ts';
import { connectionHelp, withConnection } from './connection.ts';
import { ca } from './ssh-ca.ts';
import { config } from './ssh-config.ts';
import { defaultSshKey } from './ssh-files.ts';
import { code, login, logout } from './ssh-login.ts';
import { parseCount } from './times.ts';

const examples = `${connectionHelp}
Examples:
  sallyport ssh login
  sallyport ssh config web1 --host gateway.example.com --renew https://gateway.example.com:6480 >> ~/.ssh/config
  ssh web1.sallyport uptime
`;

export function addSsh(program: Command): void {
  const ssh = program
    .command('ssh')
    .description('keys and certificates for SSH clients, good for as long as the token')
    .addHelpText('after', examples);
  withConnection(
    ssh
      .command('login')
      .description('make a new key with a certificate, and let it log in as you until your token ends'),
  )
    .option('--key <file>', 'where the key goes; that of an earlier login there is replaced', defaultSshKey())
    .option('--no-agent', 'write the key into the file, although an agent (SSH_AUTH_SOCK) could hold it')
    .option('--if-needed', 'only when the certificate is not there, or ends within a minute')
    .option('--quiet', 'say nothing unless it fails')
    .addHelpText('after', examples)
    .action(login);
  withConnection(
    ssh
      .command('logout')
      .description('take all of your keys back: neither they nor their certificates log in any more'),
  )
    .option('--key <file>', 'where the key is; it is removed there and from the agent', defaultSshKey())
    .option('--principal <id>', 'take back somebody else’s keys; for operators')
    .addHelpText('after', examples)
    .action(logout);
  withConnection(
    ssh
      .command('code')
      .description('print a one-time code: the password of one login, for clients that can do nothing else'),
  )
    .argument('<target>', 'the target that it is for')
    .addHelpText('after', examples)
    .action(code);
  ssh
    .command('config')
    .description('print lines for ~/.ssh/config: one host for each target, as TARGET.sallyport')
    .argument('<targets...>', 'names of targets; LOGIN@TARGET for another login than the target’s own')
    .option('--host <name>', 'the gateway', '127.0.0.1')
    .option('--port <n>', 'its port for SSH', parseCount(65_535), 2222)
    .option('--key <file>', 'where the key is', defaultSshKey())
    .option(
      '--renew <url>',
      'admin API of the gateway: before each connection ssh gets a new certificate there, when one is needed',
    )
    .addHelpText('after', examples)
    .action(config);
  ssh
    .command('ca')
    .description('show the public keys of the gateway’s authorities: what clients and hosts may trust')
    .option('-c, --config <file>', 'configuration file', defaultConfig)
    .option('--json', 'the answer as JSON')
    .addHelpText('after', examples)
    .action(ca);
}
