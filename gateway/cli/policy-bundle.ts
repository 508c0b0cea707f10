import type { Command } from 'commander';
import type { BundleDescription } from '../policy/bundle/inspect.ts';
import { bundleDefinition } from './bundle-definition.ts';
import { archiveAt, trustedKey } from './bundle-files.ts';
import { CliError, exitCodes } from './exit.ts';
import { print, printable, printJson, table } from './output.ts';
import { addPolicyDiff } from './policy-diff.ts';
import { definitionOption } from './policy-sources.ts';

const examples = `
Examples:
  sallyport policy verify
  sallyport policy verify bundle.tar.gz --key main=keys/bundle.pub
  sallyport policy verify rules.tar.gz columns.tar.gz --key main=keys/bundle.pub data=keys/data.pub
  sallyport policy inspect bundle.tar.gz --json
`;

/** `policy verify`, `inspect` and `diff`: built bundles, looked at without a gateway. */
export function addBundles(policy: Command): void {
  policy
    .command('verify [bundle...]')
    .description(
      'what a gateway does before it takes bundles up: signature, dates, roots, labels, engine, canaries. Several are verified together',
    )
    .option('--key <id=file...>', 'PEM public keys whose signature counts; as defined in bundles/ unless given')
    .option(...definitionOption)
    .option('--min-sequence <n>', 'refuse a bundle with a lower sequence', '0')
    .option('--json', 'what was verified, as JSON')
    .addHelpText('after', examples)
    .action(verify);
  policy
    .command('inspect <bundle>')
    .description('show what a bundle says about itself; nothing is verified')
    .option('--json', 'everything, as JSON')
    .addHelpText('after', examples)
    .action(inspect);
  addPolicyDiff(policy);
}

interface VerifyFlags {
  readonly key?: readonly string[];
  readonly definition?: string;
  readonly minSequence: string;
  readonly json?: true;
}

async function verify(named: readonly string[], flags: VerifyFlags): Promise<void> {
  const [{ tryBundles }, { inspectBundle }] = await Promise.all([
    import('../policy/trial.ts'),
    import('../policy/bundle/inspect.ts'),
  ]);
  const minSequence = Number(flags.minSequence);
  if (!Number.isSafeInteger(minSequence) || minSequence < 0) {
    throw new CliError(exitCodes.usage, `--min-sequence: expected a whole number, got ${flags.minSequence}`);
  }
  // What is named in full needs no definition, and none may get in its way.
  const isWhole = named.length > 0 && flags.key !== undefined && flags.definition === undefined;
  const definition = isWhole ? undefined : await bundleDefinition(flags.definition);
  const files = named.length === 0 && definition ? [definition.out] : named;
  if (files.length === 0) throw new CliError(exitCodes.usage, "missing required argument 'bundle'");
  const key = flags.key ?? (definition && [`${definition.key.id}=${definition.key.publicFile}`]);
  if (key === undefined) throw new CliError(exitCodes.usage, "required option '--key <id=file...>' not specified");
  const keys = await Promise.all(key.map(trustedKey));
  const candidates = await Promise.all(
    files.map(async (name) => {
      const archive = await archiveAt(name);
      // Which roots a bundle of data may claim is in the configuration; here it may claim what it does.
      const { compiled, roots } = files.length === 1 ? { compiled: 'alone', roots: [] } : inspectBundle(archive);
      return { name, archive, keys, minSequence, roots: compiled === '' ? roots : undefined };
    }),
  );
  const { bundle, parts, canaries } = await tryBundles(candidates, Date.now());
  const verified = parts.map(({ name, manifest: { revision, metadata }, keyId }) => ({
    name,
    revision,
    sequence: metadata.sequence,
    key: keyId,
    expires_at: metadata.expires_at,
  }));
  if (flags.json) {
    const { revision, metadata } = bundle.manifest;
    const { sequence, expires_at } = metadata;
    const each = verified.length > 1 ? { bundles: verified } : {};
    return printJson({ revision, sequence, key: bundle.keyId, expires_at, canaries, ...each });
  }
  const passed = canaries === 0 ? 'no canary cases of its own' : `${String(canaries)} canary cases passed`;
  const lines = verified.map(
    ({ name, revision, key, expires_at: until }) =>
      `${name}: revision ${printable(revision)}, signed by ${key}, good until ${until}`,
  );
  print(lines.length === 1 ? `${lines.join('')}, ${passed}` : [...lines, `together: ${passed}`].join('\n'));
}

async function inspect(file: string, flags: { readonly json?: true }): Promise<void> {
  const { inspectBundle } = await import('../policy/bundle/inspect.ts');
  const description = inspectBundle(await archiveAt(file));
  if (flags.json) return printJson(description);
  print(described(description));
}

function described(bundle: BundleDescription): string {
  const { metadata, signature, sizes } = bundle;
  const facts = [
    ['revision', bundle.revision],
    ['sequence', String(metadata.sequence)],
    ['roots', bundle.roots.map((root) => root || 'everything').join(', ')],
    ['built', metadata.opa === undefined ? metadata.built_at : `${metadata.built_at} with OPA ${metadata.opa}`],
    ['expires', metadata.expires_at],
    ['signature', `${signature.algorithm} by ${signature.keyId}, not verified here`],
    ...(metadata.sources === undefined ? [] : [['sources', metadata.sources]]),
    ...(metadata.packs ?? []).map(({ name, version, digest }) => ['pack', `${name} ${version} (${digest})`]),
    ['digest', bundle.digest],
    ['size', `${sizeOf(sizes.archive)} packed`],
    ...Object.entries(sizes.files).map(([name, bytes]) => [`  ${name}`, sizeOf(bytes)]),
    ['labels', Object.keys(bundle.labels).join(', ') || 'none'],
    ['canaries', String(bundle.canaries)],
  ];
  const width = Math.max(...facts.map(([name = '']) => name.length));
  const lines = facts.map(([name = '', value = '']) => `${name.padEnd(width)}  ${printable(value)}`);
  const reads = Object.entries(bundle.reads).map(([entrypoint, paths]) => [entrypoint, paths.join(', ')]);
  const rules = bundle.rules.flatMap(({ id, name, title = '', file, line }) =>
    id === undefined ? [] : [[id, name, title, `${file}:${String(line)}`]],
  );
  return [
    ...lines,
    '',
    table(['id', 'rule', 'title', 'where'], rules),
    '',
    table(['entrypoint', 'reads from input'], reads),
  ].join('\n');
}

function sizeOf(bytes: number): string {
  return bytes < 10_240 ? `${String(bytes)} bytes` : `${String(Math.ceil(bytes / 1024))} KiB`;
}
