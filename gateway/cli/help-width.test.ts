import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { foldHelp } from './help-width.ts';
import { makeProgram } from './program.ts';

const commands = (command: Command): readonly Command[] => [command, ...command.commands.flatMap(commands)];

test.each(commands(makeProgram()).map((command) => [command.name(), command] as const))(
  'the help of %s fits a terminal of 80 columns, but for quoted text that cannot be cut',
  (_name, command) => {
    let text = '';
    command.configureOutput({ writeOut: (part) => void (text += foldHelp(part, 80)), getOutHelpWidth: () => 80 });
    command.outputHelp();
    const wide = text.split('\n').filter((line) => line.length > 80);
    expect(wide.filter((line) => !/"[^"]{40,}"/.test(line))).toEqual([]);
  },
);

test.each([
  ['prose at spaces', 'aaa bbb ccc', 'aaa bbb\nccc'],
  [
    'a command with the sign that it goes on, and no flag without its value',
    '  run --a 1 -b',
    '  run \\\n    --a 1 \\\n    -b',
  ],
  ['a command outside of its quotes', "  run 'a b c'", "  run \\\n    'a b c'"],
  ['nothing that fits', '  run', '  run'],
  ['no table', '  -a     what it is', '  -a     what it is'],
])('it folds %s', (_what, text, folded) => {
  expect(foldHelp(text, 8)).toBe(folded);
});
