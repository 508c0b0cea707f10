import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Command } from 'commander';
import { ownFolders } from '../policy/build/pack.ts';
import type { Problem } from '../policy/lint/problem.ts';
import { CliError, exitCodes } from './exit.ts';
import { print, printable, printJson } from './output.ts';
import { choiceOf, namedSources, withSources, type SourceFlags } from './policy-sources.ts';
import { version } from '../composition/version.ts';

interface CheckFlags extends SourceFlags {
  readonly format: string;
  readonly regal: boolean;
}

const formats = ['pretty', 'json', 'sarif'] as const;

export function addPolicyCheck(policy: Command): void {
  withSources(
    policy
      .command('check')
      .description('say everything that is wrong with policies and can be seen without running them'),
    '*_test.rego',
  )
    .option('--format <name>', formats.join(', '), 'pretty')
    .option('--no-regal', 'do not ask regal, even where it is installed')
    .addHelpText('after', '\nExample:\n  sallyport policy check --format sarif > policy.sarif\n')
    .action(check);
}

async function check(flags: CheckFlags): Promise<void> {
  const format = choiceOf('--format', flags.format, formats);
  const [{ checkPolicies }, { findOpa }] = await Promise.all([
    import('../policy/lint/check.ts'),
    import('../policy/build/opa.ts'),
  ]);
  const { sources } = await namedSources(flags);
  const ours = await checkPolicies(sources, await findOpa(process.env));
  const problems = flags.regal ? [...ours, ...(await regal(ownFolders(sources.policies)))] : ours;
  switch (format) {
    case 'pretty':
      await printPretty(problems);
      break;
    case 'json':
      printJson(problems);
      break;
    case 'sarif': {
      const { sarifOf } = await import('../policy/lint/sarif.ts');
      printJson(sarifOf(problems, version(), process.cwd()));
      break;
    }
    default:
      format satisfies never;
  }
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  if (errors > 0) throw new CliError(exitCodes.refused, errors === 1 ? '1 error' : `${String(errors)} errors`);
}

async function printPretty(problems: readonly Problem[]): Promise<void> {
  const { problemLine } = await import('../policy/lint/problem.ts');
  for (const problem of problems) print(problemLine(problem).split('\n').map(shown).join('\n'));
  if (problems.length === 0) print('nothing wrong');
}

/** Rego is somebody's text: no escape sequence of it reaches the terminal. */
function shown(line: string): string {
  const indent = /^ */.exec(line)?.[0] ?? '';
  return `${indent}${printable(line)}`;
}

async function regal(folders: readonly string[]): Promise<readonly Problem[]> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, 'regal');
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (!found) continue;
    const { regalProblems } = await import('../policy/lint/regal.ts');
    return regalProblems(path, folders);
  }
  return [];
}
