import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { beforeAll, expect, test, vi } from 'vitest';
import { listening } from '../../testing/listening.ts';
import { registryLogin, startTestRegistry, type RegistryAuth, type TestRegistry } from '../../testing/oci-registry.ts';
import { freePort } from '../../testing/ports.ts';
import { settled } from '../../testing/settled.ts';
import { tlsPair } from '../../testing/tls.ts';
import { findOpa } from '../build/opa.ts';
import { allowing, compileRego, decidingBy, key, signedBundle, temporaryFolder } from '../fixtures.ts';
import { configType, digestOf, layerType, manifestType } from '../registry/artifact.ts';
import { pushBundle } from '../registry/push.ts';
import { OciSource, type OciSourceOptions } from './oci.ts';

const { signal } = new AbortController();
const repository = 'acme/policy';
let one: Buffer;
let two: Buffer;

beforeAll(async () => {
  const wasm = await compileRego(process.env, decidingBy(allowing()));
  one = await signedBundle(wasm, { revision: 'one' });
  two = await signedBundle(wasm, { revision: 'two' });
});

const optionsFor = (at: TestRegistry, changes: Partial<OciSourceOptions> = {}): OciSourceOptions => ({
  reference: { host: at.host, repository, version: 'main' },
  plainHttp: true,
  minPauseMs: 1,
  maxPauseMs: 2,
  ...changes,
});
const source = (at: TestRegistry, changes: Partial<OciSourceOptions> = {}) => new OciSource(optionsFor(at, changes));
const push = (at: TestRegistry, archive: Buffer) =>
  pushBundle(archive, { ...optionsFor(at), login: () => Promise.resolve(registryLogin) }, signal);

/** Puts a manifest there as nobody's tool would, under the tag. */
function manifestOf(at: TestRegistry, change: object, type = manifestType): void {
  const layer = { mediaType: layerType, digest: digestOf(one), size: one.length };
  const config = { mediaType: configType, digest: digestOf(Buffer.from('{}')), size: 2 };
  const body = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: type, config, layers: [layer], ...change }));
  at.blobs.set(digestOf(one), one);
  at.manifests.set(`${repository} main`, { type, body });
}

test('a tag is followed: what it names is found once, and again when it names something else', async () => {
  await using at = await startTestRegistry();
  const pushed = await push(at, one);
  const oci = source(at);
  expect((await oci.look(signal))?.archive.equals(one)).toBe(true);
  at.asked.length = 0;
  expect(await oci.look(signal)).toBeUndefined();
  expect(at.asked).toEqual([`HEAD /v2/${repository}/manifests/main`]);
  expect((await push(at, two)).digest).not.toBe(pushed.digest);
  expect((await oci.look(signal))?.archive.equals(two)).toBe(true);
});

test('a digest names one bundle, whatever its tag does', async () => {
  await using at = await startTestRegistry();
  const { digest } = await push(at, one);
  await push(at, two);
  const oci = source(at, { reference: { host: at.host, repository, version: digest } });
  expect((await oci.look(signal))?.archive.equals(one)).toBe(true);
});

const auths: readonly (readonly [RegistryAuth, boolean])[] = [
  ['basic', true],
  ['token', false],
  ['token-login', true],
];
test.each(auths)('a registry that wants %s gets it', async (auth, needsLogin) => {
  await using at = await startTestRegistry(auth);
  await push(at, one);
  const login = { login: () => Promise.resolve(registryLogin) };
  const oci = source(at, needsLogin ? login : {});
  expect((await oci.look(signal))?.archive.equals(one)).toBe(true);
  at.tokens.clear(); // they expire
  expect(await oci.look(signal)).toBeUndefined();
});

test('no more is asked for than to pull, whatever the registry suggests', async () => {
  await using at = await startTestRegistry('token');
  await push(at, one);
  at.asked.length = 0;
  await source(at).look(signal);
  const scope = encodeURIComponent(`repository:${repository}:pull`);
  expect(at.asked.filter((a) => a.startsWith('GET /token'))).toEqual([`GET /token?service=test&scope=${scope}`]);
});

test.each(['basic', 'token-login'] as const)('a wrong login at %s is said, and not its password', async (auth) => {
  await using at = await startTestRegistry(auth);
  const login = () => Promise.resolve({ username: 'ci', password: 'wrong-secret' });
  const said = await source(at, { login })
    .look(signal)
    .catch((error: unknown) => String(error));
  expect(said).toMatch(/answered 401: UNAUTHORIZED|refuses the login of ci \(401\)/);
  expect(said).not.toContain('wrong-secret');
});

