import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AwsClient } from 'aws4fetch';
import { afterAll, beforeAll, expect, test, vi, type TestContext } from 'vitest';
import { allowing, compileRego, decidingBy, signedBundle, temporaryFolder } from '../../policy/fixtures.ts';
import { pushBundle } from '../../policy/registry/push.ts';
import { OciSource } from '../../policy/sources/oci.ts';
import { s3Source } from '../../policy/sources/s3.ts';
import { freePort } from '../ports.ts';
import { settled } from '../settled.ts';

/**
 * The sources against servers of others, where somebody has them: both take minutes to build. `versitygw` is github.com/versity/versitygw,
 * `registry` is github.com/distribution/distribution/v3/cmd/registry.
 */
const programs = {
  versitygw: process.env['SALLYPORT_TEST_VERSITYGW'],
  registry: process.env['SALLYPORT_TEST_REGISTRY'],
};
const { signal } = new AbortController();
const pace = { minPauseMs: 1, maxPauseMs: 2 };
const started: ChildProcess[] = [];
let home: Awaited<ReturnType<typeof temporaryFolder>>;
let one: Buffer;
let two: Buffer;

beforeAll(async () => {
  home = await temporaryFolder();
  const wasm = await compileRego(process.env, decidingBy(allowing()));
  one = await signedBundle(wasm, { revision: 'one' });
  two = await signedBundle(wasm, { revision: 'two' });
});
afterAll(async () => {
  for (const child of started) child.kill();
  await home[Symbol.asyncDispose]();
});

/** The program's path, or the end of the test with what is missing. */
function provided(name: keyof typeof programs, context: TestContext): string {
  return programs[name] ?? context.skip(`set SALLYPORT_TEST_${name.toUpperCase()} to the program’s path`);
}

function start(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): void {
  started.push(spawn(program, args, { env: { ...process.env, ...env }, stdio: 'ignore' }));
}

test('an object in versitygw is followed, signed and by ETag', async (context) => {
  const program = provided('versitygw', context);
  const [port, folder] = [await freePort(), join(home.path, 's3')];
  await mkdir(folder);
  const [accessKeyId, secretAccessKey] = ['testkey', 'testsecret'];
  const keys = { ROOT_ACCESS_KEY: accessKeyId, ROOT_SECRET_KEY: secretAccessKey };
  start(program, ['--port', `127.0.0.1:${String(port)}`, 'posix', folder], keys);
  const endpoint = `http://127.0.0.1:${String(port)}`;
  const aws = new AwsClient({ accessKeyId, secretAccessKey, service: 's3', region: 'us-east-1', retries: 0 });
  const put = async (path: string, body?: Buffer) => {
    const response = await aws.fetch(`${endpoint}/${path}`, {
      method: 'PUT',
      ...(body && { body: new Uint8Array(body) }),
    });
    expect(response.status).toBe(200);
  };
  await vi.waitFor(() => put('policy'), settled);
  await put('policy/a%20b/bundle.tar.gz', one);

  const where = { bucket: 'policy', key: 'a b/bundle.tar.gz', region: 'us-east-1', endpoint, ...pace };
  const s3 = s3Source({ ...where, credentials: () => Promise.resolve({ accessKeyId, secretAccessKey }) });
  expect((await s3.look(signal))?.archive.equals(one)).toBe(true);
  expect(await s3.look(signal)).toBeUndefined();
  await put('policy/a%20b/bundle.tar.gz', two);
  expect((await s3.look(signal))?.archive.equals(two)).toBe(true);
  const stranger = s3Source({ ...where, credentials: () => Promise.resolve({ accessKeyId, secretAccessKey: 'x' }) });
  await expect(stranger.look(signal)).rejects.toThrow('answered 403: SignatureDoesNotMatch');
});

test('a bundle is pushed to the reference registry, and its tag is followed', async (context) => {
  const program = provided('registry', context);
  const port = await freePort();
  const file = join(home.path, 'registry.yml');
  const storage = { filesystem: { rootdirectory: join(home.path, 'registry') } };
  await writeFile(file, JSON.stringify({ version: 0.1, storage, http: { addr: `127.0.0.1:${String(port)}` } }));
  start(program, ['serve', file]);
  const reference = { host: `localhost:${String(port)}`, repository: 'acme/policy', version: 'main' };
  const options = { reference, plainHttp: true };
  const first = await vi.waitFor(() => pushBundle(one, options, signal), settled);

  const [oci, pinned] = [reference, { ...reference, version: first.digest }].map(
    (from) => new OciSource({ ...options, ...pace, reference: from }),
  );
  expect((await oci?.look(signal))?.archive.equals(one)).toBe(true);
  expect(await oci?.look(signal)).toBeUndefined();
  await pushBundle(two, options, signal);
  expect((await oci?.look(signal))?.archive.equals(two)).toBe(true);
  expect((await pinned?.look(signal))?.archive.equals(one)).toBe(true);
});
