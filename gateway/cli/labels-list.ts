import type { Command } from 'commander';
import { print, printJson, table } from './output.ts';
import { choiceOf, definitionOption, namedFolders, policiesOption, type SourceFlags } from './policy-sources.ts';

const formats = ['pretty', 'json'] as const;

export function addLabelsList(labels: Command): void {
  labels
    .command('list')
    .description(
      'the labels that policies define, how each is masked, who reads it, and how many columns and paths of documents carry it',
    )
    .option(...policiesOption)
    .option(...definitionOption)
    .option('--format <name>', formats.join(', '), 'pretty')
    .addHelpText('after', '\nExample:\n  sallyport labels list --policies policies\n')
    .action(list);
}

async function list(flags: SourceFlags & { readonly format: string }): Promise<void> {
  const format = choiceOf('--format', flags.format, formats);
  const { readLabelFiles } = await import('../policy/label-files.ts');
  const { data } = await readLabelFiles(await namedFolders(flags));
  const entries = Object.values(data.columns).flatMap((columns) => Object.entries(columns));
  const carriedBy = (isPath: boolean) =>
    entries.flatMap(([entry, carried]) => (isMoreThanColumn(entry) === isPath ? carried : []));
  const [named, parts] = [carriedBy(false), carriedBy(true)];
  const found = Object.entries(data.labels).map(([label, { title = '', mask, readers }]) => {
    const [columns, paths] = [named, parts].map((all) => all.filter((one) => one === label).length);
    return { label, title, mask, readers, columns, paths };
  });
  if (format === 'json') return printJson(found);
  const rows = found.map(({ label, title, mask, readers, columns, paths }) => {
    return [label, title, mask, readers.join(', ') || 'nobody', String(columns), String(paths)];
  });
  print(table(['label', 'title', 'mask', 'readers', 'columns', 'paths'], rows));
}

/** By the dots in it: without a catalog, a column whose own name has a dot is taken for a path. */
function isMoreThanColumn(entry: string): boolean {
  return entry.split('.').length > 3;
}
