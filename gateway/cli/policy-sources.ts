import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { BundleSources } from '../policy/build/interface.ts';
import { ownFolders, shippedPacks, type Pack, type PolicyFolder } from '../policy/build/pack.ts';
import { bundleDefinition, type BundleDefinition } from './bundle-definition.ts';
import { CliError, exitCodes } from './exit.ts';
import { packageRoot, version } from '../composition/version.ts';

/** What somebody named on the command line. */
export interface SourceFlags {
  readonly policies?: readonly string[] | undefined;
  readonly tests?: readonly string[] | undefined;
  readonly definition?: string;
  readonly testData?: readonly string[] | undefined;
}

export interface NamedSources {
  readonly sources: BundleSources;
  readonly definition: BundleDefinition | undefined;
}

export const policiesOption = [
  '--policies <dir...>',
  'directories of Rego and data, in the place of what bundles/ defines; "policies" where there is no such',
] as const;
export const definitionOption = ['--definition <file>', 'bundle definition; the one in bundles/ unless given'] as const;

export const testDataOption = [
  '--test-data <dir...>',
  'directories of data that other bundles bring beside the rules: seen here, and never built into the bundle of the rules',
] as const;

/** @param tests what of the tests the command reads */
export function withSources(command: Command, tests: string): Command {
  return command
    .option(...policiesOption)
    .option('--tests <dir...>', `directories of ${tests}, likewise; "policy-tests" where there is no such`)
    .option(...definitionOption)
    .option(...testDataOption);
}

/**
 * Where policies and tests are: as the bundle definition of this repository says, with the packs it names. Whoever names policies
 * does without it, unless they name it too.
 * @throws CliError when something is not there, or the definition is for another version
 */
export async function namedSources(flags: SourceFlags): Promise<NamedSources> {
  const { definition, folders } = await foldersAndDefinition(flags);
  const tests = flags.tests ?? definition?.tests ?? ['policy-tests'];
  return { sources: sourcesOf(folders, tests, flags.testData), definition };
}

/** The directories of policies alone, likewise: for what reads no tests. */
export async function namedFolders(flags: SourceFlags): Promise<readonly PolicyFolder[]> {
  const { folders } = await foldersAndDefinition(flags);
  return sourcesOf(folders, []).policies;
}

async function foldersAndDefinition(
  flags: SourceFlags,
): Promise<{ readonly definition: BundleDefinition | undefined; readonly folders: readonly PolicyFolder[] }> {
  const isNamed = flags.policies !== undefined && flags.definition === undefined;
  const definition = isNamed ? undefined : await bundleDefinition(flags.definition);
  const packs = definition === undefined ? [] : packsOf(definition);
  return { definition, folders: [...packs, ...(flags.policies ?? definition?.policies ?? ['policies'])] };
}

/** Directories somebody named, and the contract with the gateway itself: that comes from the package, whatever the policies are. */
export function sourcesOf(
  policies: readonly PolicyFolder[],
  tests: readonly string[],
  testData: readonly string[] = [],
): BundleSources {
  for (const folder of [...ownFolders(policies), ...tests, ...testData]) {
    if (existsSync(folder)) continue;
    const hint =
      'run this in a policy repository, name the directory (--policies DIR, --tests DIR), or make a repository: sallyport policy init DIR';
    throw new CliError(exitCodes.usage, `there is no directory ${folder}`, hint);
  }
  return {
    policies,
    tests,
    testData,
    schemas: join(packageRoot, 'policies/schemas'),
    capabilities: join(packageRoot, 'policies/capabilities.json'),
  };
}

/** Another version's library may decide otherwise: taking it over is a change that somebody makes and reviews. */
function packsOf({ file, version: wanted, packs }: BundleDefinition): readonly Pack[] {
  const installed = version();
  if (wanted !== installed) {
    throw new CliError(
      exitCodes.refused,
      `${file} is for Sallyport ${wanted}, and this is ${installed}`,
      `use Sallyport ${wanted}, or write "sallyport: ${installed}" there and review what "policy diff" shows`,
    );
  }
  return shippedPacks(join(packageRoot, 'policies'), installed, packs);
}

export function choiceOf<T extends string>(flag: string, text: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === text);
  if (found !== undefined) return found;
  throw new CliError(exitCodes.usage, `${flag}: expected one of ${choices.join(', ')}`);
}
