import { mkdtemp, readdir, rm, stat, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportSPKI, generateKeyPair, importJWK } from 'jose';
import type { CryptoKey } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { IdentityConfig, IssuerConfig } from './config.ts';
import { openIdentity } from './identity.ts';
import { startTestIssuer } from './test-issuer.ts';
import type { TestIssuer } from './test-issuer.ts';

const quiet = { info() {}, warn() {}, error() {} };
const startMs = Date.UTC(2026, 5, 1);
let nowMs = startMs;
const clock = { now: () => nowMs };
const nowS = () => Math.floor(nowMs / 1_000);

type Claims = { readonly [name: string]: unknown };

let rsa: TestIssuer;
let ec: TestIssuer;
beforeAll(async () => {
  rsa = await startTestIssuer('RS256', nowS);
  ec = await startTestIssuer('ES256', nowS);
});
afterAll(async () => {
  await rsa[Symbol.asyncDispose]();
  await ec[Symbol.asyncDispose]();
});
beforeEach(() => {
  nowMs = startMs;
});

function configOf(issuer: TestIssuer, more: Partial<IssuerConfig> = {}): IssuerConfig {
  const algorithms = [issuer === ec ? 'ES256' : 'RS256'];
  return { issuer: issuer.url, audience: 'sallyport', algorithms, claims: { id: 'sub', groups: 'groups' }, ...more };
}

