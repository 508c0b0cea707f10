import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CompactSign, UnsecuredJWT } from 'jose';
import { beforeAll, expect, test } from 'vitest';
import { findOpa, runOpa } from '../build/opa.ts';
import {
  allowing,
  compileRego,
  decidingBy,
  key,
  manifest,
  signedBundle,
  signedData,
  someTimeMs,
  temporaryFolder,
} from '../fixtures.ts';
import { generateSigningKey, privateKeyOf, publicKeyOf, type SigningKey, type TrustedKey } from './keys.ts';
import { gunzipCapped, gzipPlain } from './read.ts';
import { fileHash, signFiles } from './sign.ts';
import { readTar, writeTar } from './tar.ts';
import { verifyBundle, verifyData } from './verify.ts';

let wasm: Buffer;
let archive: Buffer;
const trusted = { keys: [key.trusted], nowMs: someTimeMs, minSequence: 0 };

beforeAll(async () => {
  wasm = await compileRego(process.env, decidingBy(allowing()));
  archive = await signedBundle(wasm, { data: '{"labels":{},"n":1.0}' });
});

type Files = Map<string, Buffer>;
const pack = (files: Files) => gzipPlain(writeTar(files));
const unpack = (): Files => new Map(readTar(gunzipCapped(archive, 64 << 20), 10));
function changed(change: (files: Files) => void): Buffer {
  const files = unpack();
  change(files);
  return pack(files);
}

test('a bundle that a trusted key signed is accepted', async () => {
  const bundle = await verifyBundle(archive, trusted);
  expect(bundle.manifest.revision).toBe('test');
  expect(bundle.keyId).toBe('test');
});

test.each(['ES256', 'EdDSA'] as const)('a bundle signed with %s is accepted', async (algorithm) => {
  const pair = generateSigningKey('k', algorithm);
  await expect(verifyBundle(await resigned(pair.signing), { ...trusted, keys: [pair.trusted] })).resolves.toBeDefined();
});

test('RS256 counts where the configuration says so', async () => {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = (k: typeof pair.privateKey, type: 'pkcs8' | 'spki') => k.export({ type, format: 'pem' }).toString();
  const signing: SigningKey = { id: 'k', algorithm: 'RS256', privateKeyPem: pem(pair.privateKey, 'pkcs8') };
  const keys: TrustedKey[] = [{ id: 'k', algorithm: 'RS256', publicKeyPem: pem(pair.publicKey, 'spki') }];
  await expect(verifyBundle(await resigned(signing), { ...trusted, keys })).resolves.toBeDefined();
});

test('during a rotation either key is enough', async () => {
  const next = generateSigningKey('next');
  const keys = [key.trusted, next.trusted];
  await expect(verifyBundle(archive, { ...trusted, keys })).resolves.toMatchObject({ keyId: 'test' });
  await expect(verifyBundle(await resigned(next.signing), { ...trusted, keys })).resolves.toMatchObject({
    keyId: 'next',
  });
});

