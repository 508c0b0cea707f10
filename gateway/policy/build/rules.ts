import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { z } from 'zod';
import { SallyportError } from '../../contract/errors.ts';
import type { BundleRule } from '../bundle/manifest.ts';
import { opaFailed, type Where } from './opa.ts';
import { parseRego } from './parse.ts';

const term = z.looseObject({ type: z.string(), value: z.unknown() });
const ruleSchema = z.looseObject({
  annotations: z.array(z.looseObject({ scope: z.string(), title: z.string().optional() })).optional(),
  head: z.looseObject({ name: z.string().optional(), key: term.optional(), ref: z.array(term) }),
  location: z.looseObject({ row: z.int() }),
});
const moduleSchema = z.looseObject({
  package: z.looseObject({ path: z.array(term) }),
  rules: z.array(ruleSchema).optional(),
});

/**
 * Every definition in these policies, in the order of files and lines: what a bundle says about itself, so that two can be compared and a
 * finding leads back to its line. Helper rules and functions are there too: a change in one changes whatever uses it.
 * @param folder relative to `where.cwd`; file names are given below it
 */
export async function rulesOf(
  opa: string,
  folder: string,
  where: Where & { readonly cwd: string },
): Promise<BundleRule[]> {
  const rules: BundleRule[] = [];
  for (const file of await regoFiles(join(where.cwd, folder))) {
    const parsed = await parseRego(opa, join(folder, file), where);
    if (!parsed.ok) throw opaFailed('parse', parsed);
    const read = moduleSchema.safeParse(parsed.tree);
    if (!read.success) throw new SallyportError('opa-failed', `opa parse ${file}: ${z.prettifyError(read.error)}`);
    const path = dotted(read.data.package.path);
    for (const rule of read.data.rules ?? []) rules.push(describe(rule, path, file));
  }
  return rules;
}

function describe(rule: z.infer<typeof ruleSchema>, path: string, file: string): BundleRule {
  const { head, location, annotations = [] } = rule;
  const id = literalId(head.key);
  const title = annotations.find((a) => a.scope === 'rule' || a.scope === 'document')?.title;
  return {
    name: `${path}.${dotted(head.ref, head.name)}`,
    ...(id !== undefined && { id }),
    ...(title !== undefined && { title }),
    file,
    line: location.row,
    digest: createHash('sha256').update(meaningOf(rule)).digest('hex').slice(0, 16),
  };
}

/** `{"id": "PG-002", ...}` in the head of `deny contains`. An id that is computed is not known before the rule runs. */
function literalId(key: z.infer<typeof term> | undefined): string | undefined {
  if (key?.type !== 'object') return undefined;
  const pairs = z.array(z.tuple([term, term])).safeParse(key.value);
  const found = pairs.data?.find(([name]) => name.type === 'string' && name.value === 'id')?.[1];
  return found?.type === 'string' && typeof found.value === 'string' ? found.value : undefined;
}

/** A definition without where it stands: moving or reformatting a rule does not change it. */
function meaningOf(rule: z.infer<typeof ruleSchema>): string {
  return JSON.stringify(rule, (key, value: unknown) =>
    key === 'location' || key === 'annotations' ? undefined : value,
  );
}

/** `data.rules.postgres` is written without its `data.`; what is no name stands as in Rego. */
function dotted(path: readonly z.infer<typeof term>[], otherwise = ''): string {
  const names = path.map(({ value }) => (typeof value === 'string' ? value : '[_]'));
  return (names[0] === 'data' ? names.slice(1) : names).join('.') || otherwise;
}

async function regoFiles(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((e) => e.isFile() && e.name.endsWith('.rego')).map((e) => join(e.parentPath, e.name));
  return files.map((file) => relative(folder, file).split(sep).join('/')).sort();
}