function open(issuers: readonly IssuerConfig[], more: Partial<IdentityConfig> = {}, keysDir?: string) {
  const config = { clock_tolerance_s: 30, stale_keys_s: 3_600, issuers, ...more };
  return openIdentity(config, { clock, log: quiet, keysDir });
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const body = (claims: Claims = {}) => ({
  iss: rsa.url,
  aud: 'sallyport',
  sub: 'ana',
  iat: nowS(),
  exp: nowS() + 60,
  ...claims,
});

describe('a token is refused when it', () => {
  test.each<readonly [string, string, () => string | Promise<string>]>([
    ['is empty', 'malformed', () => ''],
    ['is a password', 'malformed', () => 'hunter2'],
    ['has five parts (JWE)', 'malformed', () => 'a.b.c.d.e'],
    ['is not base64url', 'malformed', () => '!!.@@.##'],
    ['has a payload that is no object', 'malformed', () => `${encode({ alg: 'RS256' })}.${encode([1])}.AA`],
    ['has a newline at its end', 'malformed', async () => `${await rsa.sign()}\n`],
    [
      'has a claim twice',
      'malformed',
      () =>
        `${encode({ alg: 'RS256' })}.${Buffer.from(`{"iss":"${rsa.url}","sub":"a","s\\u0075b":"b"}`).toString('base64url')}.AA`,
    ],
    [
      'has a claim twice deep inside',
      'malformed',
      () => `${encode({ alg: 'RS256' })}.${Buffer.from('{"act":[{"sub":"a","sub":"b"}]}').toString('base64url')}.AA`,
    ],
    [
      'has a header name twice',
      'malformed',
      () => `${Buffer.from('{"alg":"none","alg":"RS256"}').toString('base64url')}.${encode(body())}.AA`,
    ],
    ['is over 16 KiB', 'too_long', () => rsa.sign({ padding: 'x'.repeat(16_384) })],
    ['comes from a foreign issuer', 'unknown_issuer', () => rsa.sign({ iss: 'https://evil.example' })],
    ['has no issuer', 'unknown_issuer', () => `${encode({ alg: 'RS256' })}.${encode({ sub: 'ana' })}.AA`],
    ['is signed by one issuer and names another', 'algorithm_refused', () => ec.sign({ iss: rsa.url })],
    ['has alg none', 'algorithm_refused', () => `${encode({ alg: 'none' })}.${encode(body())}.`],
    ['has alg NoNe', 'algorithm_refused', () => `${encode({ alg: 'NoNe' })}.${encode(body())}.`],
    ['has a list as alg', 'algorithm_refused', () => `${encode({ alg: ['RS256'] })}.${encode(body())}.AA`],
    ['is HS256 with the public key as secret', 'algorithm_refused', signWithPublicKey],
    [
      'is PS256 where RS256 is pinned',
      'algorithm_refused',
      () => `${encode({ alg: 'PS256', kid: 'RS256-1' })}.${encode(body())}.AA`,
    ],
    [
      'is signed with a key of its own under a known kid',
      'bad_signature',
      async () => rsa.sign({}, { key: await strangerKey() }),
    ],
    [
      'brings its own key along (jwk)',
      'bad_signature',
      async () => rsa.sign({}, { key: await strangerKey(), jwk: rsa.keys[0] ?? {} }),
    ],
    [
      'says where its key is (jku)',
      'bad_signature',
      async () => rsa.sign({}, { key: await strangerKey(), jku: `${ec.url}/jwks` }),
    ],
    [
      'had its payload changed',
      'bad_signature',
      async () => (await rsa.sign()).replace(/\.[^.]+\./, `.${encode(body({ sub: 'root' }))}.`),
    ],
    ['had its signature cut', 'bad_signature', async () => (await rsa.sign()).slice(0, -4)],
    [
      'has a critical extension',
      'malformed',
      () => `${encode({ alg: 'RS256', crit: ['exp'], exp: 1 })}.${encode(body())}.AA`,
    ],
    [
      'has an unencoded payload (b64)',
      'malformed',
      () => `${encode({ alg: 'RS256', b64: false })}.${encode(body())}.AA`,
    ],
    ['names a key that nobody knows', 'unknown_key', () => rsa.sign({}, { kid: 'other' })],
    ['expired', 'expired', () => rsa.sign({ exp: nowS() - 31, iat: nowS() - 90 })],
    ['is not valid yet', 'not_yet_valid', () => rsa.sign({ nbf: nowS() + 31 })],
    ['was issued in the future', 'not_yet_valid', () => rsa.sign({ iat: nowS() + 31 })],
    ['is for another audience', 'wrong_audience', () => rsa.sign({ aud: 'other' })],
    ['is for a list of other audiences', 'wrong_audience', () => rsa.sign({ aud: ['other', 'sallyport2'] })],
    ['has no audience', 'missing_claim', () => rsa.sign({ aud: undefined })],
    ['has no expiry', 'missing_claim', () => rsa.sign({ exp: undefined })],
    ['has no issue time', 'missing_claim', () => rsa.sign({ iat: undefined })],
    ['has no subject', 'missing_claim', () => rsa.sign({ sub: undefined })],
    ['has an empty subject', 'bad_claim', () => rsa.sign({ sub: '' })],
    ['has an infinite expiry', 'bad_claim', () => rsa.sign({ exp: 1e300 })],
    ['has a text as expiry', 'bad_claim', () => rsa.sign({ exp: '9999999999' })],
    ['names itself as the gateway', 'bad_claim', () => rsa.sign({ sub: 'gateway' })],
    ['has a newline in its subject', 'bad_claim', () => rsa.sign({ sub: 'ana\nroot' })],
    ['has a direction mark in its subject', 'bad_claim', () => rsa.sign({ sub: 'ana\u202e' })],
    ['has groups that are no texts', 'bad_claim', () => rsa.sign({ groups: ['a', 1] })],
    ['left its groups out for their number', 'bad_claim', () => rsa.sign({ _claim_names: { groups: 'src1' } })],
    ['has an actor that is no object', 'bad_claim', () => rsa.sign({ act: 'bot' })],
    ['has too many actors', 'bad_claim', () => rsa.sign({ act: nested(9) })],
  ])('%s', async (_, why, make) => {
    await using identity = await open([configOf(rsa), configOf(ec)]);
    const token = await make();
    const verdict = await identity.verify(token, 'jwt');
    expect(verdict).toMatchObject({ ok: false, why });
    // The message may be shown: no part of the token is in it.
    const parts = token.split('.').filter((part) => part.length > 8);
    for (const part of parts) expect(JSON.stringify(verdict)).not.toContain(part);
  });

  test('is older than its issuer allows', async () => {
    await using identity = await open([configOf(rsa, { max_token_age_s: 60 })]);
    expect(await identity.verify(await rsa.sign({ iat: nowS() - 91 }), 'jwt')).toMatchObject({
      ok: false,
      why: 'too_old',
    });
    expect(await identity.verify(await rsa.sign({ iat: nowS() - 89 }), 'jwt')).toMatchObject({ ok: true });
  });
});

describe('a good token', () => {
  test('becomes a principal', async () => {
    const claims = {
      id: 'gh:{repository}@{ref}',
      groups: 'realm.roles',
      kind: { claim: 'typ', agent: ['bot'] },
      pass: ['ctx.env', 'absent', '/a.b/c'],
    };
    await using identity = await open([configOf(rsa, { claims })]);
    const token = await rsa.sign({
      repository: 'o/r',
      ref: 'main',
      realm: { roles: ['x', 'y', 'x'] },
      typ: ['bot'],
      ctx: { env: 'prod' },
      'a.b': { c: [1] },
      secret: 's',
    });
    expect(await identity.verify(token, 'oauthbearer')).toEqual({
      ok: true,
      login: {
        expiresAtMs: nowMs + 300_000,
        principal: {
          id: 'gh:o/r@main',
          kind: 'agent',
          issuer: rsa.url,
          groups: ['x', 'y'],
          claims: { 'ctx.env': 'prod', '/a.b/c': [1] },
          acts_for: [],
          auth: { method: 'oauthbearer', at: '2026-06-01T00:00:00.000Z' },
        },
      },
    });
  });

  test.each<readonly [string, Claims, string, readonly string[]]>([
    ['its subject, when nobody acts', { sub: 'ana' }, 'ana', []],
    ['the actor, on behalf of the subject', { sub: 'ana', act: { sub: 'bot' } }, 'bot', ['ana']],
    ['the outermost actor, then those before', { sub: 'ana', act: { sub: 'b', act: { sub: 'a' } } }, 'b', ['a', 'ana']],
  ])('is %s', async (_, claims, id, acts_for) => {
    await using identity = await open([configOf(rsa)]);
    expect(await identity.verify(await rsa.sign(claims), 'jwt')).toMatchObject({
      ok: true,
      login: { principal: { id, acts_for } },
    });
  });

  test.each([
    ['human', { typ: 'person' }],
    ['agent', { typ: 'bot' }],
    ['agent', { typ: ['person', 'bot'] }],
    ['agent', {}],
    ['agent', { typ: 7 }],
  ])('is of kind %s with %j', async (kind, claims) => {
    await using identity = await open([
      configOf(rsa, { claims: { id: 'sub', kind: { claim: 'typ', agent: ['bot'] } } }),
    ]);
    expect(await identity.verify(await rsa.sign(claims), 'jwt')).toMatchObject({
      ok: true,
      login: { principal: { kind } },
    });
  });

  test('within the clock tolerance is taken', async () => {
    await using identity = await open([configOf(rsa)]);
    expect(await identity.verify(await rsa.sign({ exp: nowS() - 29, nbf: nowS() + 29 }), 'jwt')).toMatchObject({
      ok: true,
    });
  });

  test('of the elliptic issuer is taken beside the other', async () => {
    await using identity = await open([configOf(rsa), configOf(ec)]);
    expect(await identity.verify(await ec.sign(), 'jwt')).toMatchObject({
      ok: true,
      login: { principal: { issuer: ec.url } },
    });
  });

  test('without a kid is taken while the issuer has one key', async () => {
    await using identity = await open([configOf(rsa)]);
    expect(await identity.verify(await rsa.sign({}, { kid: undefined }), 'jwt')).toMatchObject({ ok: true });
  });
});

describe('keys', () => {
  test('that rotated are picked up, once per cooldown', async () => {
    await using issuer = await startTestIssuer('ES256', nowS);
    await using identity = await open([{ ...configOf(ec), issuer: issuer.url }]);
    const old = await issuer.sign();
    await issuer.rotate();
    const rotated = await issuer.sign();
    const fetches = issuer.fetches;
    expect(await identity.verify(rotated, 'jwt')).toMatchObject({ ok: false, why: 'unknown_key' });
    expect(issuer.fetches).toBe(fetches); // fetched a moment ago: strangers cannot make us ask
    nowMs += 30_000;
    const verdicts = await Promise.all(Array.from({ length: 20 }, () => identity.verify(rotated, 'jwt')));
    expect(verdicts.every((verdict) => verdict.ok)).toBe(true);
    expect(issuer.fetches).toBe(fetches + 1);
    expect(await identity.verify(old, 'jwt')).toMatchObject({ ok: false, why: 'unknown_key' });
  });

  test('outlive an outage of the issuer for the configured time and no longer', async () => {
    await using issuer = await startTestIssuer('ES256', nowS);
    await using identity = await open([{ ...configOf(ec), issuer: issuer.url }]);
    issuer.down = true;
    nowMs += 3_600_000;
    expect(await identity.verify(await issuer.sign(), 'jwt')).toMatchObject({ ok: true });
    nowMs += 60_000;
    expect(await identity.verify(await issuer.sign(), 'jwt')).toMatchObject({ ok: false, why: 'keys_unavailable' });
    expect(identity.status()).toMatchObject([{ usable: false }]);
    issuer.down = false;
    nowMs += 60_000;
    expect(await identity.verify(await issuer.sign(), 'jwt')).toMatchObject({ ok: true });
  });

  test('survive a restart during an outage when they are kept, in files that only the gateway reads', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'keys-'));
    await using issuer = await startTestIssuer('ES256', nowS);
    const config = { ...configOf(ec), issuer: issuer.url };
    await (await open([config], {}, dir))[Symbol.asyncDispose]();
    const [file = ''] = await readdir(dir);
    expect((await stat(join(dir, file))).mode & 0o777).toBe(0o600);
    issuer.down = true;
    nowMs += 1_800_000;
    {
      await using identity = await open([config], {}, dir);
      expect(await identity.verify(await issuer.sign(), 'jwt')).toMatchObject({ ok: true });
    }
    nowMs += 1_900_000;
    {
      await using identity = await open([config], {}, dir);
      expect(await identity.verify(await issuer.sign(), 'jwt')).toMatchObject({ ok: false, why: 'keys_unavailable' });
    }
    nowMs = startMs;
    await chmod(join(dir, file), 0o666);
    {
      await using identity = await open([config], {}, dir);
      expect(await identity.verify(await issuer.sign(), 'jwt')).toMatchObject({ ok: false, why: 'keys_unavailable' });
    }
    await rm(dir, { recursive: true });
  });

  test('of an issuer that names itself otherwise are not taken', async () => {
    await using issuer = await startTestIssuer('ES256', nowS);
    issuer.claimedName = rsa.url;
    await using identity = await open([{ ...configOf(ec), issuer: issuer.url }]);
    expect(await identity.verify(await issuer.sign(), 'jwt')).toMatchObject({ ok: false, why: 'keys_unavailable' });
  });

  test('that are symmetric or private are never taken from an issuer', async () => {
    await using issuer = await startTestIssuer('ES256', nowS);
    issuer.keys.splice(0, 1, { kty: 'oct', k: 'c2VjcmV0', kid: 'h' }, { ...issuer.keys[0], d: 'AAAA' });
    await using identity = await open([{ ...configOf(ec), issuer: issuer.url }]);
    expect(await identity.verify(await issuer.sign(), 'jwt')).toMatchObject({ ok: false, why: 'keys_unavailable' });
  });
});

