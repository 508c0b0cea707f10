import { join, relative } from 'node:path';

/**
 * Policies that come with the installed version: the library, and the default rules of one kind of command. Merged at build, not copied
 * into anybody's repository; a bundle's manifest says which version of each it was built with.
 */
export interface Pack {
  readonly name: string;
  readonly version: string;
  /** Names of its files are relative to this directory, ... */
  readonly root: string;
  /** ... and they lie below this one of it. */
  readonly under: string;
}

/** A directory of somebody's own, or a pack. */
export type PolicyFolder = string | Pack;

/** Where the default packs lie in the package's `policies/`. Not `columns/`: an example, and everybody's columns are their own. */
const places = {
  postgres: 'rules/postgres',
  ssh: 'rules/ssh',
  session: 'rules/session',
  admin: 'rules/admin',
  labels: 'labels',
} as const;
export type PackName = keyof typeof places;

export const packNames = Object.keys(places) as readonly PackName[]; // the keys of a constant

/**
 * The library, without which no policy decides anything, and these packs.
 * @param policies the package's `policies/`
 */
export function shippedPacks(policies: string, version: string, names: readonly PackName[]): readonly Pack[] {
  const pack = (name: string, under: string): Pack => ({ name, version, root: policies, under });
  return [pack('library', 'sallyport'), ...packNames.filter((n) => names.includes(n)).map((n) => pack(n, places[n]))];
}

/** Whether this file belongs to a pack: nobody's own code, so nobody's own coverage. */
export function isPacked(file: string, folders: readonly PolicyFolder[]): boolean {
  return packOf(file, folders) !== undefined;
}

/** What messages call a file: one of a pack `rules/postgres/writes.rego`, as the bundle does, wherever the package is installed. */
export function shortName(file: string, folders: readonly PolicyFolder[]): string {
  const pack = packOf(file, folders);
  return pack === undefined ? file : relative(pack.root, file);
}

function packOf(file: string, folders: readonly PolicyFolder[]): Pack | undefined {
  return folders
    .filter((folder) => typeof folder !== 'string')
    .find(({ root, under }) => file.startsWith(join(root, under, '/')));
}

/** The directories of these that are somebody's own. */
export function ownFolders(folders: readonly PolicyFolder[]): readonly string[] {
  return folders.filter((folder) => typeof folder === 'string');
}
