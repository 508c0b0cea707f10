import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { SallyportError } from '../contract/errors.ts';
import type { PolicyFolder } from './build/pack.ts';
import { isDataFile, originsOf } from './build/stage.ts';
import { readLabels, type LabelData } from './labels.ts';

/** `labels` and `columns` as they stand in directories of policies, before anything is built of them. */
export interface LabelFiles {
  readonly data: LabelData;
  /** The file that a target's columns come from, and the names under which they stand in it. */
  placeOf(target: string): { readonly file: string; readonly path: readonly string[] } | undefined;
}

const object = z.record(z.string(), z.unknown());

/**
 * Reads them as a build does: the folders above a file are the first names of what is in it, and one's own file lies over a pack's, name
 * by name.
 * @throws SallyportError `bundle-invalid` naming the file, `opa-failed` when there is nothing to read
 */
export async function readLabelFiles(folders: readonly PolicyFolder[]): Promise<LabelFiles> {
  const labels: Record<string, unknown> = {};
  const columns: Record<string, unknown> = {};
  const places = new Map<string, { readonly file: string; readonly path: readonly string[] }>();
  for (const [name, file] of await originsOf(folders, isDataFile)) {
    const above = dirname(name)
      .split('/')
      .filter((part) => part !== '.');
    const whole = nested(above, parse(await readFile(file, 'utf8')) as unknown);
    Object.assign(labels, namesAt(whole, 'labels', file));
    const here = namesAt(whole, 'columns', file);
    Object.assign(columns, here);
    for (const target of Object.keys(here)) places.set(target, { file, path: ['columns', target].slice(above.length) });
  }
  return { data: readLabels({ labels, columns }, 'data'), placeOf: (target) => places.get(target) };
}

function nested(above: readonly string[], content: unknown): unknown {
  return above.reduceRight<unknown>((inner, name) => ({ [name]: inner }), content);
}

function namesAt(data: unknown, name: string, file: string): Readonly<Record<string, unknown>> {
  const read = object.nullish().safeParse(data);
  const found = object.nullish().safeParse(read.data?.[name]);
  if (read.success && found.success) return found.data ?? {};
  throw new SallyportError('bundle-invalid', `${file}: expected names and their values`);
}
