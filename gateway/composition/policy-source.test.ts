import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openCredentials } from '../credentials/index.ts';
import { generateSigningKey } from '../policy/bundle/keys.ts';
import { temporaryFolder } from '../policy/fixtures.ts';
import { listening } from '../testing/listening.ts';
import { registryLogin, startTestRegistry } from '../testing/oci-registry.ts';
import { policySources } from './policy-source.ts';

const http = { wait_s: 0, poll_min_s: 10, poll_max_s: 20 };
const { signal } = new AbortController();
const main = generateSigningKey('main').trusted;
const team = generateSigningKey('data-team').trusted;

type Policy = Parameters<typeof policySources>[0];

async function sourceOf(policy: Partial<Policy>, env: Record<string, string> = {}) {
  const whole: Policy = { http, ...policy };
  const [first] = await policySources(whole, [main, team], openCredentials(env, undefined));
  if (first === undefined) throw new TypeError('no source');
  return first;
}

/** Notes what each request proves itself with. */
async function noting() {
  const proofs: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    proofs.push(request.headers.authorization);
    response.end('one');
  });
  return { ...(await listening(server)), proofs };
}

test('a path stays a path', async () => {
  const { name, source, keys } = await sourceOf({ bundle: '/etc/sallyport/policy' });
  expect(source.where).toBe('/etc/sallyport/policy');
  expect(name).toBe('policy');
  expect(keys).toEqual([main, team]);
});

test('an address comes with a token that is read anew each time', async () => {
  await using folder = await temporaryFolder();
  await using server = await noting();
  const token = join(folder.path, 'token');
  await writeFile(token, 'one', { mode: 0o600 });
  const { source } = await sourceOf({ bundle: `${server.url}/b.tar.gz`, http: { ...http, token: { file: token } } });
  await source.look(signal);
  await writeFile(token, 'two', { mode: 0o600 });
  await source.look(signal);
  expect(await readFile(token, 'utf8')).toBe('two');
  expect(server.proofs).toEqual(['Bearer one', 'Bearer two']);
});

const environment = { AWS_ACCESS_KEY_ID: 'AKENV', AWS_SECRET_ACCESS_KEY: 's', MY_ID: 'AKOWN', MY_SECRET: 's' };

test.each([
  ['its own keys', { access_key_id: { env: 'MY_ID' }, secret_access_key: { env: 'MY_SECRET' } }, /Credential=AKOWN\//],
  ['the environment’s keys', {}, /Credential=AKENV\/.*SignedHeaders=host;x-amz-content-sha256;x-amz-date,/],
])('an object in a store is asked for with %s', async (_what, keys, proof) => {
  await using server = await noting();
  const s3 = { region: 'eu-central-1', endpoint: server.url, anonymous: false, ...keys };
  const { source } = await sourceOf({ bundle: 's3://acme/b.tar.gz', s3 }, environment);
  expect(source.where).toBe('s3://acme/b.tar.gz');
  await source.look(signal);
  expect(server.proofs).toEqual([expect.stringMatching(proof)]);
});

test('a session token of the environment goes with the keys of the environment', async () => {
  await using server = await noting();
  const s3 = { region: 'r', endpoint: server.url, anonymous: false };
  const { source } = await sourceOf({ bundle: 's3://acme/b', s3 }, { ...environment, AWS_SESSION_TOKEN: 't' });
  await source.look(signal);
  expect(server.proofs[0]).toContain('x-amz-security-token');
});

test('a key that is not there stops the start, with its name', async () => {
  const s3 = { region: 'r', anonymous: false };
  await expect(sourceOf({ bundle: 's3://acme/b', s3 })).rejects.toThrow('AWS_ACCESS_KEY_ID is not set');
});

test('a public bucket is asked without keys', async () => {
  await using server = await noting();
  const s3 = { region: 'r', endpoint: server.url, anonymous: true };
  await (await sourceOf({ bundle: 's3://acme/b', s3 })).source.look(signal);
  expect(server.proofs).toEqual([undefined]);
});

test('a registry is asked with its login', async () => {
  await using at = await startTestRegistry('basic');
  const oci = { username: registryLogin.username, password: { env: 'PASSWORD' }, plain_http: true };
  const { source } = await sourceOf({ bundle: `oci://${at.host}/p:v1`, oci }, { PASSWORD: registryLogin.password });
  await expect(source.look(signal)).rejects.toThrow('MANIFEST_UNKNOWN'); // it was let in, and there is nothing
});

test('several bundles have names, roots and keys of their own', async () => {
  const bundles = [
    { name: 'rules', bundle: '/a', http },
    { name: 'columns', bundle: '/b', http, roots: ['columns'], keys: ['data-team'] },
  ];
  const policy: Policy = { http, bundles };
  const sources = await policySources(policy, [main, team], openCredentials({}, undefined));
  expect(sources.map(({ name, roots, keys, source }) => [name, source.where, roots, keys.map((k) => k.id)])).toEqual([
    ['rules', '/a', undefined, ['main', 'data-team']],
    ['columns', '/b', ['columns'], ['data-team']],
  ]);
});
