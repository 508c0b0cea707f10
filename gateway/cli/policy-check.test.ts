import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root, temporaryFolder } from '../policy/fixtures.ts';

let home: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  home = await temporaryFolder();
  await mkdir(join(home.path, 'ours'));
  const rule = 'package rules.postgres\n\ndeny contains {"id": "T-1", "msg": "no"} if input.command.action == "dddl"\n';
  await writeFile(join(home.path, 'ours/x.rego'), rule);
});
afterAll(() => home[Symbol.asyncDispose]());

function check(
  ...args: readonly string[]
): Promise<{ readonly code: unknown; readonly out: string; readonly err: string }> {
  return run(
    '--policies',
    join(root, 'policies'),
    'ours',
    '--tests',
    join(root, 'policy-tests'),
    '--no-regal',
    ...args,
  );
}

function run(
  ...args: readonly string[]
): Promise<{ readonly code: unknown; readonly out: string; readonly err: string }> {
  const command = [join(root, 'gateway/cli/main.ts'), 'policy', 'check', ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, command, { cwd: home.path }, (error, out, err) =>
      resolve({ code: error?.code ?? 0, out, err }),
    );
  });
}

test('an error is printed with its place and what to write instead, and fails the command', async () => {
  const { code, out, err } = await check();
  expect(out).toBe(
    'ours/x.rego:3:69: input.command.action is never "dddl" [enum-literal]\n    instead: Write "ddl".\n',
  );
  expect(err).toBe('sallyport: 1 error\n');
  expect(code).toBe(1);
});

test('SARIF goes to standard output alone', async () => {
  const { out } = await check('--format', 'sarif');
  expect(JSON.parse(out)).toMatchObject({ version: '2.1.0', runs: [{ results: [{ ruleId: 'enum-literal' }] }] });
});

test('a label that another bundle brings is none that no data defines', async () => {
  const [split, other] = [join(home.path, 'split'), join(home.path, 'other')];
  await mkdir(split);
  await mkdir(join(other, 'labels'), { recursive: true });
  const rule =
    'package rules.postgres\n\nmask contains {"id": "T-2", "msg": "m", "label": "hr.pay", "method": "redact"} if "hr.pay" in input.command.labels\n';
  await writeFile(join(split, 'x.rego'), rule);
  await writeFile(join(other, 'labels/data.yaml'), '"hr.pay": {mask: redact, readers: []}\n');
  const named = ['--policies', 'split', '--tests', join(root, 'policy-tests'), '--no-regal'];
  expect((await run(...named)).out).toContain('hr.pay');
  expect((await run(...named, '--test-data', 'other')).out).not.toContain('hr.pay');
});

test.each([
  ['a format that nobody knows', ['--format', 'yaml'], 'expected one of pretty, json, sarif'],
  ['a directory that is not there', ['--tests', 'nowhere'], 'there is no directory nowhere'],
])('%s is an error of usage', async (_what, args, said) => {
  const { code, err } = await check(...args);
  expect(err).toContain(said);
  expect(code).toBe(2);
});
