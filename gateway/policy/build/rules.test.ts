import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root, temporaryFolder } from '../fixtures.ts';
import { findOpa } from './opa.ts';
import { rulesOf } from './rules.ts';

const opa = await findOpa(process.env);

async function parsed(rego: string) {
  await using folder = await temporaryFolder();
  await mkdir(join(folder.path, 'p/rules'), { recursive: true });
  await writeFile(join(folder.path, 'p/rules/a.rego'), rego);
  return await rulesOf(opa, 'p', { cwd: folder.path });
}

const written = `package rules.postgres

# METADATA
# title: Nobody drops
deny contains {"id": "T-1", "msg": "no"} if input.command.action == "drop"

id := "T-2"

deny contains {"id": id, "msg": "no"} if input.v == 2

ok(x) if x > 1
`;

test('a finding is known by id, title, file and line; what has no literal id by its name', async () => {
  expect(await parsed(written)).toMatchObject([
    { name: 'rules.postgres.deny', id: 'T-1', title: 'Nobody drops', file: 'rules/a.rego', line: 5 },
    { name: 'rules.postgres.id', line: 7 },
    { name: 'rules.postgres.deny', line: 9 },
    { name: 'rules.postgres.ok', line: 11 },
  ]);
});

const first = async (rego: string) => (await parsed(rego))[0]?.digest;

test.each([
  ['comments', `# why\n${written}`],
  ['layout', written.replace('if input', 'if {\n\tinput').replace('"drop"', '"drop"\n}')],
  ['title', written.replace('drops', 'ever drops')],
])('its digest does not depend on %s', async (_what, rego) => {
  expect(await first(rego)).toBe(await first(written));
});

test.each([
  ['body', written.replace('"drop"', '"ddl"')],
  ['message', written.replace('"no"', '"yes"')],
  ['operator', written.replace('==', '!=')],
])('its digest depends on its %s', async (_what, rego) => {
  expect(await first(rego)).not.toBe(await first(written));
});

test('every finding of the default pack has an id and a title', async () => {
  const rules = await rulesOf(opa, 'policies', { cwd: root });
  const sets = rules.filter(({ name }) => /^rules\.\w+\.(allow|deny|approve|mask|limit|notify)$/.test(name));
  expect(sets.length).toBeGreaterThan(20);
  expect(sets.filter(({ id, title }) => id === undefined || title === undefined)).toEqual([]);
});
