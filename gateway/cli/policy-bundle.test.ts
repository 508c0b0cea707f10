import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generateSigningKey } from '../policy/bundle/keys.ts';
import type { BundleRule } from '../policy/bundle/manifest.ts';
import { allowing, compileRego, decidingBy, key, root, signedBundle, temporaryFolder } from '../policy/fixtures.ts';

let home: Awaited<ReturnType<typeof temporaryFolder>>;
const lives = { built_at: new Date().toISOString(), expires_at: new Date(Date.now() + 86_400_000).toISOString() };
const rule = (id: string, digest: string): BundleRule => ({
  name: 'rules.postgres.deny',
  id,
  title: `About ${id}`,
  file: 'rules/postgres/x.rego',
  line: 7,
  digest: digest.repeat(16),
});

beforeAll(async () => {
  home = await temporaryFolder();
  const file = (name: string, content: string | Buffer) => writeFile(join(home.path, name), content);
  const guarded = `package sets\n\nanswer := ${allowing()} if input.target.name\n`;
  const wasm = await compileRego(process.env, { ...decidingBy('sets.answer'), 'sets.rego': guarded });
  const rules = (...ids: readonly string[]) => ids.map((id) => rule(id.slice(0, 3), id.slice(4) || 'a'));
  const built = (revision: string, ...ids: readonly string[]) =>
    signedBundle(wasm, { revision, metadata: { ...lives, rules: rules(...ids) } });
  await file('old.tar.gz', await built('old', 'T-1', 'T-2', 'T-3'));
  await file('new.tar.gz', await built('new', 'T-1', 'T-2 b', 'T-4'));
  const canaries = [
    { title: 'nobody reads', entrypoint: 'sallyport/postgres/decision', input: {}, expect: { effect: 'deny' } },
  ];
  await file('canary.tar.gz', await signedBundle(wasm, { metadata: lives, data: JSON.stringify({ canaries }) }));
  await file('main.pub', key.trusted.publicKeyPem);
  await file('other.pub', generateSigningKey('test').trusted.publicKeyPem);
});
afterAll(() => home[Symbol.asyncDispose]());

interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly said: string;
}

function policy(...args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [join(root, 'gateway/cli/main.ts'), 'policy', ...args],
      { cwd: home.path },
      (_error, out, said) => resolve({ exit: child.exitCode ?? -1, out, said }),
    );
  });
}

test('a bundle of a trusted key passes, and is said to be whose', async () => {
  const ran = await policy('verify', 'new.tar.gz', '--key', 'test=main.pub');
  expect(ran).toMatchObject({ exit: 0, out: expect.stringContaining('revision new, signed by test') as string });
});

test.each([
  ['a stranger’s key under its name', ['new.tar.gz', '--key', 'test=other.pub'], 1, 'bundle-signature'],
  ['its key under another name', ['new.tar.gz', '--key', 'main=main.pub'], 1, ', and trusted is only main'],
  ['a sequence too low', ['new.tar.gz', '--key', 'test=main.pub', '--min-sequence', '9'], 1, 'bundle-rollback'],
  ['a canary that fails', ['canary.tar.gz', '--key', 'test=main.pub'], 1, 'nobody reads'],
  ['no bundle', ['main.pub', '--key', 'test=main.pub'], 1, 'bundle-invalid'],
  ['a key that is none', ['new.tar.gz', '--key', 'test=new.tar.gz'], 2, 'not a PEM public key'],
  ['a key without an id', ['new.tar.gz', '--key', 'main.pub'], 2, 'ID=FILE'],
  ['no file', ['nowhere.tar.gz', '--key', 'test=main.pub'], 2, 'cannot read'],
])('with %s it does not verify', async (_what, args, exit, said) => {
  expect(await policy('verify', ...args)).toMatchObject({ exit, said: expect.stringContaining(said) as string });
});

test('a bundle shows its rules with title, file and line', async () => {
  const { exit, out } = await policy('inspect', 'new.tar.gz');
  expect(exit).toBe(0);
  expect(out).toMatch(/T-4\s+rules\.postgres\.deny\s+About T-4\s+rules\/postgres\/x\.rego:7/);
  expect(out).toContain('ES256 by test, not verified here');
  const { rules } = JSON.parse((await policy('inspect', 'new.tar.gz', '--json')).out) as { rules: unknown };
  expect(rules).toMatchObject([{ id: 'T-1' }, { id: 'T-2' }, { id: 'T-4' }]);
});

test('two bundles are compared by rule', async () => {
  const { exit, out } = await policy('diff', 'old.tar.gz', 'new.tar.gz');
  expect(exit).toBe(0);
  expect(out).toMatch(/^\+ +T-4/m);
  expect(out).toMatch(/^- +T-3/m);
  expect(out).toMatch(/^~ +T-2/m);
  expect(out).not.toContain('T-1');
});