const tampered: readonly (readonly [string, string, () => Buffer | Promise<Buffer>])[] = [
  ['not gzip', 'bundle-invalid', () => Buffer.from('hello')],
  ['empty', 'bundle-invalid', () => Buffer.alloc(0)],
  ['cut short', 'bundle-invalid', () => archive.subarray(0, archive.length - 20)],
  ['with bytes behind it', 'bundle-invalid', () => Buffer.concat([archive, Buffer.from('x')])],
  ['two archives in one', 'bundle-invalid', () => Buffer.concat([archive, archive])],
  ['unsigned', 'bundle-signature', () => changed((f) => f.delete('.signatures.json'))],
  ['without a manifest', 'bundle-invalid', () => changed((f) => f.delete('.manifest'))],
  ['without its policy', 'bundle-signature', () => changed((f) => f.delete('policy.wasm'))],
  ['without a policy', 'bundle-invalid', () => resigned(key.signing, (f) => f.delete('policy.wasm'))],
  ['without data', 'bundle-invalid', () => changed((f) => f.delete('data.json'))],
  ['a delta bundle', 'bundle-invalid', () => changed((f) => f.set('patch.json', Buffer.from('{}')))],
  ['with a file more', 'bundle-signature', () => changed((f) => f.set('more/data.json', Buffer.from('{}')))],
  ['with an empty file more', 'bundle-signature', () => changed((f) => f.set('x.signatures.json', Buffer.alloc(0)))],
  ['with other data', 'bundle-signature', () => changed((f) => f.set('data.json', Buffer.from('{"labels":{},"n":2}')))],
  [
    'with a number written otherwise',
    'bundle-signature',
    () => changed((f) => f.set('data.json', Buffer.from('{"labels":{},"n":1}'))),
  ],
  [
    'with data that is not UTF-8',
    'bundle-invalid',
    () => changed((f) => f.set('data.json', Buffer.from([0x22, 0xff, 0x22]))),
  ],
  [
    'with another policy',
    'bundle-signature',
    () => changed((f) => f.set('policy.wasm', Buffer.concat([wasm, Buffer.from([0])]))),
  ],
  [
    'with another manifest',
    'bundle-signature',
    () => changed((f) => f.set('.manifest', manifestWith({ revision: 'other' }))),
  ],
  ['signed by a stranger', 'bundle-signature', () => resigned(generateSigningKey('stranger').signing)],
  ['signed by a stranger under our name', 'bundle-signature', () => resigned(generateSigningKey('test').signing)],
  [
    'signed with another algorithm under our name',
    'bundle-signature',
    () => resigned(generateSigningKey('test', 'EdDSA').signing),
  ],
  ['signed by the public key as a secret', 'bundle-signature', () => withToken(hmacToken)],
  ['signed by nobody', 'bundle-signature', () => withToken(() => Promise.resolve(new UnsecuredJWT({}).encode()))],
  ['with two signatures', 'bundle-signature', () => withSignatures((jws) => ({ signatures: [jws, jws] }))],
  ['with no signature in its list', 'bundle-signature', () => withSignatures(() => ({ signatures: [] }))],
  ['for another verifier', 'bundle-signature', () => withSignatures((jws) => ({ signatures: [jws], plugin: 'mine' }))],
  ['with a critical header', 'bundle-signature', () => withToken(() => token({}, { crit: ['x'], x: 1 }))],
  ['with a scope', 'bundle-signature', () => withToken(() => token({ scope: 'write' }))],
  ['naming two keys', 'bundle-signature', () => withToken(() => token({ keyid: 'other' }))],
  ['listing a file twice', 'bundle-signature', () => withToken(() => token({ files: [...listed(), ...listed()] }))],
  [
    'listing a file that is not there',
    'bundle-signature',
    () => withToken(() => token({ files: [...listed(), { ...listed()[0], name: 'ghost' }] })),
  ],
  [
    'hashed with SHA-1',
    'bundle-signature',
    () => withToken(() => token({ files: listed().map((f) => ({ ...f, algorithm: 'SHA-1' })) })),
  ],
  ['with no root', 'bundle-invalid', () => remanifested({ roots: [] })],
  ['with a field that nobody knows', 'bundle-invalid', () => remanifested({ file_rego_versions: {} })],
  ['for Rego v0', 'bundle-invalid', () => remanifested({ rego_version: 0 })],
  [
    'with no sequence',
    'bundle-invalid',
    () => remanifested({ metadata: { ...manifest.metadata, sequence: undefined } }),
  ],
  [
    'expired',
    'bundle-expired',
    () => signedBundle(wasm, { metadata: { expires_at: new Date(someTimeMs).toISOString() } }),
  ],
];

test.each(tampered)('a bundle that is %s is refused: %s', async (_what, code, make) => {
  await expect(verifyBundle(await make(), trusted)).rejects.toMatchObject({ code });
});

const packedElsewhere = () => Object.assign(Buffer.from(archive), { 9: 3 });
const damaged = () => Object.assign(Buffer.from(archive), { 30: (archive[30] ?? 0) ^ 0xff });
const said: readonly (readonly [string, string, () => Buffer | Promise<Buffer>])[] = [
  ['empty', 'bundle is empty: copy the whole file', () => Buffer.alloc(0)],
  ['cut short', 'cut short, after \\d+ bytes: copy the whole file', () => archive.subarray(0, 200)],
  ['cut short by a byte', 'cut short, after \\d+ bytes: copy the whole file', () => archive.subarray(0, -1)],
  ['damaged', 'is damaged \\(.+\\): copy the whole file', damaged],
  ['a page that says that there is none', 'is no gzip archive: take the file that', () => Buffer.from('<html>404')],
  ['packed by another tool', 'was packed by another tool', packedElsewhere],
  [
    'unsigned',
    'is not signed: "sallyport policy build --key FILE" signs it',
    () => changed((f) => f.delete('.signatures.json')),
  ],
  [
    'signed by a stranger',
    'is signed by the key "stranger", and trusted is only test: sign it with one of these, or add its key to policy.keys',
    () => resigned(generateSigningKey('stranger').signing),
  ],
  [
    'signed by a stranger under our name',
    'is not by the key that is trusted under this name: another pair has the same name',
    () => resigned(generateSigningKey('test').signing),
  ],
  [
    'changed',
    'is for another data.json: that was changed after it was signed',
    () => changed((f) => f.set('data.json', Buffer.from('{"labels":{},"n":2}'))),
  ],
  [
    'expired',
    'expired at \\S+: build it anew',
    () => signedBundle(wasm, { metadata: { expires_at: new Date(someTimeMs).toISOString() } }),
  ],
];

