import type { Command } from 'commander';
import type { CredentialStore } from '../credentials/index.ts';
import { configOrExit, defaultConfig } from './config.ts';
import { CliError, exitCodes } from './exit.ts';
import { print, printable, printJson, say, table } from './output.ts';
import { readSecret } from './prompt.ts';

interface StoreOptions {
  readonly config: string;
  readonly json?: true;
}

const examples = `
The value of a secret is asked for, or read from standard input; it never stands in the command line and is never shown again.

Examples:
  sallyport credentials set crm/app
  pass show db/crm | sallyport credentials set crm/app
  sallyport credentials list
`;

export function addCredentials(program: Command): void {
  const credentials = program
    .command('credentials')
    .description('the encrypted store of what the gateway presents to targets')
    .addHelpText('after', examples);
  const common = (command: Command): Command =>
    command
      .option('-c, --config <file>', 'configuration file', defaultConfig)
      .option('--json', 'the answer as JSON')
      .addHelpText('after', examples);
  common(credentials.command('set <name>').description('store a secret, or a new version of one')).action(set);
  common(credentials.command('list').description('names and versions; never values')).action(list);
  common(credentials.command('remove <name>').description('remove a secret')).action(remove);
}

async function set(name: string, options: StoreOptions): Promise<void> {
  const store = await openStore(options);
  const { Secret } = await import('../credentials/index.ts');
  const value = await readSecret(`Value of ${name}: `);
  if (value === '') throw new CliError(exitCodes.usage, 'an empty secret is none');
  const version = await store.set(name, new Secret(value));
  if (options.json) printJson({ name, version });
  else say(`${name}: version ${String(version)} stored`);
}

async function list(options: StoreOptions): Promise<void> {
  const entries = await (await openStore(options)).list();
  if (options.json) return printJson(entries);
  print(
    table(
      ['name', 'version', 'set at'],
      entries.map((e) => [e.name, String(e.version), e.setAt]),
    ),
  );
}

async function remove(name: string, options: StoreOptions): Promise<void> {
  const removed = await (await openStore(options)).remove(name);
  if (!removed) throw new CliError(exitCodes.refused, `there is no secret ${printable(name)}`);
  if (options.json) printJson({ name, removed });
  else say(`${name}: removed`);
}

async function openStore(options: StoreOptions): Promise<CredentialStore> {
  const { credentialStore, readMasterKey } = await import('../credentials/index.ts');
  const { credentials } = await configOrExit(options.config);
  if (!credentials) {
    throw new CliError(exitCodes.usage, `${options.config} has no encrypted store`, 'set credentials {store, key}');
  }
  const key = await readMasterKey(credentials.key, process.env);
  return credentialStore(credentials.store, key, { now: Date.now });
}
