import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { format, inspect } from 'node:util';
import fc from 'fast-check';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { credentialStore } from './credential-store.ts';
import type { CredentialStore } from './credential-store.ts';
import { newMasterKey, parseMasterKey, readMasterKey } from './master-key.ts';
import { openCredentials } from './resolve.ts';
import { Secret } from './secret.ts';

const clock = { now: () => Date.UTC(2026, 5, 1) };
const master = parseMasterKey(newMasterKey());
let dir: string;
let path: string;
let store: CredentialStore;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'credentials-'));
  path = join(dir, 'store.json');
  store = credentialStore(path, master, clock);
});
afterEach(() => rm(dir, { recursive: true }));

describe('a secret never shows itself', () => {
  const secret = new Secret('hunter2');
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  test.each<readonly [string, () => string]>([
    // oxlint-disable-next-line typescript/restrict-template-expressions -- the mistake that is made
    ['in a template', () => `${secret}`],
    ['joined to a text', () => 'x' + String(secret)],
    ['in JSON', () => JSON.stringify({ secret, list: [secret] })],
    ['in util.inspect, however deep', () => inspect({ a: [secret] }, { depth: null, showHidden: true })],
    ['in a format', () => format('%s %o %j %O', secret, secret, secret, secret)],
    ['in a list made text', () => [secret].join()],
    ['in its own keys', () => JSON.stringify([Reflect.ownKeys(secret), Object.entries(secret)])],
    ['in an error', () => inspect(new Error(`no ${String(secret)}`, { cause: { secret } }))],
    ['in a log', () => (log.info({ secret, deep: { secret } }, 'password %s', secret), lines.join())],
    ['in a clone', () => inspect(structuredClone(secret), { showHidden: true })],
  ])('%s', (_, show) => {
    expect(show()).not.toContain('hunter2');
  });

  test('and gives its value when asked', () => {
    expect(secret.reveal()).toBe('hunter2');
  });
});

describe('the store', () => {
  test('gives back what was set, and only there', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 1 }), async (value) => {
        await store.set('crm/app', new Secret(value));
        expect((await store.get('crm/app')).reveal()).toBe(value);
      }),
      { numRuns: 20 },
    );
    await store.set('crm/app', new Secret('correct horse'));
    expect(await readFile(path, 'utf8')).not.toContain('correct horse');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(dir)).toEqual(['store.json']);
  });

  test('lists names and versions, never values', async () => {
    await store.set('b', new Secret('one'));
    await store.set('a', new Secret('two'));
    await store.set('b', new Secret('three'));
    const setAt = '2026-06-01T00:00:00.000Z';
    expect(await store.list()).toEqual([
      { name: 'a', version: 1, setAt, keyId: master.id },
      { name: 'b', version: 2, setAt, keyId: master.id },
    ]);
    expect(await store.remove('a')).toBe(true);
    expect(await store.remove('a')).toBe(false);
    await expect(store.get('a')).rejects.toMatchObject({ code: 'credential-missing' });
  });

  test('keeps all of what several write at once', async () => {
    const names = Array.from({ length: 8 }, (_, i) => `n${i}`);
    await Promise.all(names.map((name) => credentialStore(path, master, clock).set(name, new Secret(name))));
    expect((await store.list()).map(({ name }) => name)).toEqual(names);
  });

  test('opens with the new master key after a rotation and not with the old', async () => {
    await store.set('a', new Secret('one'));
    const next = parseMasterKey(newMasterKey());
    expect(await store.rotate(next)).toBe(1);
    expect((await credentialStore(path, next, clock).get('a')).reveal()).toBe('one');
    await expect(store.get('a')).rejects.toThrow(`under master key ${next.id}`);
  });

  const flip = (text: string, at: number) => {
    const bytes = Buffer.from(text, 'base64');
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    return bytes.toString('base64');
  };
  type Entry = { version: number; set_at: string; key_id: string; wrapped_key: string; sealed: string };
  test.each<readonly [string, (secrets: { a: Entry; b: Entry }) => void]>([
    ['a flipped bit in the value', ({ a }) => (a.sealed = flip(a.sealed, 28))],
    ['a flipped bit in the tag', ({ a }) => (a.sealed = flip(a.sealed, 12))],
    ['a flipped bit in the nonce', ({ a }) => (a.sealed = flip(a.sealed, 0))],
    ['a flipped bit in the key', ({ a }) => (a.wrapped_key = flip(a.wrapped_key, 30))],
    ['a cut tag', ({ a }) => (a.sealed = Buffer.from(a.sealed, 'base64').subarray(0, 20).toString('base64'))],
    ['another version', ({ a }) => (a.version = 7)],
    ['the value of another entry', ({ a, b }) => (a.sealed = b.sealed)],
    ['another entry whole', (secrets) => (secrets.a = secrets.b)],
    ['the value in place of the key', ({ a }) => (a.wrapped_key = a.sealed)],
    ['another key id', ({ a }) => (a.key_id = '0'.repeat(16))],
  ])('refuses %s', async (_, tamper) => {
    await store.set('a', new Secret('one'));
    await store.set('b', new Secret('two'));
    const file = JSON.parse(await readFile(path, 'utf8')) as { secrets: { a: Entry; b: Entry } }; // just written
    tamper(file.secrets);
    await writeFile(path, JSON.stringify(file));
    await expect(store.get('a')).rejects.toMatchObject({ code: 'credential-missing' });
  });

  test.each(['', '../a b', '-x', '__proto__', 'a\nb'])('takes no secret by the name %j', async (name) => {
    await expect(store.set(name, new Secret('x'))).rejects.toMatchObject({ code: 'config-invalid' });
  });

  test.each(['', '{}', '{"format":"sallyport-credentials-2","secrets":{}}'])(
    'that holds %j is refused, not taken for empty',
    async (text) => {
      await writeFile(path, text, { mode: 0o600 });
      await expect(store.list()).rejects.toMatchObject({ code: 'credential-missing' });
      await expect(store.set('a', new Secret('x'))).rejects.toMatchObject({ code: 'credential-missing' });
    },
  );

  test('that everybody can read is refused', async () => {
    await store.set('a', new Secret('one'));
    await chmod(path, 0o644);
    await expect(store.get('a')).rejects.toThrow('chmod 600');
  });
});

