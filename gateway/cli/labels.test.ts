import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { root, temporaryFolder } from '../policy/fixtures.ts';

let home: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  home = await temporaryFolder();
  for (const dir of ['policies/columns', 'policies/labels']) await mkdir(join(home.path, dir), { recursive: true });
  await write('policies/labels/data.yaml', 'pii.ssn: { title: Number, mask: partial, readers: [compliance] }\n');
  await write(
    'crm.yaml',
    'protocol: postgres\npostgres: { relations: { public.people: [id, ssn, "na\\u001b[31mme"], public.v: { kind: view, columns: [x] } } }\n',
  );
});
beforeEach(() => write('policies/columns/data.yaml', 'crm: { public.people.ssn: [pii.ssn], public.people.id: [] }\n'));
afterAll(() => home[Symbol.asyncDispose]());

const write = (file: string, text: string) => writeFile(join(home.path, file), text);

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function labels(...args: readonly string[]): Promise<Ran> {
  const command = [join(root, 'gateway/cli/main.ts'), 'labels', ...args];
  return new Promise((done) => {
    const child = execFile(process.execPath, command, { cwd: home.path }, (_error, out, err) =>
      done({ code: child.exitCode ?? -1, out, err }),
    );
  });
}
const coverage = (...args: readonly string[]) =>
  labels('coverage', '--target', 'crm', '--catalog', 'crm.yaml', ...args);

test('labels are listed with who reads them and how many columns carry them', async () => {
  const { out } = await labels('list', '--format', 'json');
  expect(JSON.parse(out)).toEqual([
    { label: 'pii.ssn', title: 'Number', mask: 'partial', readers: ['compliance'], columns: 1, paths: 0 },
  ]);
});

test('coverage names what nobody has decided, safely for a terminal', async () => {
  const { code, out } = await coverage();
  expect(code).toBe(0);
  expect(out).toContain('crm: 2 of 3 columns decided (66.6 %): 1 labelled, 1 clean');
  expect(out).toMatch(/^public.people +1 of 3 +na\u{fffd}\[31mme$/mu);
});

test('a column of which paths are decided is decided in part, and counted so', async () => {
  await write('policies/columns/data.yaml', 'crm: { public.people.ssn.number: [pii.ssn], public.people.id: [] }\n');
  expect(await coverage('--fail-under', '33')).toMatchObject({ code: 0, err: '' });
  const { out } = await coverage('--fail-under', '34');
  expect(out).toContain('crm: 1 of 3 columns decided (33.3 %): 0 labelled, 1 clean; 1 in part');
  expect(out).toMatch(/^public.people +2 of 3 +na\u{fffd}\[31mme, ssn \(in part\)$/mu);
  expect(JSON.parse((await labels('list', '--format', 'json')).out)).toMatchObject([{ columns: 0, paths: 1 }]);
});

test('coverage as JSON has every relation', async () => {
  const { out } = await coverage('--format', 'json');
  expect(JSON.parse(out)).toMatchObject({
    target: 'crm',
    columns: 3,
    decided: 2,
    relations: [{ undecided: ['na\u001b[31mme'] }],
  });
});

test.each([
  ['66.6', 0],
  ['66.7', 1],
])('--fail-under %s ends with %i', async (percent, code) => {
  expect(await coverage('--fail-under', percent)).toMatchObject({ code });
});

test('an entry for a column that is not there is told, and fails where coverage may fail', async () => {
  await write('policies/columns/data.yaml', 'crm: { public.people.*: [], public.people.snn: [pii.ssn] }\n');
  const said = expect.stringContaining('the data names public.people.snn, which is not in the catalog') as string;
  expect(await coverage()).toMatchObject({ code: 0, err: said });
  expect(await coverage('--fail-under', '0')).toMatchObject({ code: 1, err: said });
});

test.each([
  ['a label for a whole relation', '{ public.people.*: [pii.ssn] }', 'is no column: name each that is labelled'],
  ['a label that nothing defines', '{ public.people.ssn: [pii.sn] }', 'has the undefined label pii.sn'],
])('%s is refused', async (_what, columns, said) => {
  await write('policies/columns/data.yaml', `crm: ${columns}\n`);
  expect(await coverage()).toMatchObject({ code: 1, err: expect.stringContaining(said) as string });
});

test.each([
  ['a file that is not there', ['--catalog', 'none.yaml'], 'there is no file none.yaml'],
  ['a file that is no catalog', ['--catalog', 'policies/labels/data.yaml'], 'data.yaml is no catalog'],
  ['samples of a fixture', ['--samples'], '--samples or --catalog, not both'],
  ['a share of more than all', ['--fail-under', '101'], 'from 0 to 100'],
  ['a configuration that is not there', ['--config', 'none.yaml'], 'none.yaml'],
])('%s is a wrong command line', async (_what, args, said) => {
  const base = args[0] === '--config' ? labels('coverage', '--target', 'crm', ...args) : coverage(...args);
  expect(await base).toMatchObject({ code: 2, err: expect.stringContaining(said) as string });
});

test.each([
  ['no row', ['--rows', '0'], '--rows: expected a whole number above 0'],
  ['more rows than a sample has', ['--rows', '10001'], '--rows: expected 1 to 10000'],
  ['no time', ['--timeout', '0'], '--timeout: expected a whole number above 0'],
  ['a confidence that is none', ['--min', 'sure'], '--min: expected one of high, medium, low'],
])('suggest with %s is a wrong command line', async (_what, args, said) => {
  const ran = await labels('suggest', '--target', 'crm', ...args);
  expect(ran).toMatchObject({ code: 2, err: expect.stringContaining(said) as string });
});

test('a label may not be called what masks call a detector', async () => {
  await write('policies/labels/data.yaml', 'detector:card: { mask: partial, readers: [] }\n');
  const said = expect.stringContaining('detector:card is what masks call a detector') as string;
  expect(await labels('list')).toMatchObject({ code: 1, err: said });
});
