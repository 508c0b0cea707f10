import type { Command } from 'commander';
import { formatConfigError, loadConfig, type Config } from '../config/index.ts';
import { CliError, exitCodes } from './exit.ts';
import { print, printJson, say } from './output.ts';

/** Where `init` puts the configuration, and where the others look for it. */
export const defaultConfig = 'sallyport.yaml';

interface CheckOptions {
  readonly config: string;
  readonly json?: true;
}

export function addConfig(program: Command): void {
  const config = program.command('config').description('the configuration file');
  config
    .command('check')
    .description('read the configuration and say everything that is wrong with it')
    .option('-c, --config <file>', 'configuration file', defaultConfig)
    .option('--json', 'errors and warnings as JSON')
    .addHelpText('after', '\nExample:\n  sallyport config check --config /etc/sallyport/sallyport.yaml\n')
    .action(check);
}

/** The configuration, or the end of the command with every error in it. Weaker modes are said aloud. */
export async function configOrExit(file: string): Promise<Config> {
  const read = await loadConfig(file);
  if (!read.ok) throw wrong(read.errors.map(formatConfigError));
  for (const warning of read.warnings) say(`warning: ${formatConfigError(warning)}`);
  return read.config;
}

async function check({ config: file, json }: CheckOptions): Promise<void> {
  if (json !== true) {
    await configOrExit(file);
    return print(`${file}: fine`);
  }
  const read = await loadConfig(file);
  printJson(read.ok ? { ok: true, warnings: read.warnings } : read);
  if (!read.ok) throw wrong([]);
}

function wrong(errors: readonly string[]): CliError {
  return new CliError(exitCodes.usage, ['the configuration is wrong', ...errors].join('\n'));
}
