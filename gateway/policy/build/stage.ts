import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { SallyportError } from '../../contract/errors.ts';

/**
 * Copies Rego and data files of several directories into one, so that they are one bundle with one root. Nothing else comes along:
 * OPA would take any JSON file for data.
 * @throws SallyportError `opa-failed` when two directories have a file of the same path, or there is nothing to build
 */
export async function stageSources(
  folders: readonly string[],
  into: string,
  wanted: (name: string) => boolean,
): Promise<void> {
  for (const [name, from] of await originsOf(folders, wanted)) {
    await mkdir(dirname(join(into, name)), { recursive: true });
    await copyFile(from, join(into, name));
  }
}

/**
 * SHA-256 hex over names and contents of the policies in these directories: what a bundle's manifest says it was built from
 * (`metadata.sources`). The same digest needs no new build.
 */
export async function sourcesDigest(folders: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const [name, from] of await originsOf(folders, isPolicySource)) {
    const body = await readFile(from);
    hash.update(`${name}\0${body.length}\0`).update(body);
  }
  return hash.digest('hex');
}

export function isPolicySource(name: string): boolean {
  return isDataFile(name) || (name.endsWith('.rego') && !name.endsWith('_test.rego'));
}

export function isTestSource(name: string): boolean {
  return name.endsWith('.rego');
}

function isDataFile(name: string): boolean {
  return name === 'data.yaml' || name === 'data.yml' || name === 'data.json';
}

async function filesOf(folder: string, wanted: (name: string) => boolean): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((e) => e.isFile() && wanted(e.name)).map((e) => join(e.parentPath, e.name));
}

/** Relative path, with forward slashes, to where the file lies; sorted. */
export async function originsOf(
  folders: readonly string[],
  wanted: (name: string) => boolean,
): Promise<readonly (readonly [name: string, path: string])[]> {
  const origins = new Map<string, string>();
  for (const folder of folders) {
    for (const path of await filesOf(folder, wanted)) {
      const name = relative(folder, path).split(sep).join('/');
      const other = origins.get(name);
      if (other !== undefined)
        throw new SallyportError('opa-failed', `${name} is in ${dirname(other)} and in ${folder}`);
      origins.set(name, path);
    }
  }
  if (origins.size === 0) throw new SallyportError('opa-failed', `no Rego found in ${folders.join(', ')}`);
  return [...origins].sort(([a], [b]) => (a < b ? -1 : 1));
}
