import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import type { BuiltBundle, BundleSources } from '../policy/build/interface.ts';
import { signingAlgorithms } from '../policy/bundle/keys.ts';
import { CliError, exitCodes } from './exit.ts';
import { print, printJson, say } from './output.ts';
import { addBundles } from './policy-bundle.ts';
import { addPolicyBuildData } from './policy-build-data.ts';
import { addPolicyCatalog } from './policy-catalog.ts';
import { addPolicyCheck } from './policy-check.ts';
import { addPolicyExplain } from './policy-explain.ts';
import { addPolicyInit } from './policy-init/command.ts';
import { addPolicyPush } from './policy-publish.ts';
import { addPolicyReplay } from './policy-replay.ts';
import { addPolicyShadow } from './policy-shadow.ts';
import { algorithmOf, signing, wholeNumber, type Signing } from './policy-signing.ts';
import { namedSources, sourcesOf, withSources, type SourceFlags } from './policy-sources.ts';
import { addPolicyStatus } from './policy-status.ts';
import { addPolicyTest } from './policy-test.ts';

interface BuildFlags extends SourceFlags {
  readonly key?: string;
  readonly keyId?: string;
  readonly algorithm?: string;
  readonly out?: string;
  readonly revision?: string;
  readonly sequence?: string;
  readonly expiresDays?: string;
  readonly roots?: readonly string[];
  readonly json?: true;
}

const examples = `
Examples:
  sallyport policy init policies
  sallyport policy build
  sallyport policy build --policies policies --tests policy-tests --key keys/bundle.key --out policy/bundle.tar.gz
  sallyport policy keygen --out keys/bundle
`;

export function addPolicy(program: Command): void {
  const policy = program.command('policy').description('bundles of Rego policies').addHelpText('after', examples);
  addPolicyInit(policy);
  withSources(
    policy.command('build').description('check, test, compile and sign policies'),
    '*_test.rego and of lines in YAML',
  )
    .option('--key <file>', 'PEM private key that signs the bundle; as defined in bundles/ unless given')
    .option('--key-id <id>', 'what policy.keys in the configuration calls it; as defined, or main')
    .option('--algorithm <name>', `${signingAlgorithms.join(', ')}; as defined, or ES256`)
    .option('--out <file>', 'where the bundle goes; as defined, or policy/bundle.tar.gz')
    .option('--revision <name>', 'a name for this version, such as a git commit; a digest of the content unless given')
    .option('--sequence <n>', 'higher than that of every bundle before it; the time unless given')
    .option('--expires-days <n>', 'from then on every decision is a deny; as defined, or 365')
    .option(
      '--roots <path...>',
      'what the bundle claims beside its rules, for one that goes with bundles of data; everything unless given',
    )
    .option('--json', 'what was built, as JSON')
    .addHelpText('after', examples)
    .action(build);
  policy
    .command('keygen')
    .description('make a key pair for signing bundles (ES256)')
    .requiredOption('--out <path>', 'writes <path>.key (mode 0600) and <path>.pub')
    .addHelpText('after', examples)
    .action(keygen);
  addPolicyBuildData(policy);
  addBundles(policy);
  addPolicyPush(policy);
  addPolicyStatus(policy);
  addPolicyCheck(policy);
  addPolicyTest(policy);
  addPolicyExplain(policy);
  addPolicyReplay(policy);
  addPolicyCatalog(policy);
  addPolicyShadow(policy);
}

async function build(flags: BuildFlags): Promise<void> {
  const { sources, definition } = await namedSources(flags);
  const keyFile = flags.key ?? definition?.key.privateFile;
  if (keyFile === undefined) throw new CliError(exitCodes.usage, 'no key is named to sign with', 'say --key FILE');
  const built = await buildSources(sources, {
    ...(flags.roots && { roots: flags.roots }),
    key: {
      id: flags.keyId ?? definition?.key.id ?? 'main',
      algorithm: algorithmOf(flags.algorithm ?? definition?.key.algorithm ?? 'ES256'),
      file: keyFile,
    },
    out: flags.out ?? definition?.out ?? 'policy/bundle.tar.gz',
    revision: flags.revision,
    sequence: wholeNumber('--sequence', flags.sequence ?? String(Date.now())),
    expiresDays: wholeNumber('--expires-days', flags.expiresDays ?? String(definition?.expiresDays ?? 365)),
    onStep: flags.json ? undefined : (step) => say(`policy: ${step}`),
    hasLines: true,
  });
  if (flags.json) return printJson(built);
  const size = Math.ceil(built.bytes / 1024);
  const passed = `${String(built.tests)} Rego tests passed on both targets, ${String(built.lines)} lines passed`;
  print(`${built.out}: revision ${built.revision}, ${passed}, ${String(size)} KiB`);
}

/** `init` and the demo build the default pack by it. */
export function buildFrom({
  policies,
  tests,
  ...wanted
}: WantedBundle & { readonly policies: readonly string[]; readonly tests: readonly string[] }): Promise<BuiltBundle> {
  return buildSources(sourcesOf(policies, tests), wanted);
}

/** A build in the words of the command line. */
interface WantedBundle extends Signing {
  readonly roots?: readonly string[];
  readonly onStep?: ((step: string) => void) | undefined;
  /** Whether the lines of the tests are judged, too. */
  readonly hasLines?: boolean;
}

async function buildSources(sources: BundleSources, wanted: WantedBundle): Promise<BuiltBundle> {
  const [{ buildBundle }, { findOpa }] = await Promise.all([
    import('../policy/build/build.ts'),
    import('../policy/build/opa.ts'),
  ]);
  const { roots, onStep, hasLines = false } = wanted;
  const opa = await findOpa(process.env);
  const { judgedLines } = await import('./policy-lines.ts');
  return buildBundle({
    sources,
    opa,
    ...(hasLines && { runLines: (tried) => judgedLines(sources, opa, tried) }),
    ...(await signing(wanted)),
    ...(roots && { roots }),
    ...(onStep && { onStep }),
  });
}

async function keygen({ out }: { readonly out: string }): Promise<void> {
  const { generateSigningKey } = await import('../policy/bundle/keys.ts');
  const { signing, trusted } = generateSigningKey('main');
  // `wx`: a key that is there is never written over.
  await writeFile(`${out}.key`, signing.privateKeyPem, { mode: 0o600, flag: 'wx' }).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(exitCodes.refused, `cannot write ${out}.key: ${why}`, `in ${dirname(out)}`);
  });
  await writeFile(`${out}.pub`, trusted.publicKeyPem);
  print(`${out}.key\n${out}.pub`);
}
