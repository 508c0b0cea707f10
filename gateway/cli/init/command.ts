import { resolve } from 'node:path';
import type { Command } from 'commander';
import { CliError, exitCodes } from '../exit.ts';
import { printJson, say } from '../output.ts';
import { isInteractive, openPrompt } from '../prompt.ts';
import type { Answers } from './answers.ts';
import { answersFrom, type Ask, type InitFlags } from './questions.ts';

const examples = `
In a terminal it asks for what the flags leave open. Elsewhere every answer has to be a flag, or has a default.

Examples:
  sallyport init
  sallyport init --dir gateway --database postgres://app@db.example.com/crm --password-env CRM_PASSWORD \\
    --issuer https://login.example.com --audience sallyport
`;

export function addInit(program: Command): void {
  program
    .command('init')
    .description('write a working configuration for a database and an issuer: keys, certificate and bundle included')
    .option('--dir <dir>', 'a new directory')
    .option('--database <url>', 'postgres://login@host:port/database')
    .option('--name <name>', 'what clients will call the database; its own name unless given')
    .option('--password-env <name>', 'environment variable that will hold the login’s password when the gateway runs')
    .option('--tls <mode>', 'how the database’s certificate is checked: verify-full, verify-ca, require, disable')
    .option('--tls-ca <file>', 'PEM authorities of the database’s certificate')
    .option('--issuer <url>', 'OpenID Connect issuer of your tokens')
    .option('--audience <text>', 'the `aud` of tokens for this gateway')
    .option('--algorithm <name...>', 'what the issuer signs with; asked of the issuer unless given')
    .option('--id-claim <path>', 'claim that names a principal')
    .option('--groups-claim <path>', 'claim that lists its groups')
    .option('--kind-claim <path>', 'claim that says "agent" of an agent')
    .option('--unmarked <kind>', 'what a token without that claim stands for: human, agent')
    .option('--device-client <id>', 'public client at the issuer, for "sallyport login"')
    .option('--device-scope <scopes>', 'what that client asks for, such as "openid groups"')
    .option('--listen <host:port>', 'where clients will connect')
    .option('--admin <host:port>', 'where the admin API listens, on loopback: 127.0.0.1:6480 unless given')
    .option('--json', 'what was written, as JSON')
    .addHelpText('after', examples)
    .action(init);
}

async function init(flags: InitFlags): Promise<void> {
  const answers = isInteractive() ? await interview(flags) : await answersFrom(flags, nobodyToAsk);
  const { writeHome } = await import('./write.ts');
  const config = await writeHome(answers, (what) => say(`init: ${what}`));
  const { configOrExit } = await import('../config.ts');
  // A password in a variable is the running gateway's business; here it only has to be no mistake.
  if ('value' in answers.password) await configOrExit(config);
  if (flags.json) return printJson({ config, dir: resolve(answers.dir) });
  say(`\nWritten: ${config}\nNext:\n  sallyport serve --config ${config}`);
}

async function interview(flags: InitFlags): Promise<Answers> {
  using prompt = openPrompt();
  return await answersFrom(flags, {
    ask: (q, fallback) => prompt.ask(q, fallback),
    askSecret: (q) => prompt.askSecret(q),
  });
}

const nobodyToAsk: Ask = {
  ask: (question, fallback) => {
    if (fallback !== undefined) return Promise.resolve(fallback);
    throw new CliError(
      exitCodes.usage,
      `missing: ${question}`,
      'there is no terminal to ask in: give it as a flag, see --help',
    );
  },
  askSecret: (question) => {
    throw new CliError(exitCodes.usage, `missing: ${question}`, 'give --password-env NAME');
  },
};