describe('a configuration is refused', () => {
  test.each<readonly [string, Partial<IssuerConfig>]>([
    ['with HS256', { algorithms: ['RS256', 'HS256'] }],
    ['with none', { algorithms: ['none'] }],
    ['without algorithms', { algorithms: [] }],
    ['without an audience', { audience: [] }],
    ['with an empty audience', { audience: '' }],
    ['with an issuer in the clear', { issuer: 'http://idp.example' }],
    ['with keys in the clear', { jwks_uri: 'http://127.0.0.1.evil.example/jwks' }],
    ['with two claims that touch', { claims: { id: '{a}{b}' } }],
    ['with a lone brace', { claims: { id: 'a{b' } }],
    ['with an empty claim name', { claims: { id: 'sub', groups: 'a..b' } }],
  ])('%s', async (_, more) => {
    await expect(open([configOf(rsa, more)])).rejects.toMatchObject({ code: 'config-invalid' });
  });

  test('with an issuer twice', async () => {
    await expect(open([configOf(rsa), configOf(rsa)])).rejects.toThrow('twice');
  });
});

test('a claim cannot pass for two by containing what stands between them', async () => {
  await using identity = await open([configOf(rsa, { claims: { id: '{repository}@{ref}' } })]);
  expect(await identity.verify(await rsa.sign({ repository: 'o/r@main', ref: 'x' }), 'jwt')).toMatchObject({
    ok: false,
    why: 'bad_claim',
  });
  expect(await identity.verify(await rsa.sign({ repository: 'o/r', ref: 'main@x' }), 'jwt')).toMatchObject({
    ok: true,
  });
});

test('a client without a token is told where to get one', async () => {
  await using identity = await open([
    configOf(rsa),
    configOf(ec, { device_login: { client_id: 'cli', scope: 'openid groups' } }),
  ]);
  expect(identity.oauthChallenge()).toEqual({
    openid_configuration: `${ec.url}/.well-known/openid-configuration`,
    scope: 'openid groups',
  });
});

function nested(depth: number): Claims {
  return depth === 1 ? { sub: 'a' } : { sub: 'a', act: nested(depth - 1) };
}

async function strangerKey(): Promise<CryptoKey> {
  return (await generateKeyPair('RS256')).privateKey;
}

async function signWithPublicKey(): Promise<string> {
  const key = await importJWK(rsa.keys[0] ?? {}, 'RS256', { extractable: true });
  const pem = await exportSPKI(key as CryptoKey); // an RSA key: importJWK gives bytes for symmetric ones only
  return rsa.sign({}, { alg: 'HS256', key: new TextEncoder().encode(pem) });
}