test('without a login, who asks for one is told of', async () => {
  await using at = await startTestRegistry('basic');
  await expect(source(at).look(signal)).rejects.toThrow('asks for a login, and none is configured');
});

test('a login goes to no address without TLS, and to no store', async () => {
  await using elsewhere = await startTestRegistry();
  const challenge = `Bearer realm="http://login.example.com/token"`;
  await using open = await startTestRegistry('none', (_request, response) => {
    response.writeHead(401, { 'www-authenticate': challenge }).end();
    return true;
  });
  const login = { login: () => Promise.resolve(registryLogin) };
  await expect(source(open, login).look(signal)).rejects.toThrow('without TLS');

  await using stealing = createStore((_request, response) => {
    response.writeHead(401, { 'www-authenticate': `Bearer realm="${elsewhere.url}/token"` }).end();
  });
  const store = await stealing.open();
  await using at = await startTestRegistry('basic', (request, response) => {
    if (request.method !== 'GET' || !request.url?.includes('/blobs/')) return false;
    response.writeHead(307, { location: `${store}/layer` }).end();
    return true;
  });
  await push(at, one);
  await expect(source(at, login).look(signal)).rejects.toThrow('answered 401');
  expect(elsewhere.asked).toEqual([]);
  expect(stealing.proofs).toEqual([undefined]);
});

test('content that a registry keeps elsewhere is fetched there, without the proof', async () => {
  await using kept = createStore((_request, response) => void response.end(one));
  const store = await kept.open();
  await using at = await startTestRegistry('basic', (request, response) => {
    if (request.method !== 'GET' || !request.url?.includes('/blobs/')) return false;
    response.writeHead(307, { location: `${store}/layer?signature=x` }).end();
    return true;
  });
  await push(at, one);
  const oci = source(at, { login: () => Promise.resolve(registryLogin) });
  expect((await oci.look(signal))?.archive.equals(one)).toBe(true);
  expect(kept.proofs).toEqual([undefined]);
});

/** Of the same length: what is longer or shorter is refused in other words. */
function anotherLike(archive: Buffer): Buffer {
  const other = Buffer.from(archive);
  other.writeUInt8(other.readUInt8(other.length - 1) ^ 1, other.length - 1);
  return other;
}

const spoiled: readonly (readonly [string, string, (at: TestRegistry) => void])[] = [
  [
    'with another layer under its digest',
    'not the one of digest',
    (at) => at.blobs.set(digestOf(one), anotherLike(one)),
  ],
  [
    'with a layer cut short',
    'not the one of digest',
    (at) => at.blobs.set(digestOf(one), one.subarray(0, one.length - 1)),
  ],
  ['with a layer longer than it says', 'longer than', (at) => at.blobs.set(digestOf(one), Buffer.concat([one, one]))],
  ['without its layer', 'answered 404: BLOB_UNKNOWN', (at) => at.blobs.clear()],
  ['of two layers', 'has 2 layers', (at) => manifestOf(at, { layers: [layerAt(), layerAt()] })],
  ['of no layer', 'has no layer', (at) => manifestOf(at, { layers: [] })],
  ['of a layer of another type', 'has no layer', (at) => manifestOf(at, { layers: [layerAt({ mediaType: 'x/y' })] })],
  ['of a layer without end', 'at most', (at) => manifestOf(at, { layers: [layerAt({ size: 2 ** 40 })] })],
  [
    'of a layer with a weak digest',
    'not one image manifest',
    (at) => manifestOf(at, { layers: [layerAt({ digest: 'md5:x' })] }),
  ],
  [
    'that is an index of several',
    'not one image manifest',
    (at) => manifestOf(at, { layers: undefined, manifests: [] }, 'application/vnd.oci.image.index.v1+json'),
  ],
  [
    'that is no JSON',
    'not JSON',
    (at) => at.manifests.set(`${repository} main`, { type: 'x', body: Buffer.from('{') }),
  ],
  ['that is too long', 'longer than', (at) => manifestOf(at, { annotations: { x: 'x'.repeat(70_000) } })],
  ['that is not there', 'MANIFEST_UNKNOWN (there is no such tag', (at) => at.manifests.clear()],
];
test.each(spoiled)('an artifact %s is refused', async (_what, said, spoil) => {
  await using at = await startTestRegistry();
  await push(at, one);
  spoil(at);
  await expect(source(at).look(signal)).rejects.toMatchObject({
    code: 'bundle-invalid',
    message: expect.stringContaining(said) as string,
  });
});

