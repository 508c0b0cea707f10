import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { BundleDiff, Changes, NamedChange } from '../policy/bundle/diff.ts';
import type { BundleDescription } from '../policy/bundle/inspect.ts';
import type { SigningAlgorithm, TrustedKey } from '../policy/bundle/keys.ts';
import { CliError, exitCodes } from './exit.ts';
import { print, printable, printJson, table } from './output.ts';

const examples = `
Examples:
  sallyport policy verify bundle.tar.gz --key main=keys/bundle.pub
  sallyport policy inspect bundle.tar.gz --json
  sallyport policy diff yesterday.tar.gz bundle.tar.gz
`;

/** `policy verify`, `inspect` and `diff`: built bundles, looked at without a gateway. */
export function addBundles(policy: Command): void {
  policy
    .command('verify <bundle>')
    .description('what a gateway does before it takes a bundle up: signature, dates, labels, engine, canaries')
    .requiredOption('--key <id=file...>', 'PEM public keys whose signature counts')
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
  policy
    .command('diff <old> <new>')
    .description('rules, labels, columns, data and reads that came, went or changed between two bundles')
    .option('--json', 'the same as JSON')
    .addHelpText('after', examples)
    .action(diff);
}

interface VerifyFlags {
  readonly key: readonly string[];
  readonly minSequence: string;
  readonly json?: true;
}

async function verify(file: string, flags: VerifyFlags): Promise<void> {
  const { tryBundle } = await import('../policy/trial.ts');
  const minSequence = Number(flags.minSequence);
  if (!Number.isSafeInteger(minSequence) || minSequence < 0) {
    throw new CliError(exitCodes.usage, `--min-sequence: expected a whole number, got ${flags.minSequence}`);
  }
  const keys = await Promise.all(flags.key.map(trustedKey));
  const { bundle, canaries } = await tryBundle(await archiveAt(file), { keys, nowMs: Date.now(), minSequence });
  const { revision, metadata } = bundle.manifest;
  const { sequence, expires_at: expiresAt } = metadata;
  if (flags.json) return printJson({ revision, sequence, key: bundle.keyId, expires_at: expiresAt, canaries });
  const passed = canaries === 0 ? 'no canary cases of its own' : `${String(canaries)} canary cases passed`;
  print(`${file}: revision ${printable(revision)}, signed by ${bundle.keyId}, good until ${expiresAt}, ${passed}`);
}

async function inspect(file: string, flags: { readonly json?: true }): Promise<void> {
  const { inspectBundle } = await import('../policy/bundle/inspect.ts');
  const description = inspectBundle(await archiveAt(file));
  if (flags.json) return printJson(description);
  print(described(description));
}

async function diff(before: string, after: string, flags: { readonly json?: true }): Promise<void> {
  const [{ inspectBundle }, { diffBundles, isEmptyDiff }] = await Promise.all([
    import('../policy/bundle/inspect.ts'),
    import('../policy/bundle/diff.ts'),
  ]);
  const [old, now] = [inspectBundle(await archiveAt(before)), inspectBundle(await archiveAt(after))];
  const found = diffBundles(old, now);
  if (flags.json) return printJson(found);
  print(isEmptyDiff(found) ? 'the same rules, labels, columns, data and reads' : differences(found));
}

async function archiveAt(file: string): Promise<Buffer> {
  return readFile(file).catch((error: unknown) => {
    throw new CliError(exitCodes.usage, `cannot read ${file}`, error instanceof Error ? error.message : undefined);
  });
}

/** `ID=FILE`. Which algorithm counts is what the key is for. */
async function trustedKey(text: string): Promise<TrustedKey> {
  const at = text.indexOf('=');
  if (at < 1) throw new CliError(exitCodes.usage, `--key: expected ID=FILE, got ${text}`);
  const [id, file] = [text.slice(0, at), text.slice(at + 1)];
  const publicKeyPem = (await archiveAt(file)).toString('utf8');
  return { id, algorithm: algorithmOf(publicKeyPem, file), publicKeyPem };
}

function algorithmOf(pem: string, file: string): SigningAlgorithm {
  const byType: Readonly<Record<string, SigningAlgorithm>> = { ec: 'ES256', ed25519: 'EdDSA', rsa: 'RS256' };
  let algorithm: SigningAlgorithm | undefined;
  try {
    algorithm = byType[createPublicKey(pem).asymmetricKeyType ?? ''];
  } catch {
    throw new CliError(exitCodes.usage, `${file} is not a PEM public key`);
  }
  if (algorithm === undefined) throw new CliError(exitCodes.usage, `${file}: expected a P-256, Ed25519 or RSA key`);
  return algorithm;
}

function described(bundle: BundleDescription): string {
  const { metadata, signature, sizes } = bundle;
  const facts = [
    ['revision', bundle.revision],
    ['sequence', String(metadata.sequence)],
    ['built', `${metadata.built_at} with OPA ${metadata.opa}`],
    ['expires', metadata.expires_at],
    ['signature', `${signature.algorithm} by ${signature.keyId}, not verified here`],
    ['sources', metadata.sources],
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

function differences(found: BundleDiff): string {
  const rules = eachChange(found.rules).map(([how, r]) => [
    how,
    r.id,
    r.title || r.name,
    `${r.file}:${String(r.line)}`,
  ]);
  const named = (what: string, changes: Changes<NamedChange>) =>
    eachChange(changes).map(([how, { name, before, after }]) => [how, what, name, short(before), short(after)]);
  const others = [
    ...named('label', found.labels),
    ...named('column', found.columns),
    ...named('data', found.data),
    ...named('reads', found.reads),
  ];
  return [
    `${printable(found.from)} -> ${printable(found.to)}`,
    ...(rules.length > 0 ? [table(['', 'rule', 'title', 'where'], rules)] : []),
    ...(others.length > 0 ? [table(['', 'what', 'name', 'before', 'after'], others)] : []),
    `policy.wasm: ${found.compiled}`,
  ].join('\n\n');
}

function eachChange<T>({ added, removed, changed }: Changes<T>): readonly (readonly [string, T])[] {
  return [
    ...added.map((one) => ['+', one] as const),
    ...removed.map((one) => ['-', one] as const),
    ...changed.map((one) => ['~', one] as const),
  ];
}

function short(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function sizeOf(bytes: number): string {
  return bytes < 10_240 ? `${String(bytes)} bytes` : `${String(Math.ceil(bytes / 1024))} KiB`;
}
