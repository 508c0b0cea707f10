import type { Command } from 'commander';
import { print, printJson, table } from './output.ts';
import { choiceOf, definitionOption, namedFolders, policiesOption, type SourceFlags } from './policy-sources.ts';

const formats = ['pretty', 'json'] as const;

export function addLabelsList(labels: Command): void {
  labels
    .command('list')
    .description('the labels that policies define, how each is masked, who reads it, and how many columns carry it')
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
  const carried = Object.values(data.columns).flatMap((columns) => Object.values(columns).flat());
  const found = Object.entries(data.labels).map(([label, { title = '', mask, readers }]) => {
    const columns = carried.filter((one) => one === label).length;
    return { label, title, mask, readers, columns };
  });
  if (format === 'json') return printJson(found);
  const rows = found.map(({ label, title, mask, readers, columns }) => {
    return [label, title, mask, readers.join(', ') || 'nobody', String(columns)];
  });
  print(table(['label', 'title', 'mask', 'readers', 'columns'], rows));
}
