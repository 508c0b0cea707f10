import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { Coverage } from '../composition/labels/coverage.ts';
import type { CatalogSnapshot } from '../facts/sql/index.ts';
import { defaultConfig } from './config.ts';
import { CliError, exitCodes } from './exit.ts';
import { print, printable, printJson, say, table } from './output.ts';
import { choiceOf, definitionOption, namedFolders, policiesOption, type SourceFlags } from './policy-sources.ts';
import { placeOfTarget, readPlace } from './target-place.ts';

interface CoverageFlags extends SourceFlags {
  readonly target: string;
  readonly catalog?: string;
  readonly config: string;
  readonly role?: string;
  readonly schema: readonly string[];
  readonly failUnder?: string;
  readonly format: string;
}

const hint = 'write one: sallyport policy catalog';
const formats = ['pretty', 'json'] as const;
const examples = `
A column is decided when policy's data labels it, or says that it carries no label: "public.orders.total: []", or "public.orders.*: []" for
all columns of a relation that no other entry names. Views are not counted: their columns carry what they are made of.

Examples:
  sallyport labels coverage --target crm --config sallyport.yaml
  sallyport labels coverage --target crm --catalog policy-tests/fixtures/crm.yaml --fail-under 100
`;

export function addLabelsCoverage(labels: Command): void {
  labels
    .command('coverage')
    .description('which columns of a target have been decided, and which nobody has looked at')
    .requiredOption('--target <name>', 'the target, as the data and the configuration call it')
    .option('--catalog <file>', 'its catalog from this fixture, which "policy catalog" wrote; from the database else')
    .option('-c, --config <file>', 'configuration file, for the database', defaultConfig)
    .option('--role <login>', 'the login of the target to read by; its catalog_role unless given')
    .option('--schema <name...>', 'only these schemas', [])
    .option(...policiesOption)
    .option(...definitionOption)
    .option('--fail-under <percent>', 'fail when less is decided, or the data names a column that is not there')
    .option('--format <name>', formats.join(', '), 'pretty')
    .addHelpText('after', examples)
    .action(coverage);
}

async function coverage(flags: CoverageFlags): Promise<void> {
  const format = choiceOf('--format', flags.format, formats);
  const wanted = flags.failUnder === undefined ? undefined : percentOf(flags.failUnder);
  const [{ coverageOf }, { readLabelFiles }] = await Promise.all([
    import('../composition/labels/coverage.ts'),
    import('../policy/label-files.ts'),
  ]);
  const { data } = await readLabelFiles(await namedFolders(flags));
  const snapshot = flags.catalog === undefined ? await liveCatalog(flags) : await catalogIn(flags.catalog);
  const found = coverageOf(snapshot, data.columns[flags.target] ?? {}, flags.schema);
  if (found.columns === 0)
    throw new CliError(exitCodes.refused, `no table to decide about is in the catalog of ${flags.target}`);
  if (format === 'json') printJson({ target: flags.target, ...found });
  else printPretty(flags.target, found);
  for (const entry of found.missing) say(`labels: the data names ${printable(entry)}, which is not in the catalog`);
  if (wanted === undefined) return;
  if (found.missing.length > 0) throw new CliError(exitCodes.refused, 'the data names what is not in the catalog');
  if (found.decided * 100 >= wanted * found.columns) return;
  throw new CliError(exitCodes.refused, `${shareOf(found)} is decided, less than ${flags.failUnder ?? ''} %`);
}

function printPretty(target: string, found: Coverage): void {
  const { columns, decided, labelled } = found;
  const clean = `${String(labelled)} labelled, ${String(decided - labelled)} clean`;
  print(`${target}: ${String(decided)} of ${String(columns)} columns decided (${shareOf(found)}): ${clean}`);
  const open = found.relations.filter(({ undecided }) => undecided.length > 0);
  if (open.length === 0) return;
  const rows = open.map(({ relation, undecided, columns: all }) => {
    return [relation, `${String(undecided.length)} of ${String(all)}`, undecided.join(', ')];
  });
  print(table(['relation', 'undecided', 'columns'], rows));
}

/** Rounded down: what is not all of them does not read as 100 %. */
function shareOf({ columns, decided }: Coverage): string {
  return `${String(Math.floor((decided * 1000) / columns) / 10)} %`;
}

function percentOf(text: string): number {
  const percent = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (percent >= 0 && percent <= 100) return percent;
  throw new CliError(exitCodes.usage, `--fail-under: expected a number from 0 to 100, got ${text}`);
}

async function liveCatalog(flags: CoverageFlags): Promise<CatalogSnapshot> {
  const place = await placeOfTarget(flags.target, flags, 'sallyport labels coverage');
  return (await readPlace(place, flags.schema, 'labels')).snapshot;
}

async function catalogIn(file: string): Promise<CatalogSnapshot> {
  if (!existsSync(file)) throw new CliError(exitCodes.usage, `there is no file ${file}`, hint);
  const { readFixtureCatalog } = await import('../composition/labels/fixture.ts');
  const read = await readFixtureCatalog(file);
  if (read.ok) return read.snapshot;
  throw new CliError(exitCodes.usage, `${file} is no catalog of a database\n${read.why}`, hint);
}