test.each(said)('whoever has a bundle that is %s reads what to do', async (_what, message, make) => {
  await expect(verifyBundle(await make(), trusted)).rejects.toThrow(new RegExp(message));
});

test('a bundle older than the newest ever active is refused', async () => {
  await expect(verifyBundle(archive, { ...trusted, minSequence: 2 })).rejects.toMatchObject({
    code: 'bundle-rollback',
    message: expect.stringContaining('to go back, build what it was made of anew') as string,
  });
});

/** Places in the archive as it lies on disk: `-n` counts from the end. */
const places: readonly (readonly [string, number])[] = [
  ['the first magic byte', 0],
  ['the second magic byte', 1],
  ['the compression method', 2],
  ['the flags', 3],
  ['the time', 4],
  ['the end of the time', 7],
  ['the level', 8],
  ['the operating system', 9],
  ['the first block', 10],
  ['the checksum', -8],
  ['the end of the checksum', -5],
  ['the length', -4],
  ['the end of the length', -1],
];
/** Fields of a ustar header, by where they begin. */
const fields: readonly (readonly [string, number])[] = [
  ['name', 0],
  ['name’s padding', 99],
  ['mode', 100],
  ['owner', 108],
  ['group', 116],
  ['size', 124],
  ['end of the size', 135],
  ['time', 136],
  ['checksum', 148],
  ['end of the checksum', 154],
  ['blank behind the checksum', 155],
  ['type', 156],
  ['link', 157],
  ['magic', 257],
  ['version', 263],
  ['owner’s name', 265],
  ['device', 329],
  ['prefix', 345],
  ['padding', 511],
];
const names = ['.signatures.json', 'data.json', 'policy.wasm', '.manifest'];
const flips = [1, 2, 4, 8, 16, 32, 64, 128, 255];

test.each(places)('a byte changed at %s of the archive is refused', async (_what, place) => {
  const at = place < 0 ? archive.length + place : place;
  for (const flip of flips) expect(await accepted(flipped(archive, at, flip)), `flip ${flip}`).toBe(false);
});

test.each(names.flatMap((name) => fields.map(([field, at]) => [name, field, at] as const)))(
  'in the header of %s, a byte changed at its %s is refused',
  async (name, _field, offset) => {
    const tar = gunzipCapped(archive, 64 << 20);
    const at = tar.indexOf(`/${name}\0`) + offset;
    for (const flip of flips) expect(await accepted(gzipPlain(flipped(tar, at, flip))), `flip ${flip}`).toBe(false);
  },
);

test.each(names)('a byte changed anywhere in %s, or behind it, is refused', async (name) => {
  const tar = gunzipCapped(archive, 64 << 20);
  const size = unpack().get(name)?.length ?? 0;
  const from = tar.indexOf(`/${name}\0`) + 512;
  const behind = size % 512 === 0 ? [] : [from + size, from + size + (512 - (size % 512)) - 1];
  for (const at of [
    from,
    from + 1,
    from + (size >> 2),
    from + (size >> 1),
    from + size - 2,
    from + size - 1,
    ...behind,
  ])
    for (const flip of flips) expect(await accepted(gzipPlain(flipped(tar, at, flip))), `at ${at}`).toBe(false);
});

test('a byte changed in the end of the archive is refused', async () => {
  const tar = gunzipCapped(archive, 64 << 20);
  for (const at of [tar.length - 1024, tar.length - 512, tar.length - 1])
    expect(await accepted(gzipPlain(flipped(tar, at, 1))), `at ${at}`).toBe(false);
});

/** Deflate can say the same in two ways, such as one run of zeros by two distances: what counts is what comes out. */
test('no byte changed in the compressed data changes what is taken up', async () => {
  const step = Math.floor(archive.length / 200);
  const tar = gunzipCapped(archive, 64 << 20);
  const other: number[] = [];
  for (let at = archive.length - 9; at >= 10; at -= step) {
    const spoiled = flipped(archive, at, 1 << (at % 8));
    if ((await accepted(spoiled)) && !gunzipCapped(spoiled, 64 << 20).equals(tar)) other.push(at);
  }
  expect(other).toEqual([]);
});

