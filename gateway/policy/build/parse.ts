import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { execute, type FailedRun, type Where } from './opa.ts';

export type Parsed = { readonly ok: true; readonly tree: unknown } | FailedRun;

/** Trees by what was parsed, as SHA-256: a build checks the files that its lines are then judged by, and each would be a run of OPA again. */
const known = new Map<string, unknown>();
/** The library and the default packs are 20 files. */
const maxKnown = 200;

/**
 * One file as `opa parse -f json` has it, with places, which name it as `path` does. The tree is shared: nobody changes it.
 * @param path relative to `where.cwd`
 */
export async function parseRego(opa: string, path: string, where: Where = {}): Promise<Parsed> {
  const text = await readFile(resolve(where.cwd ?? '.', path));
  const digest = createHash('sha256').update(`${opa}\0${path}\0`).update(text).digest('hex');
  if (known.has(digest)) return { ok: true, tree: known.get(digest) };
  const run = await execute(opa, ['parse', '-f', 'json', '--json-include', 'locations', path], where);
  if (!run.ok) return run;
  const tree: unknown = JSON.parse(run.stdout);
  if (known.size >= maxKnown) known.clear();
  known.set(digest, tree);
  return { ok: true, tree };
}
