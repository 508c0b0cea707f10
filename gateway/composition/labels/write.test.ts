import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { temporaryFolder } from '../../policy/fixtures.ts';
import { unifiedDiff } from './unified-diff.ts';
import { withLabels } from './write.ts';

const additions = new Map([['public.people.ssn', 'pii.ssn']]);
const line = '  public.people.ssn: [pii.ssn]\n';

describe('labels are added to a data file', () => {
  test('below those of their target, and nothing else changes', () => {
    const before = `# What carries what.\ncrm: # ours\n  public.a.b:   [x.y]  # odd spaces\n\n# the other one\nerp:\n    public.c.d: [x.y]\n`;
    expect(withLabels(before, ['crm'], additions)).toBe(before.replace('# odd spaces\n', `# odd spaces\n${line}`));
    expect(withLabels(before, ['erp'], additions)).toBe(`${before}    public.people.ssn: [pii.ssn]\n`);
  });
  test('below a list in lines', () => {
    const before = 'crm:\n  public.a.b:\n    - x.y\n    - x.z # last\nerp: {}\n';
    expect(withLabels(before, ['crm'], additions)).toBe(before.replace('# last\n', `# last\n${line}`));
  });
  test('under a target that the file does not have yet', () => {
    expect(withLabels('# mine\nerp:\n  public.c.d: [x.y]\n', ['crm'], additions)).toBe(
      `# mine\nerp:\n  public.c.d: [x.y]\ncrm:\n${line}`,
    );
    expect(withLabels('', ['crm'], additions)).toBe(`crm:\n${line}`);
  });
  test('to a file that ends in the middle of a line', () => {
    expect(withLabels('crm:\n  public.a.b: [x.y]', ['crm'], additions)).toBe(`crm:\n  public.a.b: [x.y]\n${line}`);
    expect(withLabels('erp:\n  public.a.b: []', ['crm'], additions)).toBe(`erp:\n  public.a.b: []\ncrm:\n${line}`);
  });
  test.each([
    ['columns lie below another name', 'columns:\n  crm:\n    public.a.b: [x.y]\n', ['columns', 'crm']],
    ['the target is written in braces', 'crm: { public.a.b: [x.y] } # kept\n', ['crm']],
    ['the target has nothing', 'crm:\nerp: {}\n', ['crm']],
    ['the name above it has nothing', 'columns:\n', ['columns', 'crm']],
    ['there is no such name at all', 'labels: {}\n', ['columns', 'crm']],
    ['the file is JSON', '{ "crm": { "public.a.b": ["x.y"] } }\n', ['crm']],
    ['the file has comments alone', '# nothing yet\n', ['crm']],
  ])('wherever %s', (_what, before, path) => {
    const after = withLabels(before, path, additions);
    const under = path.reduce<unknown>((data, name) => (data as Record<string, unknown>)[name], parse(after));
    expect(under).toMatchObject({ 'public.people.ssn': ['pii.ssn'] });
    for (const comment of before.match(/#.*/g) ?? []) expect(after).toContain(comment);
  });
  test('whatever a column is called', () => {
    const name = fc.string({ unit: 'binary', minLength: 1 }).filter((text) => text !== '__proto__');
    fc.assert(
      fc.property(name, name, (column, label) => {
        const after = withLabels('crm:\n  public.a.b: [x.y]\n', ['crm'], new Map([[column, label]]));
        expect(parse(after)).toEqual({ crm: { 'public.a.b': ['x.y'], [column]: [label] } });
      }),
      { seed: 3, numRuns: 300 },
    );
  });
});

const run = promisify(execFile);
const text = fc.array(fc.constantFrom('a\n', 'b\n', 'c\n', '\n'), { maxLength: 12 }).map((lines) => lines.join(''));

test('a patch is what git applies', async () => {
  await using home = await temporaryFolder();
  await run('git', ['init', '-q', home.path]);
  await mkdir(join(home.path, 'columns'));
  const file = join(home.path, 'columns/data.yaml');
  const pairs = fc.sample(fc.tuple(fc.option(text), text, fc.boolean()), { seed: 7, numRuns: 25 });
  let applied = 0;
  for (const [before, after, cut] of pairs) {
    const now = cut ? after.replace(/\n$/, '') : after;
    const patch = unifiedDiff('columns/data.yaml', before ?? undefined, now);
    if (patch === '' || now === '') continue;
    await run('git', ['-C', home.path, 'clean', '-fdxq']);
    await mkdir(join(home.path, 'columns'), { recursive: true });
    if (before !== null) await writeFile(file, before);
    await writeFile(join(home.path, 'a.patch'), patch);
    await run('git', ['-C', home.path, 'apply', 'a.patch']);
    expect(await readFile(file, 'utf8')).toBe(now);
    applied++;
  }
  expect(applied).toBeGreaterThan(10);
});
