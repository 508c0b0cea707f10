import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../policy/fixtures.ts';

function explain(
  ...args: readonly string[]
): Promise<{ readonly code: unknown; readonly out: string; readonly err: string }> {
  const command = [join(root, 'gateway/cli/main.ts'), 'policy', 'explain', ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, command, { cwd: root }, (error, out, err) =>
      resolve({ code: error?.code ?? 0, out, err }),
    );
  });
}

test('a line is explained by the facts, the rules with their places, and one sentence', async () => {
  const { code, out, err } = await explain('--as', 'agent', '--to', 'crm', 'delete from customers');
  expect(err).toBe('');
  expect(out).toMatch(/^deny: PG-002 \(No write on every row\) says no, /);
  expect(out).toMatch(
    /\ndeny PG-002: No write on every row\n {2}delete on every row of public\.customers\n {2}Add a WHERE clause\.\n {2}policies\/rules\/postgres\/writes\.rego:\d+\n/,
  );
  expect(out).toContain('\n  unfiltered: true\n');
  expect(code).toBe(0);
});

test('somebody can be described in JSON, and the answer taken as JSON', async () => {
  const who = '{"kind": "agent", "groups": ["readers"]}';
  const { out } = await explain('--as', who, '--target', 'crm', 'select ssn from customers', '--format', 'json');
  expect(JSON.parse(out)).toMatchObject({
    effect: 'mask',
    why: expect.stringContaining('masks ssn (partial); at most 1000 rows') as string,
    findings: [{ id: 'PG-200', file: 'policies/rules/postgres/labels.rego' }, { id: 'PG-300' }, { id: 'PG-500' }],
  });
});

test('no escape sequence of a line reaches the terminal', async () => {
  const { out } = await explain('--as', 'reader', '--to', 'crm', 'select id as "\u001b[2J" from orders');
  expect(out).toContain('output:');
  expect(out).not.toContain('\u001b');
});

test.each<readonly [string, readonly string[], string]>([
  ['a stranger', ['--as', 'eve', '--to', 'crm'], 'nobody is called eve in fixtures/people.yaml; known are reader'],
  [
    'a target that nobody described',
    ['--as', 'reader', '--to', 'erp'],
    'no fixture describes erp; there are box, crm, web1',
  ],
  ['JSON that is none', ['--as', '{', '--to', 'crm'], '--as: not JSON'],
  ['JSON of something else', ['--as', '{"group": []}', '--to', 'crm'], 'Unrecognized key: "group"'],
  ['a time that is none', ['--as', 'reader', '--to', 'crm', '--now', 'noon'], '--now: expected a time'],
  ['no target', ['--as', 'reader'], "required option '--to <target>'"],
])('%s is an error of usage', async (_what, args, said) => {
  const { code, err } = await explain(...args, 'select 1');
  expect(err).toContain(said);
  expect(code).toBe(2);
});
