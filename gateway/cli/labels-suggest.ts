import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { Command } from 'commander';
import type { Suggestion } from '../composition/labels/suggest.ts';
import type { LabelFiles } from '../policy/label-files.ts';
import { ownFolders, type PolicyFolder } from '../policy/build/pack.ts';
import { defaultConfig } from './config.ts';
import { CliError, exitCodes } from './exit.ts';
import { print, printable, printJson, say, table } from './output.ts';
import { choiceOf, definitionOption, namedFolders, policiesOption, type SourceFlags } from './policy-sources.ts';
import { wholeNumber } from './policy-signing.ts';
import { Progress } from './progress.ts';
import { placeOfTarget, readPlace, unreachable } from './target-place.ts';

interface SuggestFlags extends SourceFlags {
  readonly target: string;
  readonly config: string;
  readonly role?: string;
  readonly schema: readonly string[];
  readonly samples: boolean;
  readonly rows: string;
  readonly timeout: string;
  readonly min: string;
  readonly write?: true;
  readonly format: string;
}

const application = 'sallyport labels suggest';
const formats = ['diff', 'json'] as const;
const confidences = ['high', 'medium', 'low'] as const;
const mostRows = 10_000;
const examples = `
Only columns that nobody has decided about are looked at: by name, type and comment, and by what a few of their values look like. Values are
read in read-only transactions, counted, and dropped; none is printed, logged or written. What is proposed is for somebody to decide.

The patch goes to standard output, for "git apply"; what speaks for each label is said on standard error.

Examples:
  sallyport labels suggest --target crm --config sallyport.yaml
  sallyport labels suggest --target crm --config sallyport.yaml --min high --write
  sallyport labels suggest --target crm --config sallyport.yaml --no-samples --schema public
`;

export function addLabelsSuggest(labels: Command): void {
  labels
    .command('suggest')
    .description('propose labels for the columns of a database that nobody has decided about')
    .requiredOption('--target <name>', 'a target of the configuration')
    .option('-c, --config <file>', 'configuration file', defaultConfig)
    .option('--role <login>', 'the login of the target to read by; its catalog_role unless given')
    .option('--schema <name...>', 'only these schemas', [])
    .option('--no-samples', 'read no value: names, types and comments alone')
    .option('--rows <n>', `values of each column at most, up to ${String(mostRows)}`, '200')
    .option('--timeout <seconds>', 'for each question to the database', '5')
    .option('--min <confidence>', `${confidences.join(', ')}: what is less sure stays out of the patch`, 'medium')
    .option('--write', 'write the labels into the data file, in the place of a patch on standard output')
    .option(...policiesOption)
    .option(...definitionOption)
    .option('--format <name>', `${formats.join(', ')}: what goes to standard output`, 'diff')
    .addHelpText('after', examples)
    .action(suggest);
}

async function suggest(flags: SuggestFlags): Promise<void> {
  const format = choiceOf('--format', flags.format, formats);
  const least = confidences.indexOf(choiceOf('--min', flags.min, confidences));
  const [{ readLabelFiles }, folders] = await Promise.all([import('../policy/label-files.ts'), namedFolders(flags)]);
  const files = await readLabelFiles(folders);
  const found = await suggestion(flags, files);
  if (format === 'json') printJson(found);
  else explain(found);
  for (const { relation, sqlstate } of found.unread)
    say(`labels: the values of ${printable(relation)} were not read (SQLSTATE ${sqlstate}): judged by names alone`);
  const sure = found.proposals.filter(({ confidence }) => confidences.indexOf(confidence) <= least);
  const additions = new Map(sure.map(({ column, label }) => [column, label]));
  if (additions.size === 0)
    return say(
      found.proposals.length === 0
        ? 'labels: nothing to propose: every column is decided, or neither its name nor its values look like a label'
        : `labels: nothing to write: no proposal is as sure as ${flags.min}; --min low takes them all`,
    );
  await patch(flags, files, folders, additions, format);
}

async function suggestion(flags: SuggestFlags, files: LabelFiles): Promise<Suggestion> {
  const rows = wholeNumber('--rows', flags.rows);
  const seconds = wholeNumber('--timeout', flags.timeout);
  if (rows > mostRows)
    throw new CliError(exitCodes.usage, `--rows: expected 1 to ${String(mostRows)}, got ${flags.rows}`);
  const [{ suggestLabels }, { openSampler }] = await Promise.all([
    import('../composition/labels/suggest.ts'),
    import('../composition/labels/sample.ts'),
  ]);
  const place = await placeOfTarget(flags.target, flags, application);
  const { snapshot } = await readPlace(place, flags.schema, 'labels');
  await using opened = new AsyncDisposableStack();
  using progress = new Progress('tables');
  try {
    const bounds = { rows, timeoutMs: seconds * 1000 };
    const { signal } = new AbortController();
    const sampler = flags.samples
      ? opened.use(await openSampler(place.upstream, place.login, bounds, signal))
      : undefined;
    return await suggestLabels({
      snapshot,
      data: files.data,
      target: flags.target,
      schemas: flags.schema,
      sampler,
      onProgress: (done, total) => progress.show(done, total),
    });
  } catch (error) {
    throw unreachable(error);
  }
}

function explain({ proposals, unnamed }: Suggestion): void {
  const rows = proposals.map(({ column, label, confidence, reason }) => [column, label, confidence, reason]);
  if (rows.length > 0) say(table(['column', 'label', 'confidence', 'because'], rows));
  for (const { column, concept, reason } of unnamed)
    say(
      `labels: ${printable(column)} may be a ${concept} (${printable(reason)}), and no label of the data is for that`,
    );
}

async function patch(
  { target, write }: SuggestFlags,
  files: LabelFiles,
  folders: readonly PolicyFolder[],
  additions: ReadonlyMap<string, string>,
  format: (typeof formats)[number],
): Promise<void> {
  const [{ withLabels }, { unifiedDiff }] = await Promise.all([
    import('../composition/labels/write.ts'),
    import('../composition/labels/unified-diff.ts'),
  ]);
  const [first = 'policies'] = ownFolders(folders);
  const { file, path } = files.placeOf(target) ?? { file: join(first, 'columns/data.yaml'), path: [target] };
  const before = await readFile(file, 'utf8').catch(() => undefined); // where there is none, it is written
  const after = withLabels(before ?? '', path, additions);
  if (write) {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, after);
    return say(`labels: ${String(additions.size)} columns labelled in ${file}`);
  }
  const shown = relative(process.cwd(), file);
  if (format === 'diff') print(unifiedDiff(shown, before, after).trimEnd());
}
