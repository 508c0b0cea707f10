import { text } from 'node:stream/consumers';
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Config } from '../config/index.ts';
import type { ValueShape } from '../contract/mask.ts';
import { configOrExit, defaultConfig } from './config.ts';
import { CliError, exitCodes } from './exit.ts';
import { print } from './output.ts';

interface MaskOptions {
  readonly config: string;
  readonly label: string;
  readonly method: 'hash' | 'tokenize';
  readonly shape: string;
  readonly keyVersion?: number;
  readonly whichKey?: true;
}

const help = `
Values are read from standard input, one a line, and never stand in the command line. Each comes out as it leaves where a column
with that label is masked by that method, so what was exported under an older key can be matched after keys were rotated.
What cannot be masked as its shape comes out as \\N.

With --which-key the lines are hashes or tokens. Of each comes out which of the configured versions may have
made it: all of them where it has no room to say so, none where that version is not configured. Tokens of text
tell four versions in a row apart. The label makes no difference to that.

Examples:
  echo 078-05-1120 | sallyport mask --label pii.ssn --method hash
  sallyport mask --label pii.ssn --method tokenize --key-version 1 < old-numbers.txt
  sallyport mask --label pii.ssn --method tokenize --which-key < tokens.txt
`;

export function addMask(program: Command): void {
  program
    .command('mask')
    .description('what the keyed masks make of values, under any version of the masking key')
    .option('-c, --config <file>', 'configuration file', defaultConfig)
    .requiredOption('--label <label>', 'the label that the column carries')
    .addOption(new Option('--method <method>').choices(['hash', 'tokenize']).makeOptionMandatory())
    .option('--shape <shape>', 'what the values are: text, integer, decimal, date ...', 'text')
    .option('--key-version <n>', 'the masking key; the one in use unless set', version)
    .addOption(new Option('--which-key', 'say which key made them instead').conflicts('keyVersion'))
    .addHelpText('after', help)
    .action(mask);
}

function version(text: string): number {
  if (!/^\d{1,3}$/.test(text)) throw new InvalidArgumentError('expected a number, such as 1');
  return Number(text);
}

async function mask({ config: file, label, method, shape: name, keyVersion, whichKey }: MaskOptions): Promise<void> {
  const { valueShapes } = await import('../contract/mask.ts');
  const { maskingKey, openSecrets } = await import('../composition/secrets.ts');
  const { openMasks } = await import('../enforce/masking/masks.ts');
  const shape = valueShapes.find((known) => known === name);
  if (!shape) throw new CliError(exitCodes.usage, `there is no shape ${name}`, `one of: ${valueShapes.join(', ')}`);
  const config = await configOrExit(file);
  if (whichKey) return sayVersions(config, method, shape);
  const secrets = await openSecrets(config, process.env, { now: Date.now });
  const cellMask = openMasks(await maskingKey(config, secrets, keyVersion)).cellMask(method, label, shape);
  for (const line of await lines()) {
    const source = Buffer.from(line);
    const target = Buffer.alloc(cellMask.room(source.length));
    const bytes = cellMask.write(source, 0, source.length, target, 0);
    print(bytes < 0 ? '\\N' : target.toString('utf8', 0, bytes));
  }
}

async function sayVersions(config: Config, method: MaskOptions['method'], shape: ValueShape): Promise<void> {
  const { maskingKeys } = await import('../config/index.ts');
  const { versionsOf } = await import('../enforce/masking/key-version.ts');
  const configured = [...maskingKeys(config.masking).all.keys()];
  for (const line of await lines()) print(versionsOf(method, shape, line, configured).join(' ') || 'none');
}

async function lines(): Promise<readonly string[]> {
  return (await text(process.stdin)).replace(/\r?\n$/, '').split(/\r?\n/);
}
