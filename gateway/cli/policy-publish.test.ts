import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PolicyStatusView } from '../api/policy-view.ts';
import { generateSigningKey } from '../policy/bundle/keys.ts';
import { allowing, compileRego, decidingBy, key, root, signedBundle, temporaryFolder } from '../policy/fixtures.ts';
import { listening } from '../testing/listening.ts';
import { registryLogin, startTestRegistry } from '../testing/oci-registry.ts';
import { policyStatus } from '../testing/policy-status.ts';

let home: Awaited<ReturnType<typeof temporaryFolder>>;
let built: Ran;
const lives = { built_at: new Date().toISOString(), expires_at: new Date(Date.now() + 86_400_000).toISOString() };
const team = generateSigningKey('team');

beforeAll(async () => {
  home = await temporaryFolder();
  const file = async (name: string, content: string | Buffer) =>
    writeFile(join(home.path, name), content, { mode: 0o600 });
  const guarded = `package sets\n\nanswer := ${allowing()} if input.target.name\n`;
  const wasm = await compileRego(process.env, { ...decidingBy('sets.answer'), 'sets.rego': guarded });
  const roots = ['rules', 'sallyport', 'canaries', 'labels'];
  const data = '{"labels":{"pii.ssn":{"mask":"partial","readers":[]}}}';
  await file('rules.tar.gz', await signedBundle(wasm, { revision: 'r1', metadata: lives, roots, data }));
  await file('main.pub', key.trusted.publicKeyPem);
  await file('team.key', team.signing.privateKeyPem);
  await file('team.pub', team.trusted.publicKeyPem);
  await file('password', `${registryLogin.password}\n`);
  await mkdir(join(home.path, 'data/columns/crm'), { recursive: true });
  await file('data/columns/crm/data.yaml', 'public.customers.ssn: [pii.ssn]\n');
  built = await build('columns.tar.gz', 'columns/crm');
});
afterAll(() => home[Symbol.asyncDispose]());

interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly said: string;
}

function policy(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [join(root, 'gateway/cli/main.ts'), 'policy', ...args],
      { cwd: home.path, env: { ...process.env, ...env } },
      (_error, out, said) => resolve({ exit: child.exitCode ?? -1, out, said }),
    );
  });
}

const build = (out: string, ...roots: readonly string[]) => {
  const signing = ['--key', 'team.key', '--key-id', 'team', '--revision', 'c1', '--out', out];
  return policy(['build-data', '--data', 'data', '--roots', ...roots, ...signing]);
};
const verify = (...files: readonly string[]) => policy(['verify', ...files, '--key', 'test=main.pub', 'team=team.pub']);

test('data is built into a bundle of its own, and verified together with the rules', async () => {
  expect(built).toMatchObject({
    exit: 0,
    out: expect.stringContaining('columns.tar.gz: revision c1, columns/crm') as string,
  });
  const { exit, out, said } = await verify('rules.tar.gz', 'columns.tar.gz');
  expect({ exit, said }).toEqual({ exit: 0, said: '' });
  expect(out).toMatch(
    /^rules\.tar\.gz: revision r1, signed by test, good until \S+\ncolumns\.tar\.gz: revision c1, signed by team/,
  );
  const inspected = await policy(['inspect', 'columns.tar.gz']);
  expect(inspected.out).toMatch(/roots +columns\/crm/);
});

test('data outside its roots is not built', async () => {
  const { exit, said } = await build('outside.tar.gz', 'columns/hr');
  expect(exit).toBe(1);
  expect(said).toContain('columns/hr');
});

test.each([
  [['rules.tar.gz'], 'roots have to be [""]'],
  [['rules.tar.gz', 'rules.tar.gz'], 'exactly one bundle brings the rules'],
])('%s do not go together: %s', async (files, why) => {
  expect(await verify(...files)).toMatchObject({ exit: 1, said: expect.stringContaining(why) as string });
});

test('a bundle is pushed to a registry that wants to know who that is', async () => {
  await using at = await startTestRegistry('token-login');
  const reference = `oci://${at.host}/acme/policy:main`;
  const login = ['--plain-http', '--username', registryLogin.username];
  const pushed = await policy(['push', 'rules.tar.gz', reference, ...login, '--password-file', 'password', '--json']);
  expect({ exit: pushed.exit, said: pushed.said }).toEqual({ exit: 0, said: '' });
  expect(JSON.parse(pushed.out)).toEqual({
    revision: 'r1',
    digest: expect.stringMatching(/^sha256:/) as string,
    reference,
    pinned: expect.stringMatching(new RegExp(`^oci://${at.host}/acme/policy@sha256:[0-9a-f]{64}$`)) as string,
  });
  expect([...at.blobs.values()]).toContainEqual(await readFile(join(home.path, 'rules.tar.gz')));
  const again = await policy(['push', 'rules.tar.gz', reference, ...login], {
    SALLYPORT_REGISTRY_PASSWORD: registryLogin.password,
  });
  expect(again).toMatchObject({ exit: 0, out: expect.stringContaining('revision r1') as string });
});

test.each([
  ['an address that is none', ['rules.tar.gz', 'ghcr.io/acme/policy:v1'], 2, 'no oci:// address'],
  ['no tag', ['rules.tar.gz', 'oci://ghcr.io/acme/policy'], 2, 'repository:tag'],
  ['a registry in the clear', ['rules.tar.gz', 'oci://ghcr.io/p:v1', '--plain-http'], 2, 'this machine only'],
  ['no password', ['rules.tar.gz', 'oci://ghcr.io/p:v1', '--username', 'ci'], 2, 'no password for ci'],
  [
    'a password of nobody',
    ['rules.tar.gz', 'oci://ghcr.io/p:v1', '--password-file', 'password'],
    2,
    'needs --username',
  ],
  ['no file', ['nowhere.tar.gz', 'oci://localhost:1/p:v1', '--plain-http'], 2, 'cannot read nowhere.tar.gz'],
  [
    'what nobody answers for',
    ['rules.tar.gz', 'oci://localhost:1/p:v1', '--plain-http'],
    3,
    'oci://localhost:1/p:v1: ',
  ],
  ['what is no bundle', ['main.pub', 'oci://localhost:1/p:v1', '--plain-http'], 1, 'bundle-invalid'],
])('%s is not pushed', async (_what, args, exit, said) => {
  expect(await policy(['push', ...args])).toMatchObject({ exit, said: expect.stringContaining(said) as string });
});

/** A gateway that answers this. */
async function gateway(status: PolicyStatusView) {
  return listening(createServer((_request, response) => void response.end(JSON.stringify(status))));
}

test('status says which policy runs, since when, and why the newest does not', async () => {
  const refused = { code: 'bundle-expired', reason: 'bundle r2 expired\u001b[2J', at: '2026-06-02T00:00:00.000Z' };
  await using at = await gateway({ ...policyStatus, origin: 'last-good', refused });
  const token = { SALLYPORT_TOKEN: 'x' };
  const { exit, out } = await policy(['status', '--gateway', at.url], token);
  expect(exit).toBe(0);
  expect(out).toMatch(/^revision +r1\nactive +since 2026-06-01\S+, from the last good one kept on disk\n/);
  expect(out).toContain('bundle r2 expired\u{fffd}[2J [bundle-expired] at 2026-06-02');
  expect(out).not.toContain('\u001b');
  expect(out).toMatch(/\npolicy +r1 +7 +main +2027-06-01T00:00:00.000Z +\/etc\/sallyport\/policy/);
  const json = await policy(['status', '--gateway', at.url, '--json'], token);
  expect(JSON.parse(json.out)).toMatchObject({ revision: 'r1', refused });
});
