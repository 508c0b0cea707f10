import type { Command } from 'commander';
import { addLabelsCoverage } from './labels-coverage.ts';
import { addLabelsFollowed } from './labels-followed.ts';
import { addLabelsList } from './labels-list.ts';
import { addLabelsSuggest } from './labels-suggest.ts';

const examples = `
Examples:
  sallyport labels list
  sallyport labels coverage --target crm --config sallyport.yaml
  sallyport labels suggest --target crm --config sallyport.yaml
  sallyport labels followed --target crm
`;

export function addLabels(program: Command): void {
  const labels = program
    .command('labels')
    .description('what policy knows of the columns of a database')
    .addHelpText('after', examples);
  addLabelsList(labels);
  addLabelsCoverage(labels);
  addLabelsSuggest(labels);
  addLabelsFollowed(labels);
}
