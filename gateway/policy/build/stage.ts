import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { SallyportError } from '../../contract/errors.ts';
import type { PolicyFolder } from './pack.ts';

/**
 * Copies Rego and data files of several directories into one, so that they are one bundle with one root. Nothing else comes along:
 * OPA would take any JSON file for data. A data file of one's own is laid over the pack's of the same path, name by name.
 * @throws SallyportError `opa-failed` when two directories have a file of the same path, or there is nothing to build
 */
export async function stageSources(
  folders: readonly PolicyFolder[],
  into: string,
  wanted: (name: string) => boolean,
): Promise<void> {
  const staged = new Set<string>();
  for (const [name, from] of await originsOf(folders, wanted)) {
    const place = join(into, name);
    await mkdir(dirname(place), { recursive: true });
    if (staged.has(name))
      await writeFile(place, JSON.stringify({ ...(await namesIn(place)), ...(await namesIn(from)) }));
    else await copyFile(from, place);
    staged.add(name);
  }
}

/**
 * Puts data that other bundles bring beside what is staged.
 * @throws SallyportError `opa-failed` for a file that is there already: two bundles cannot bring the same
 */
export async function stageTestData(folders: readonly string[], into: string): Promise<void> {
  if (folders.length === 0) return;
  for (const [name, from] of await originsOf(folders, isDataFile)) {
    const place = join(into, name);
    if (existsSync(place))
      throw new SallyportError('opa-failed', `${name} is in ${folders.join(', ')} and in the policies`);
    await mkdir(dirname(place), { recursive: true });
    await copyFile(from, place);
  }
}

/** A data file's content. JSON is YAML. */
async function namesIn(file: string): Promise<Readonly<Record<string, unknown>>> {
  const read = z
    .record(z.string(), z.unknown())
    .nullable()
    .safeParse(parse(await readFile(file, 'utf8')));
  if (read.success) return read.data ?? {};
  throw new SallyportError('opa-failed', `${file}: expected names and their values, to be laid over the pack's`);
}

/**
 * SHA-256 hex over names and contents of the policies in these directories: what a bundle's manifest says it was built from
 * (`metadata.sources`). The same digest needs no new build.
 */
export async function sourcesDigest(folders: readonly PolicyFolder[]): Promise<string> {
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

export function isDataFile(name: string): boolean {
  return name === 'data.yaml' || name === 'data.yml' || name === 'data.json';
}

async function filesOf(folder: string, wanted: (name: string) => boolean): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((e) => e.isFile() && wanted(e.name)).map((e) => join(e.parentPath, e.name));
}

/**
 * Relative path, with forward slashes, to where the file lies; sorted. A data file that a pack has too is there twice, the pack's first.
 * @throws SallyportError `opa-failed`
 */
export async function originsOf(
  folders: readonly PolicyFolder[],
  wanted: (name: string) => boolean,
): Promise<readonly (readonly [name: string, path: string])[]> {
  const origins = new Map<string, { readonly path: string; readonly packed: boolean; readonly under?: string }>();
  for (const folder of folders) {
    const packed = typeof folder !== 'string';
    const root = packed ? folder.root : folder;
    for (const path of await filesOf(packed ? join(root, folder.under) : root, wanted)) {
      const name = relative(root, path).split(sep).join('/');
      const other = origins.get(name);
      const laidOver = other?.packed === true && !packed && isDataFile(basename(name));
      if (other !== undefined && !laidOver)
        throw new SallyportError('opa-failed', `${name} is in ${dirname(other.path)} and in ${root}`);
      origins.set(name, { path, packed, ...(other && { under: other.path }) });
    }
  }
  if (origins.size === 0)
    throw new SallyportError('opa-failed', `nothing to build found in ${folders.map(nameOf).join(', ')}`);
  const sorted = [...origins].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.flatMap(([name, { path, under }]) => [
    ...(under ? [[name, under] as const] : []),
    [name, path] as const,
  ]);
}

function nameOf(folder: PolicyFolder): string {
  return typeof folder === 'string' ? folder : `pack ${folder.name}`;
}
