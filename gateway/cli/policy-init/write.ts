import { createPrivateKey, createPublicKey } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { generateSigningKey, type SigningAlgorithm } from '../../policy/bundle/keys.ts';
import { CliError, exitCodes } from '../exit.ts';
import { algorithmOf } from '../bundle-files.ts';
import { packageRoot, version } from '../../composition/version.ts';
import { yamlText } from '../yaml-text.ts';
import { editorSchemas } from './editor-schemas.ts';

export interface Repository {
  readonly dir: string;
  readonly target: string;
  /** PEM private key to sign with; undefined for a new one. */
  readonly keyFile: string | undefined;
  /** What gateways call it. */
  readonly keyId: string;
  /** Also into a directory with something in it. */
  readonly force: boolean;
}

/** Paths below the repository, sorted. */
export interface WrittenRepository {
  readonly files: readonly string[];
  /** What was there and was not touched. */
  readonly kept: readonly string[];
}

interface NewFile {
  readonly text: string;
  readonly mode?: number;
}

/** Files of the repository as they lie here, each with `.template` behind its name so that no tool takes it for what it will be. */
const templates = join(import.meta.dirname, 'template');
const suffix = '.template';
/** What somebody or something starts. */
const programs: readonly string[] = ['.githooks/pre-commit', 'ci/get-sallyport'];
const privateKey = 'keys/main.key';

/**
 * Writes a policy repository that checks, tests and builds as it is. Never writes over anything.
 * @throws CliError when the directory is not empty and nobody said `--force`, or the key cannot be read
 */
export async function writeRepository(wanted: Repository): Promise<WrittenRepository> {
  const { dir, force } = wanted;
  const there = await readdir(dir).catch(() => []); // made below
  if (there.length > 0 && !force) {
    throw new CliError(
      exitCodes.refused,
      `${dir} is not empty`,
      'give another directory, or --force to keep what is there',
    );
  }
  const files: string[] = [];
  const kept: string[] = [];
  for (const [name, file] of await contentOf(wanted)) {
    ((await writeNew(join(dir, name), file)) ? files : kept).push(name);
  }
  return { files: files.sort(), kept: kept.sort() };
}

async function contentOf({ dir, target, keyFile, keyId }: Repository): Promise<ReadonlyMap<string, NewFile>> {
  const { privatePem, publicPem, algorithm } = await keyFrom(keyFile, join(dir, privateKey));
  const signing = keyFile === undefined ? privateKey : relative(dir, resolve(keyFile));
  const fill = (text: string): string =>
    text
      .replaceAll('__TARGET__', target)
      .replaceAll('__VERSION__', version())
      .replaceAll('__ALGORITHM__', algorithm)
      .replaceAll('__KEY_ID__', yamlText(keyId))
      .replaceAll('__PRIVATE__', `  private: ${yamlText(signing)}\n`);
  const content = new Map<string, NewFile>();
  const entries = await readdir(templates, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((e) => e.isFile())) {
    const path = join(entry.parentPath, entry.name);
    const name = fill(relative(templates, path).slice(0, -suffix.length));
    const text = fill(await readFile(path, 'utf8'));
    content.set(name, { text, ...(programs.includes(name) && { mode: 0o755 }) });
  }
  // The statements that the project's own tests start from, about this target.
  const statements = await readFile(join(packageRoot, 'policy-tests/postgres/statements.rego'), 'utf8');
  content.set('policy-tests/postgres/statements.rego', {
    text: statements.replace('"name": "crm"', `"name": "${target}"`),
  });
  for (const [name, schema] of editorSchemas()) {
    content.set(`.vscode/schemas/${name}.json`, { text: `${JSON.stringify(schema, null, 2)}\n` });
  }
  content.set('bundles/main.pub', { text: publicPem });
  if (keyFile === undefined) content.set(privateKey, { text: privatePem, mode: 0o600 });
  return content;
}

interface KeyPair {
  readonly privatePem: string;
  readonly publicPem: string;
  readonly algorithm: SigningAlgorithm;
}

/** The pair of a key that somebody named, or that a first run left here; else a new one. */
async function keyFrom(named: string | undefined, own: string): Promise<KeyPair> {
  const privatePem = await readFile(named ?? own, 'utf8').catch((error: unknown) => {
    if (named === undefined) return undefined;
    throw new CliError(
      exitCodes.usage,
      `--key: cannot read ${named}`,
      error instanceof Error ? error.message : undefined,
    );
  });
  if (privatePem === undefined) {
    const { signing, trusted } = generateSigningKey('main');
    return { privatePem: signing.privateKeyPem, publicPem: trusted.publicKeyPem, algorithm: trusted.algorithm };
  }
  const file = named ?? own;
  const publicPem = publicOf(privatePem, file);
  return { privatePem, publicPem, algorithm: algorithmOf(publicPem, file) };
}

function publicOf(privatePem: string, file: string): string {
  try {
    return createPublicKey(createPrivateKey(privatePem)).export({ type: 'spki', format: 'pem' }).toString();
  } catch {
    throw new CliError(exitCodes.usage, `${file} is not a PEM private key`);
  }
}

/** @returns false where there is a file already */
async function writeNew(path: string, { text, mode }: NewFile): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true, ...(path.endsWith(privateKey) && { mode: 0o700 }) });
  try {
    await writeFile(path, text, { flag: 'wx', ...(mode !== undefined && { mode }) });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
  if (mode !== undefined) await chmod(path, mode); // whatever the umask
  return true;
}
