import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { Coverage } from '../composition/labels/coverage.ts';
import type { OpenPaths } from '../composition/labels/open-paths.ts';
import type { CatalogSnapshot } from '../facts/sql/index.ts';
import { defaultConfig } from './config.ts';
import { CliError, exitCodes } from './exit.ts';
import { print, printable, printJson, say, table } from './output.ts';
import { choiceOf, definitionOption, namedFolders, policiesOption, type SourceFlags } from './policy-sources.ts';
import { placeOfTarget, readPlace, unreachable, type Place } from './target-place.ts';

interface CoverageFlags extends SourceFlags {
  readonly target: string;
  readonly catalog?: string;
  readonly config: string;
  readonly role?: string;
  readonly schema: readonly string[];
  readonly samples?: true;
  readonly failUnder?: string;
  readonly format: string;
}

const hint = 'write one: sallyport policy catalog';
const formats = ['pretty', 'json'] as const;
const examples = `
A column is decided when policy's data labels it, or says that it carries no label: "public.orders.total: []", or "public.orders.*: []" for
all columns of a relation that no other entry names. Views are not counted: their columns carry what they are made of.

Of a column with decided paths alone ("public.customers.profile.address.phone: [pii.phone]") the rest is not decided: it does not count, unless
"public.customers.profile: []" says that the rest carries no label. --samples looks into some of its documents for paths that nobody has decided
about, in read-only transactions, and prints names of members that come back from document to document: no value, and "*" for any other name.

Examples:
  sallyport labels coverage --target crm --config sallyport.yaml
  sallyport labels coverage --target crm --catalog policy-tests/fixtures/crm.yaml --fail-under 100
  sallyport labels coverage --target crm --config sallyport.yaml --samples
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
    .option('--samples', 'look for undecided paths in documents of columns that are decided in part')
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
  if (flags.samples && flags.catalog !== undefined)
    throw new CliError(exitCodes.usage, '--samples or --catalog, not both: a fixture has no documents');
  const [{ coverageOf }, { readLabelFiles }] = await Promise.all([
    import('../composition/labels/coverage.ts'),
    import('../policy/label-files.ts'),
  ]);
  const { data } = await readLabelFiles(await namedFolders(flags));
  const live = flags.catalog === undefined ? await liveCatalog(flags) : undefined;
  const snapshot = live?.snapshot ?? (await catalogIn(flags.catalog ?? ''));
  const found = coverageOf(snapshot, data.columns[flags.target] ?? {}, flags.schema);
  if (found.columns === 0)
    throw new CliError(exitCodes.refused, `no table to decide about is in the catalog of ${flags.target}`);
  const open = live && flags.samples ? await sampledPaths(live, found) : undefined;
  if (format === 'json') printJson({ target: flags.target, ...found, ...(open && { undecidedPaths: open.paths }) });
  else printPretty(flags.target, found, open?.paths);
  for (const { relation, sqlstate } of open?.unread ?? [])
    say(`labels: the documents of ${printable(relation)} were not read (SQLSTATE ${sqlstate})`);
  for (const entry of found.missing) say(`labels: the data names ${printable(entry)}, which is not in the catalog`);
  if (wanted === undefined) return;
  if (found.missing.length > 0) throw new CliError(exitCodes.refused, 'the data names what is not in the catalog');
  if (found.decided * 100 >= wanted * found.columns) return;
  throw new CliError(exitCodes.refused, `${shareOf(found)} is decided, less than ${flags.failUnder ?? ''} %`);
}

function printPretty(target: string, found: Coverage, paths: readonly string[] = []): void {
  const { columns, decided, labelled, partly } = found;
  const clean = `${String(labelled)} labelled, ${String(decided - labelled)} clean`;
  print(
    `${target}: ${String(decided)} of ${String(columns)} columns decided (${shareOf(found)}): ${clean}${partly > 0 ? `; ${String(partly)} in part` : ''}`,
  );
  const rows = found.relations.flatMap(({ relation, undecided, partly: parts, columns: all }) => {
    const names = [...undecided, ...Object.keys(parts).map((name) => `${name} (in part)`)];
    return names.length > 0 ? [[relation, `${String(names.length)} of ${String(all)}`, names.join(', ')]] : [];
  });
  if (rows.length > 0) print(table(['relation', 'undecided', 'columns'], rows));
  if (paths.length > 0) print(table(['undecided path'], paths.map((path) => [path]))); // prettier-ignore
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

interface Live {
  readonly place: Place;
  readonly snapshot: CatalogSnapshot;
}

async function liveCatalog(flags: CoverageFlags): Promise<Live> {
  const place = await placeOfTarget(flags.target, flags, 'sallyport labels coverage');
  return { place, snapshot: (await readPlace(place, flags.schema, 'labels')).snapshot };
}

async function sampledPaths({ place, snapshot }: Live, found: Coverage): Promise<OpenPaths> {
  const [{ openSampler, usualBounds }, { openPathsOf }] = await Promise.all([
    import('../composition/labels/sample.ts'),
    import('../composition/labels/open-paths.ts'),
  ]);
  const { signal } = new AbortController();
  try {
    await using sampler = await openSampler(place.upstream, place.login, usualBounds, signal);
    return await openPathsOf(found, snapshot, sampler);
  } catch (error) {
    throw unreachable(error);
  }
}

async function catalogIn(file: string): Promise<CatalogSnapshot> {
  if (!existsSync(file)) throw new CliError(exitCodes.usage, `there is no file ${file}`, hint);
  const { readFixtureCatalog } = await import('../composition/labels/fixture.ts');
  const read = await readFixtureCatalog(file);
  if (read.ok) return read.snapshot;
  throw new CliError(exitCodes.usage, `${file} is no catalog of a database\n${read.why}`, hint);
}
