import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findOpa } from '../../gateway/policy/build/opa.ts';
import { Engine } from '../../gateway/policy/engine/engine.ts';
import { compileUnsigned } from '../../gateway/policy/lines/judge.ts';
import { findingRules } from '../../gateway/policy/lint/finding-rules.ts';
import { readSources } from '../../gateway/policy/lint/sources.ts';

const root = join(import.meta.dirname, '../..');

/** The default pack and, up to `count` rules in all, rules such as people add: about a table, a group and an hour. */
export async function engineWithRules(
  count: number,
  dir: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Engine> {
  const opa = await findOpa(env);
  const pack = join(root, 'policies');
  const there = findingRules((await readSources(opa, [pack])).modules).length;
  const more = join(dir, 'many-rules');
  await mkdir(more, { recursive: true });
  const rules = Array.from({ length: count - there }, (_, i) => ruleAbout(`t${String(i)}`));
  await writeFile(join(more, 'many.rego'), `package rules.postgres\n\n${rules.join('\n')}`);
  const sources = { policies: [pack, more], capabilities: join(pack, 'capabilities.json') };
  return new Engine(await compileUnsigned(sources, opa));
}

function ruleAbout(table: string): string {
  return `deny contains {"id": "MANY-${table}", "msg": $"{relation.name} is for its team"} if {
	some relation in input.command.relations
	relation.name == "${table}"
	not "team-${table}" in input.principal.groups
}
`;
}
