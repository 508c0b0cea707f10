import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openCredentials } from '../credentials/index.ts';
import { temporaryFolder } from '../policy/fixtures.ts';
import { policySource } from './policy-source.ts';

const http = { wait_s: 60, poll_min_s: 10, poll_max_s: 20 };

test('a path stays a path', async () => {
  expect(await policySource({ bundle: '/etc/sallyport/policy', http }, openCredentials({}, undefined))).toBe(
    '/etc/sallyport/policy',
  );
});

test('an address comes with its authority, and with a token that is read anew each time', async () => {
  await using folder = await temporaryFolder();
  const [token, ca] = [join(folder.path, 'token'), join(folder.path, 'ca.pem')];
  await writeFile(ca, 'authority');
  await writeFile(token, 'one', { mode: 0o600 });
  const bundle = 'https://bundles.example.com/b.tar.gz';
  const policy = { bundle, http: { ...http, token: { file: token }, ca } };
  const source = await policySource(policy, openCredentials({}, undefined));
  expect(source).toMatchObject({ url: bundle, waitS: 60, minPauseMs: 10_000, maxPauseMs: 20_000, ca: 'authority' });
  if (typeof source === 'string') throw new TypeError(source);
  expect(await source.token?.()).toBe(await readFile(token, 'utf8'));
  await writeFile(token, 'two', { mode: 0o600 });
  expect(await source.token?.()).toBe('two');
});
