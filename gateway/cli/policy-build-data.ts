import type { Command } from 'commander';
import { signingAlgorithms } from '../policy/bundle/keys.ts';
import { print, printJson } from './output.ts';
import { algorithmOf, signing, wholeNumber } from './policy-signing.ts';

interface DataFlags {
  readonly data: readonly string[];
  readonly roots: readonly string[];
  readonly key: string;
  readonly keyId: string;
  readonly algorithm: string;
  readonly out: string;
  readonly revision?: string;
  readonly sequence?: string;
  readonly expiresDays: string;
  readonly json?: true;
}

const examples = `
Examples:
  sallyport policy build-data --data data --roots columns/crm --key keys/team.key --key-id team --out columns.tar.gz
`;

export function addPolicyBuildData(policy: Command): void {
  policy
    .command('build-data')
    .description('sign data that goes with a bundle of rules: labels of columns, lists, limits')
    .requiredOption('--data <dir...>', 'directories of data.yaml and data.json')
    .requiredOption('--roots <path...>', 'what the bundle claims: no other bundle may touch it')
    .requiredOption('--key <file>', 'PEM private key that signs the bundle')
    .requiredOption('--out <file>', 'where the bundle goes')
    .option('--key-id <id>', 'what policy.keys in the configuration calls it', 'main')
    .option('--algorithm <name>', signingAlgorithms.join(', '), 'ES256')
    .option('--revision <name>', 'a name for this version; a digest of the content unless given')
    .option('--sequence <n>', 'higher than that of every bundle before it; the time unless given')
    .option('--expires-days <n>', 'from then on every decision is a deny', '365')
    .option('--json', 'what was built, as JSON')
    .addHelpText('after', examples)
    .action(buildDataBundle);
}

async function buildDataBundle(flags: DataFlags): Promise<void> {
  const [{ buildData }, { findOpa }] = await Promise.all([
    import('../policy/build/data-bundle.ts'),
    import('../policy/build/opa.ts'),
  ]);
  const { data, roots, out, revision } = flags;
  const signed = await signing({
    key: { id: flags.keyId, algorithm: algorithmOf(flags.algorithm), file: flags.key },
    out,
    revision,
    sequence: wholeNumber('--sequence', flags.sequence ?? String(Date.now())),
    expiresDays: wholeNumber('--expires-days', flags.expiresDays),
  });
  const built = await buildData({ data, roots, opa: await findOpa(process.env), ...signed });
  if (flags.json) return printJson(built);
  print(`${built.out}: revision ${built.revision}, ${roots.join(', ')}, ${String(Math.ceil(built.bytes / 1024))} KiB`);
}
