import type { Command } from 'commander';
import { type Config, type ConfigError, formatConfigError, loadConfig, type Remark } from '../config/index.ts';
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
    .description(
      'read the configuration, and the keys, certificates, secrets and bundles that it names, and say everything that is wrong',
    )
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

/** The same, where what its files hold was read too. What only some sessions need is a warning: the others need not wait for it. */
export async function startableOrExit(file: string): Promise<Config> {
  const read = await readWhole(file);
  if (!read.ok) throw wrong(read.errors.map(formatConfigError));
  for (const warning of [...read.warnings, ...read.doubts]) say(`warning: ${formatConfigError(warning)}`);
  return read.config;
}

type Whole =
  | {
      readonly ok: true;
      readonly config: Config;
      readonly warnings: Errors;
      readonly doubts: Errors;
      readonly place: (remark: Remark) => ConfigError;
    }
  | { readonly ok: false; readonly errors: Errors };
type Errors = readonly ConfigError[];

async function readWhole(file: string): Promise<Whole> {
  const read = await loadConfig(file);
  if (!read.ok) return read;
  const { contentRemarks } = await import('../composition/file-contents.ts');
  const { broken, doubtful } = await contentRemarks(read.config, process.env);
  if (broken.length > 0) return { ok: false, errors: [...broken, ...doubtful].map(read.place) };
  const { config, warnings, place } = read;
  return { ok: true, config, warnings, place, doubts: doubtful.map(place) };
}

async function check({ config: file, json }: CheckOptions): Promise<void> {
  const read = await readWhole(file);
  const errors = read.ok ? [...read.doubts, ...(await doubtfulBundles(read))] : read.errors;
  const warnings = read.ok ? read.warnings : [];
  if (json) printJson(errors.length === 0 ? { ok: true, warnings } : { ok: false, errors });
  else for (const warning of warnings) say(`warning: ${formatConfigError(warning)}`);
  if (errors.length > 0) throw wrong(json ? [] : errors.map(formatConfigError));
  if (!json) print(`${file}: fine`);
}

/** A gateway with a last good bundle starts without the one that is configured: for `serve` it is no error. */
async function doubtfulBundles({ config, place }: Whole & { readonly ok: true }): Promise<Errors> {
  const { policyRemarks } = await import('../composition/policy-remarks.ts');
  return (await policyRemarks(config, Date.now())).map(place);
}

function wrong(errors: readonly string[]): CliError {
  return new CliError(exitCodes.usage, ['the configuration is wrong', ...errors].join('\n'));
}