test('no byte changed in a bundle of data changes what is taken up', async () => {
  const signed = await signedData('{"columns":{"crm":{"public.customers.ssn":["pii.ssn"]}}}', { roots: ['columns'] });
  const tar = gunzipCapped(signed, 1 << 20);
  await expect(verifyData(signed, trusted)).resolves.toMatchObject({ keyId: 'test' });
  const other: number[] = [];
  for (let at = 0; at < signed.length; at += 3) {
    const spoiled = flipped(signed, at, 1 << (at % 8));
    const taken = await verifyData(spoiled, trusted).then(
      () => true,
      () => false,
    );
    if (taken && !gunzipCapped(spoiled, 1 << 20).equals(tar)) other.push(at);
  }
  expect(other).toEqual([]);
});

test('a bomb is refused before it is unpacked', () => {
  expect(() => gunzipCapped(gzipPlain(Buffer.alloc(8 << 20)), 1 << 20)).toThrow('unpacks to more than');
});

test('OPA itself verifies what we sign', async () => {
  await using folder = await temporaryFolder();
  const opa = await findOpa(process.env);
  const [bundle, pem] = [join(folder.path, 'bundle.tar.gz'), join(folder.path, 'key.pem')];
  const flags = ['--verification-key', pem, '--verification-key-id', 'test', '--signing-alg', 'ES256'];
  const verifyByOpa = () => runOpa(opa, ['build', '-b', bundle, ...flags, '-o', join(folder.path, 'out.tar.gz')]);
  await writeFile(pem, key.trusted.publicKeyPem);
  await writeFile(bundle, archive);
  await expect(verifyByOpa()).resolves.toBeDefined();
  await writeFile(
    bundle,
    changed((f) => f.set('data.json', Buffer.from('{}'))),
  );
  await expect(verifyByOpa()).rejects.toMatchObject({ code: 'opa-failed' });
});

test('a key of another kind than it says is no key', () => {
  const other = generateSigningKey('x', 'EdDSA').trusted;
  expect(() => publicKeyOf({ ...other, algorithm: 'ES256' })).toThrow('no ES256 key');
  expect(() => publicKeyOf({ ...other, publicKeyPem: 'hello' })).toThrow('not a PEM key');
});

function accepted(bundle: Buffer): Promise<boolean> {
  return verifyBundle(bundle, trusted).then(
    () => true,
    () => false,
  );
}

function flipped(bytes: Buffer, at: number, flip: number): Buffer {
  const spoiled = Buffer.from(bytes);
  spoiled[at] = (spoiled[at] ?? 0) ^ flip;
  return spoiled;
}

function manifestWith(changes: object): Buffer {
  return Buffer.from(JSON.stringify({ ...manifest, ...changes }));
}

async function resigned(by: SigningKey, change: (files: Files) => void = () => undefined): Promise<Buffer> {
  const files = unpack();
  files.delete('.signatures.json');
  change(files);
  return pack(new Map([...files, ['.signatures.json', await signFiles(files, by)]]));
}

function remanifested(changes: object): Promise<Buffer> {
  return resigned(key.signing, (files) => files.set('.manifest', manifestWith(changes)));
}

function listed(): { name: string; hash: string; algorithm: string }[] {
  const names = [...unpack()].filter(([name]) => name !== '.signatures.json');
  return names.map(([name, body]) => ({ name, hash: fileHash(name, body), algorithm: 'SHA-256' }));
}

function token(payload: object, header: object = {}): Promise<string> {
  const body = Buffer.from(JSON.stringify({ files: listed(), keyid: 'test', ...payload }));
  return new CompactSign(body)
    .setProtectedHeader({ alg: 'ES256', kid: 'test', ...header })
    .sign(privateKeyOf(key.signing), { crit: { x: true } });
}

function hmacToken(): Promise<string> {
  const body = Buffer.from(JSON.stringify({ files: listed(), keyid: 'test' }));
  const secret = new TextEncoder().encode(key.trusted.publicKeyPem);
  return new CompactSign(body).setProtectedHeader({ alg: 'HS256', kid: 'test' }).sign(secret);
}

async function withToken(make: () => Promise<string>): Promise<Buffer> {
  const jws = await make();
  return changed((f) => f.set('.signatures.json', Buffer.from(JSON.stringify({ signatures: [jws] }))));
}

function withSignatures(make: (jws: string) => object): Buffer {
  return changed((f) => {
    const own = JSON.parse(f.get('.signatures.json')?.toString() ?? '') as { signatures: [string] };
    f.set('.signatures.json', Buffer.from(JSON.stringify(make(own.signatures[0]))));
  });
}
