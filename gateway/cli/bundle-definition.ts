import { readdir } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { packNames, type PackName } from '../policy/build/pack.ts';
import { signingAlgorithms, type SigningAlgorithm } from '../policy/bundle/keys.ts';
import { CliError, exitCodes } from './exit.ts';

const folder = 'bundles';
const path = z.string().min(1);

/** `bundles/<name>.yaml` of a policy repository: what `policy build` makes of it. Paths are relative to the repository. */
export const definitionFile = z.strictObject({
  sallyport: z.string().describe('The version of Sallyport whose library and packs are merged in'),
  packs: z
    .array(z.enum(packNames as readonly [PackName, ...PackName[]])) // a constant with four names in it
    .default([...packNames])
    .describe('Default rules and labels that come with that version; the library always does'),
  policies: z.array(path).min(1).default(['policies']).describe('Directories of Rego and data'),
  tests: z.array(path).min(1).default(['policy-tests']).describe('Directories of *_test.rego and of lines in YAML'),
  key: z.strictObject({
    id: z.string().min(1).default('main').describe('What policy.keys in the gateways’ configuration calls it'),
    algorithm: z.enum(signingAlgorithms).default('ES256'),
    private: path.optional().describe('PEM key that signs, where it is at hand; --key otherwise'),
    public: path.describe('PEM key by which the bundle is verified'),
  }),
  out: path.describe('Where the bundle goes'),
  expires_days: z.int().min(1).default(365).describe('From then on every decision is a deny'),
});

export interface BundleDefinition {
  readonly file: string;
  readonly version: string;
  readonly packs: readonly PackName[];
  readonly policies: readonly string[];
  readonly tests: readonly string[];
  readonly key: {
    readonly id: string;
    readonly algorithm: SigningAlgorithm;
    readonly privateFile: string | undefined;
    readonly publicFile: string;
  };
  readonly out: string;
  readonly expiresDays: number;
}

/**
 * The definition that somebody named, or the one in `bundles/` of the current directory; undefined where there is none.
 * @throws CliError when there are several, or what it says cannot be read
 */
export async function bundleDefinition(named: string | undefined): Promise<BundleDefinition | undefined> {
  const file = named ?? (await onlyDefinition());
  return file === undefined ? undefined : readDefinition(file);
}

async function onlyDefinition(): Promise<string | undefined> {
  const names = await readdir(folder).catch(() => []); // no policy repository
  const [first, ...more] = names.filter((name) => /\.ya?ml$/.test(name)).sort();
  if (first === undefined || more.length === 0) return first && join(folder, first);
  const all = [first, ...more].map((name) => join(folder, name)).join(', ');
  throw new CliError(exitCodes.usage, `there are several bundle definitions: ${all}`, 'say which: --definition FILE');
}

async function readDefinition(file: string): Promise<BundleDefinition> {
  const { readYaml, mistakeLine } = await import('../policy/lines/yaml-file.ts');
  const read = await readYaml(file, definitionFile).catch((error: unknown) => {
    throw new CliError(exitCodes.usage, `cannot read ${file}`, error instanceof Error ? error.message : undefined);
  });
  if (!read.ok) throw new CliError(exitCodes.usage, read.mistakes.map(mistakeLine).join('\n'));
  const { sallyport, packs, policies, tests, key, out, expires_days: expiresDays } = read.value;
  // As somebody in the current directory would write it: that is what messages name.
  const home = resolve(dirname(file), '..');
  const here = (text: string): string => relative('.', resolve(home, text)) || '.';
  return {
    file,
    version: sallyport,
    packs,
    policies: policies.map(here),
    tests: tests.map(here),
    key: {
      id: key.id,
      algorithm: key.algorithm,
      privateFile: key.private === undefined ? undefined : here(key.private),
      publicFile: here(key.public),
    },
    out: here(out),
    expiresDays,
  };
}
