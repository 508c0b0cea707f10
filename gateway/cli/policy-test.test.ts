import { spawn } from 'node:child_process';
import { cp, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root, temporaryFolder } from '../policy/fixtures.ts';
import { version } from '../composition/version.ts';

let home: Awaited<ReturnType<typeof temporaryFolder>>;
let lines: string;
beforeAll(async () => {
  home = await temporaryFolder();
  lines = join(home.path, 'lines');
  await mkdir(lines);
  await cp(join(root, 'policy-tests/fixtures'), join(lines, 'fixtures'), { recursive: true });
  await write('select ssn from customers', 'mask');
});
afterAll(() => home[Symbol.asyncDispose]());

const write = (run: string, effect: string) =>
  writeFile(
    join(lines, 'x.yaml'),
    `target: crm\nas: reader\ncases:\n  - run: ${run}\n    expect: {effect: ${effect}}\n`,
  );

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** @param onText sees what was said so far, and may end the process */
function policyTest(args: readonly string[], onText?: (said: string, end: () => void) => void): Promise<Ran> {
  return run(['lines', '--policies', join(root, 'policies'), ...args], onText);
}

function run(args: readonly string[], onText?: (said: string, end: () => void) => void): Promise<Ran> {
  const command = [join(root, 'gateway/cli/main.ts'), 'policy', 'test', ...args];
  const child = spawn(process.execPath, command, { cwd: home.path });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    onText?.(out, () => child.kill());
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
}

test('lines alone are tests, and pass', async () => {
  const { code, out, err } = await policyTest([]);
  expect(err).toBe('');
  expect(out).toContain('ok lines/x.yaml: 1 passed (lines)');
  expect(code).toBe(0);
});

test('a line that comes out otherwise fails the command, with the difference, the rule and the facts', async () => {
  await write('delete from customers', 'allow');
  const { code, out, err } = await policyTest([]);
  expect(out).toContain('lines/x.yaml:4 ana: delete from customers [lines]');
  expect(out).toContain('effect: expected allow, got deny');
  expect(out).toMatch(
    /deny PG-002: delete on every row of public\.customers \(No write on every row, .*writes\.rego:\d+\)/,
  );
  expect(out).toContain('action: delete');
  expect(err).toBe('sallyport: 1 of 1 tests failed\n');
  expect(code).toBe(1);
});

test('rules that come with the version are named as in the bundle, wherever they lie', async () => {
  await mkdir(join(home.path, 'own'));
  await cp(join(root, 'policies/columns'), join(home.path, 'own/columns'), { recursive: true });
  const definition = { sallyport: version(), policies: ['own'], tests: ['lines'], key: { public: 'x' }, out: 'x' };
  await mkdir(join(home.path, 'bundles'));
  await writeFile(join(home.path, 'bundles/own.yaml'), JSON.stringify(definition));
  await write('delete from customers', 'allow');
  const { out } = await run([]);
  expect(out).toMatch(/\(No write on every row, rules\/postgres\/writes\.rego:\d+\)/);
  expect(out).not.toContain(root);
});

test('data that another bundle brings is seen by lines and by Rego tests', async () => {
  const [rules, tests] = [join(home.path, 'rules'), join(home.path, 'rego-tests')];
  await cp(join(root, 'policies'), rules, { recursive: true });
  await mkdir(join(home.path, 'apart'));
  await rename(join(rules, 'columns'), join(home.path, 'apart/columns'));
  await mkdir(tests);
  const reads = 'package apart_test\n\ntest_columns_are_there if data.columns.crm["public.customers.ssn"]\n';
  await writeFile(join(tests, 'apart_test.rego'), reads);
  await write('select ssn from customers', 'mask');
  const without = await run(['lines', 'rego-tests', '--policies', 'rules']);
  expect(without.err).toContain('2 of 2 tests failed');
  const ran = await run(['lines', 'rego-tests', '--policies', 'rules', '--test-data', 'apart', '--target', 'wasm']);
  expect(ran.err).toBe('');
  expect(ran.out).toContain('3 passed');
  const twice = await run(['lines', '--policies', join(root, 'policies'), '--test-data', 'apart']);
  expect(twice.err).toContain('columns/data.yaml is in apart and in the policies');
  expect((await run(['lines', '--policies', 'rules', '--test-data', 'nowhere'])).code).toBe(2);
});

test.each<readonly [number, string, readonly string[], string]>([
  [1, 'nothing that ran', ['--filter', 'nobody types this'], 'nothing ran'],
  [1, 'too little covered', ['--fail-under', '99'], 'less than 99 %'],
  [2, 'coverage of a part', ['--fail-under', '1', '--filter', 'x'], '--fail-under is about all tests'],
  [2, 'a format that nobody knows', ['--format', 'yaml'], 'expected one of pretty, json, junit, tap'],
  [2, 'a target that nobody knows', ['--target', 'plan'], 'expected one of topdown, wasm'],
])('it exits with %i for %s', async (code, _what, args, said) => {
  await write('select id from orders', 'allow');
  const ran = await policyTest(args);
  expect(ran.err).toContain(said);
  expect(ran.code).toBe(code);
});

test('a mistake in a file is told with its place', async () => {
  await write('select id from orders', 'allowed');
  const { code, err } = await policyTest([]);
  expect(err).toContain('lines/x.yaml:5:22: cases.0.expect.effect: ');
  expect(code).toBe(2);
});

test('--watch runs again when a line changes', async () => {
  await write('select id from orders', 'allow');
  let changed = false;
  const { out } = await policyTest(['--watch'], (said, end) => {
    if (said.includes('1 failed')) return end();
    if (changed || (!said.includes('1 passed, ') && !said.includes('1 passed;'))) return;
    changed = true;
    void write('select id from orders', 'deny');
  });
  expect(out).toContain('effect: expected deny, got allow');
  expect(await readFile(join(lines, 'x.yaml'), 'utf8')).toContain('deny');
});