test('a manifest that is not the one of its digest is refused', async () => {
  await using at = await startTestRegistry();
  const { digest } = await push(at, one);
  const other = await push(at, two);
  const swapped = at.manifests.get(`${repository} ${other.digest}`);
  if (swapped) at.manifests.set(`${repository} ${digest}`, swapped);
  const oci = source(at, { reference: { host: at.host, repository, version: digest } });
  await expect(oci.look(signal)).rejects.toThrow('the manifest is not the one of digest');
});

test('after a failure the whole bundle is asked for', async () => {
  await using at = await startTestRegistry();
  await push(at, one);
  const oci = source(at);
  await oci.look(signal);
  const kept = new Map(at.manifests);
  at.manifests.clear();
  await expect(oci.look(signal)).rejects.toThrow('MANIFEST_UNKNOWN');
  for (const [name, manifest] of kept) at.manifests.set(name, manifest);
  expect(await oci.look(signal)).toBeDefined();
});

test('a private authority is believed where it is named, and nowhere else', async () => {
  const pair = tlsPair();
  await using at = await startTestRegistry('none', undefined, pair);
  manifestOf(at, {});
  expect(await source(at, { plainHttp: false, ca: pair.ca }).look(signal)).toBeDefined();
  await expect(source(at, { plainHttp: false }).look(signal)).rejects.toThrow(`no bundle from oci://${at.host}`);
});

test('a registry that never answers is given up', async () => {
  await using at = await startTestRegistry('none', () => true);
  await expect(source(at, { answerMs: 50 }).look(signal)).rejects.toMatchObject({ code: 'bundle-invalid' });
});

test('the same bundle is pushed as the same bytes, and nothing is sent twice', async () => {
  await using at = await startTestRegistry();
  const first = await push(at, one);
  at.asked.length = 0;
  expect(await push(at, one)).toEqual(first);
  expect(at.asked.filter((asked) => asked.startsWith('POST'))).toEqual([]);
  expect(first.revision).toBe('one');
});

test('what is no bundle is not pushed, and nothing to a digest', async () => {
  await using at = await startTestRegistry();
  await expect(push(at, Buffer.from('hello'))).rejects.toMatchObject({ code: 'bundle-invalid' });
  const { digest } = await push(at, one);
  const reference = { host: at.host, repository, version: digest };
  await expect(pushBundle(one, { ...optionsFor(at), reference }, signal)).rejects.toThrow('to a tag');
  expect(at.manifests.size).toBe(2);
});

test('OPA itself pulls what we push, and verifies its signature', async () => {
  await using at = await startTestRegistry();
  await using folder = await temporaryFolder();
  await push(at, one);
  const config = {
    services: { registry: { url: at.url, type: 'oci' } },
    keys: { test: { algorithm: 'ES256', key: key.trusted.publicKeyPem } },
    bundles: {
      policy: { service: 'registry', resource: `${at.host}/${repository}:main`, signing: { keyid: 'test' } },
    },
  };
  const file = join(folder.path, 'opa.json');
  await writeFile(file, JSON.stringify(config));
  const port = await freePort();
  const opa = spawn(await findOpa(process.env), ['run', '--server', '-a', `127.0.0.1:${String(port)}`, '-c', file], {
    cwd: folder.path,
    stdio: 'ignore',
  });
  try {
    await vi.waitFor(async () => {
      const response = await fetch(`http://127.0.0.1:${String(port)}/v1/data/system/bundles/policy/manifest/revision`);
      expect(await response.json()).toEqual({ result: 'one' });
    }, settled);
  } finally {
    opa.kill();
  }
});

function layerAt(change: object = {}): object {
  return { mediaType: layerType, digest: digestOf(one), size: one.length, ...change };
}

/** Where a registry keeps its content: notes what proof it is shown. */
function createStore(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const proofs: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    proofs.push(request.headers.authorization);
    answer(request, response);
  });
  return {
    proofs,
    open: async () => (await listening(server)).url,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
