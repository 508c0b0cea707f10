import type { Command } from 'commander';
import { foldHelp } from '../../gateway/cli/help-width.ts';
import { makeProgram } from '../../gateway/cli/program.ts';
import { generatedNote } from './markdown.ts';

const columns = 110;

/** Every command with what its `--help` says. */
export function cliPage(): string {
  const commands = commandsUnder(makeProgram());
  const index = commands.map(([name]) => `- [\`${name}\`](#${name.replaceAll(' ', '-')})`).join('\n');
  const sections = commands.map(([name, command]) => `## ${name}\n\n\`\`\`text\n${helpOf(command)}\n\`\`\``);
  return `${generatedNote}
# Command line

\`sallyport\` is the one command; from a clone it is \`./scripts/sallyport\`. Results go to standard output, everything said about them
to standard error, so that a pipe gets results only. Each command says with \`--help\` what stands here.

${index}

${sections.join('\n\n')}
`;
}

/** The program itself and every command under it, in the order in which they were added. */
function commandsUnder(command: Command, above = ''): readonly (readonly [string, Command])[] {
  const name = above === '' ? command.name() : `${above} ${command.name()}`;
  return [[name, command], ...command.commands.flatMap((child) => commandsUnder(child, name))];
}

/** As `--help` prints it, examples included, at a width that does not depend on who asks. */
function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (part) => void (text += foldHelp(part, columns)),
    getOutHelpWidth: () => columns,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return text.trim();
}
