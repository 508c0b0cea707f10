import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { defaultSources, temporaryFolder } from '../fixtures.ts';
import { findOpa } from './opa.ts';
import { runTests, runTestsOnWasm } from './tests.ts';

/** What the two engines say differently is from OPA's conformance cases: see `../engine/conformance.test.ts`. */
const tooBig = '1e2147483648';

/** Runs these tests as a build does. @returns how many there were */
async function both(...bodies: readonly string[]): Promise<number> {
  await using folder = await temporaryFolder();
  const opa = await findOpa(process.env);
  const where = { cwd: folder.path };
  const rules = ['--capabilities', defaultSources.capabilities];
  const home = join(folder.path, 'tests/acme');
  await mkdir(home, { recursive: true });
  for (const [i, body] of bodies.entries()) {
    await writeFile(join(home, `${String(i)}_test.rego`), `package acme.orders_test\n\n${body}\n`);
  }
  await writeFile(join(home, 'data.json'), JSON.stringify({ limit: 3 }));
  const tests = await runTests(opa, rules, ['tests'], where);
  await runTestsOnWasm(opa, folder.path, rules, ['tests'], tests, where);
  return tests.length;
}

test.each([
  ['a test', 'test_it if 1 + 1 == 2'],
  ['data beside it', 'test_it if data.acme.limit == 3'],
  ['an input of its own', 'test_it if input.a == 1 with input as {"a": 1}'],
  ['no input at all', 'test_it if not input'],
  ['cases', 'test_it[name] if some name in {"a", "b"}'],
  ['cases of cases', 'test_it[name][n] if {\n\tsome name in {"a", "b"}\n\tsome n in {"c", "d"}\n}'],
  ['cases named by values', 'test_it[who] if some who in [{"groups": ["a"]}, {"groups": []}, null]'],
])('what passes on OPA’s engine and on ours: %s', async (_what, body) => {
  await expect(both(body)).resolves.toBe(1);
});

test.each([
  ['one whose answer is another', `test_it if not json.unmarshal("${tooBig}")`],
  ['one that is broken off', 'test_it if format_int(18446744073709551616, 10) == "18446744073709551616"'],
  ['one case of several', `test_it[text] if {\n\tsome text in ["", "${tooBig}"]\n\tnot json.unmarshal(text)\n}`],
])('what passes on OPA’s engine only is named: %s', async (_what, body) => {
  await expect(both(body, 'test_after if true')).rejects.toThrow(
    '1 policy tests failed: data.acme.orders_test.test_it (on WebAssembly)',
  );
});

test('what is broken off on OPA’s engine is named, and why', async () => {
  await expect(both('two := 1\n\ntwo := 2 if true\n\ntest_it if two == 1')).rejects.toThrow(
    '1 policy tests failed: data.acme.orders_test.test_it (rule data.acme.orders_test.two produced conflicting values',
  );
});

test('rules of one name are tests of their own', async () => {
  await expect(both('test_it if true', 'test_it if 2 > 1')).resolves.toBe(2);
  await expect(both('test_it if true', `test_it if not json.unmarshal("${tooBig}")`)).rejects.toThrow(
    /1 policy tests failed: data\.acme\.orders_test\.test_it/,
  );
});

test('more tests than one module takes', async () => {
  const many = Array.from({ length: 320 }, (_, n) => `test_${String(n)} if ${String(n)} == ${String(n)}`);
  await expect(both(many.join('\n\n'))).resolves.toBe(320);
  const last = `test_last if not json.unmarshal("${tooBig}")`;
  await expect(both(many.join('\n\n'), last)).rejects.toThrow('1 policy tests failed');
});