describe('a reference', () => {
  const env = { PASSWORD: 'from env', EMPTY: '' };

  test('is found in environment, file and store', async () => {
    const credentials = openCredentials(env, store);
    await writeFile(join(dir, 'password'), 'from file\n', { mode: 0o600 });
    await store.set('crm', new Secret('from store'));
    expect((await credentials.resolve({ env: 'PASSWORD' })).reveal()).toBe('from env');
    expect((await credentials.resolve({ file: join(dir, 'password') })).reveal()).toBe('from file');
    expect((await credentials.resolve({ store: 'crm' })).reveal()).toBe('from store');
  });

  test.each([{ env: 'EMPTY' }, { env: 'ABSENT' }, { file: '/nonexistent' }, { store: 'absent' }])(
    'to nothing is refused: %j',
    async (ref) => {
      await expect(openCredentials(env, store).resolve(ref)).rejects.toMatchObject({ code: 'credential-missing' });
    },
  );

  test('to a store that is not configured is refused', async () => {
    await expect(openCredentials(env, undefined).resolve({ store: 'crm' })).rejects.toMatchObject({
      code: 'credential-missing',
    });
  });

  test('to a file that everybody can read is refused', async () => {
    await writeFile(join(dir, 'password'), 'x', { mode: 0o644 });
    await expect(openCredentials(env, store).resolve({ file: join(dir, 'password') })).rejects.toThrow('chmod 600');
  });
});

describe('a master key', () => {
  test('is read from file or environment, in base64 or hex', async () => {
    const text = newMasterKey();
    await writeFile(join(dir, 'key'), `${text}\n`, { mode: 0o600 });
    const fromFile = await readMasterKey({ file: join(dir, 'key') }, {});
    const fromEnv = await readMasterKey({ env: 'KEY' }, { KEY: Buffer.from(text, 'base64').toString('hex') });
    expect(fromFile).toEqual(fromEnv);
  });

  test.each(['', 'short', 'a'.repeat(64) + 'b', `${'A'.repeat(42)}==`])('is not %j', (text) => {
    expect(() => parseMasterKey(text)).toThrow('32 bytes');
  });
});
