import { join } from 'node:path';
import type { Command } from 'commander';
import { CliError, exitCodes } from '../exit.ts';
import { print, printJson } from '../output.ts';

interface PolicyInitFlags {
  readonly target: string;
  readonly key?: string;
  readonly keyId: string;
  readonly force?: true;
  readonly json?: true;
}

const examples = `
Examples:
  sallyport policy init policies
  sallyport policy init policies --target crm --key gateway/keys/bundle.key
  sallyport policy init . --force
`;

export function addPolicyInit(policy: Command): void {
  policy
    .command('init')
    .argument('<dir>', 'a new directory')
    .description(
      'write a repository of policies that works at once: a rule, labels, tests, bundle definition, CI, hook',
    )
    .option('--target <name>', 'what the gateway calls the database that the first tests are about', 'shop')
    .option('--key <file>', 'sign with this PEM private key; a new one is made unless given')
    .option('--key-id <id>', 'what policy.keys in the configuration of the gateways calls it', 'main')
    .option('--force', 'also into a directory that is not empty; what is there already stays as it is')
    .option('--json', 'what was written, as JSON')
    .addHelpText('after', examples)
    .action(init);
}

async function init(dir: string, flags: PolicyInitFlags): Promise<void> {
  if (!/^[a-z0-9][a-z0-9._-]*$/.test(flags.target)) {
    throw new CliError(
      exitCodes.usage,
      `--target: expected lower-case letters, digits, ".", "_", "-", got ${flags.target}`,
    );
  }
  const { writeRepository } = await import('./write.ts');
  const { files, kept } = await writeRepository({
    dir,
    target: flags.target,
    keyFile: flags.key,
    keyId: flags.keyId,
    force: flags.force === true,
  });
  const next = [
    `cd ${dir}`,
    'git init && git config core.hooksPath .githooks',
    'sallyport policy test',
    'sallyport policy build && sallyport policy verify',
  ];
  if (flags.json) return printJson({ dir, files, kept, next });
  for (const file of kept) print(`kept as it is: ${join(dir, file)}`);
  print(`Written: ${dir}, ${String(files.length)} files; README.md says what is where\nNext:`);
  for (const step of next) print(`  ${step}`);
}
