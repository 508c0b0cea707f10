import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './markdown.ts';

/** A rule of the default pack, as its METADATA says. */
export interface RuleEntry {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly file: string;
  /** What its findings are: `deny`, `allow` ... */
  readonly kinds: readonly string[];
  /** Ids that the rules right below this METADATA really write. */
  readonly written: readonly string[];
}

/** The rules of `policies/rules`, by id. */
export function packRules(): readonly RuleEntry[] {
  const folder = join(root, 'policies/rules');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.rego'));
  return files.flatMap((file) => rulesOf(file, readFileSync(join(folder, file), 'utf8'))).toSorted(byId);
}

function rulesOf(file: string, text: string): readonly RuleEntry[] {
  return text.split(/^# METADATA$/m).flatMap((part) => {
    const id = /^# custom: \{id: ([A-Z]+-\d+)\}$/m.exec(part)?.[1];
    if (id === undefined) return [];
    const title = /^# title: (.*)$/m.exec(part)?.[1] ?? '';
    const comment = part
      .split(/^(?!#)/m)
      .slice(0, 2)
      .join('');
    const described = /^# description: (?:\|\n((?:# {3}.*\n)+)|(.*)$)/m.exec(comment);
    const description = (described?.[1]?.replaceAll(/^# +/gm, '') ?? described?.[2] ?? '').trim();
    const kinds = [...new Set([...part.matchAll(/^(\w+) contains /gm)].map((m) => m[1] ?? ''))];
    const written = [...part.matchAll(/"id": "([A-Z]+-\d+)"/g)].map((m) => m[1] ?? '');
    return [{ id, title, description, file, kinds, written }];
  });
}

function byId(a: RuleEntry, b: RuleEntry): number {
  return a.id < b.id ? -1 : 1;
}
