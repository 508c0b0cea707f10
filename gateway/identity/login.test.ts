import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { logInByDevice } from '../testing/idp-login.ts';
import { startIdp } from '../testing/idp.ts';
import type { Idp } from '../testing/idp.ts';
import type { IssuerConfig } from './config.ts';
import { openIdentity } from './identity.ts';
import { currentToken, login, logout, tokenFilePath } from './login.ts';
import type { LoginOptions } from './login.ts';

const quiet = { info() {}, warn() {}, error() {} };
const never = new AbortController().signal;
let idp: Idp;
let dir: string;
let options: LoginOptions;
let nowMs: number;

beforeAll(async () => {
  idp = await startIdp({
    principals: [
      { name: 'ana', kind: 'human', groups: ['readers'] },
      { name: 'bot', kind: 'agent', groups: ['agents'] },
    ],
  });
});
afterAll(() => idp[Symbol.asyncDispose]());
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'login-'));
  nowMs = Date.now();
  const file = tokenFilePath({ XDG_CONFIG_HOME: dir }, '/home/ana', idp.issuer, idp.clientId);
  const { issuer, clientId, scope } = idp;
  options = { issuer, clientId, scope, file, clock: { now: () => nowMs }, fetch: impatient };
});
afterEach(() => rm(dir, { recursive: true }));

/** As an issuer that asks to be polled each second: five, the default, only makes a test slow. */
async function impatient(...args: Parameters<typeof fetch>): Promise<Response> {
  const response = await fetch(...args);
  if (!response.url.endsWith('/device/auth')) return response;
  const device: unknown = await response.json();
  return Response.json(Object.assign({}, device, { interval: 1 }), { status: response.status });
}

function openGateway() {
  const settings = idp.settings as IssuerConfig; // in the words of the configuration file, as it says
  const config = { clock_tolerance_s: 30, stale_keys_s: 3_600, issuers: [settings] };
  return openIdentity(config, { clock: { now: () => Date.now() }, log: quiet });
}

test('a person logs in by the device flow, and the gateway believes the token', async () => {
  let walked: Promise<unknown> | undefined;
  const done = await login(options, ({ urlWithCode }) => void (walked = logInByDevice(urlWithCode, 'ana')), never);
  await walked;
  if (!done.ok) throw new Error(done.message);
  await using identity = await openGateway();
  expect(await identity.verify(done.token, 'jwt')).toMatchObject({
    ok: true,
    login: { principal: { id: 'ana', kind: 'human', groups: ['readers'], issuer: idp.issuer } },
  });
  expect((await stat(options.file)).mode & 0o777).toBe(0o600);
  expect(await currentToken(options)).toBe(done.token);

  // Near its end it is renewed, and the new one is kept.
  nowMs = done.expiresAtMs - 1_000;
  const renewed = await currentToken(options);
  expect(renewed).not.toBe(done.token);
  expect(decodeJwt(renewed ?? '')).toMatchObject({ sub: 'ana', kind: 'human' });
  expect(await readFile(options.file, 'utf8')).toContain(renewed);

  await logout(options.file);
  expect(await currentToken(options)).toBeUndefined();
});

test("an agent's token by client credentials is believed and says that it is an agent's", async () => {
  await using identity = await openGateway();
  expect(await identity.verify(await idp.agentToken('bot'), 'jwt')).toMatchObject({
    ok: true,
    login: { principal: { id: 'bot', kind: 'agent', groups: ['agents'] } },
  });
});

test('a login that is given up ends at once and keeps nothing', async () => {
  const stop = new AbortController();
  const reason = new Error('interrupted');
  await expect(login(options, () => stop.abort(reason), stop.signal)).rejects.toBeDefined();
  await expect(readdir(dir)).resolves.toEqual([]);
});

test('a client that the issuer does not know is refused, as a value', async () => {
  expect(await login({ ...options, clientId: 'stranger' }, () => undefined, never)).toMatchObject({
    ok: false,
    why: 'refused',
  });
});

test('an issuer that is gone is an error that names it', async () => {
  const gone = { ...options, issuer: 'http://127.0.0.1:1' };
  await expect(login(gone, () => undefined, never)).rejects.toMatchObject({ code: 'identity-unavailable' });
});

test.each(['http://idp.example', 'nonsense'])('no login goes to %s', async (issuer) => {
  await expect(login({ ...options, issuer }, () => undefined, never)).rejects.toMatchObject({ code: 'config-invalid' });
});

test('what the issuer sends for the terminal cannot control it', async () => {
  const hostile = async (...args: Parameters<typeof fetch>) => {
    const response = await impatient(...args);
    if (!JSON.stringify(args[0]).includes('/device/auth')) return response;
    const device: unknown = await response.json();
    return Response.json(Object.assign({}, device, { user_code: '\u001b[2JABCD' }));
  };
  const stop = new AbortController();
  let code = '';
  const shown = login({ ...options, fetch: hostile }, (prompt) => ((code = prompt.code), stop.abort()), stop.signal);
  await expect(shown).rejects.toBeDefined();
  expect(code).toBe('?[2JABCD');
});

test.each<readonly [string, string, number]>([
  ['others can read', '{"format":"sallyport-token-1","token":"t","expires_at_ms":9e15}', 0o644],
  ['is cut off', '{"format":"sallyport-to', 0o600],
  ['is of another version', '{"format":"sallyport-token-2","token":"t","expires_at_ms":9e15}', 0o600],
])('a token file that %s is not used', async (_, text, mode) => {
  const file = join(dir, 'token.json');
  await writeFile(file, text);
  await chmod(file, mode);
  expect(await currentToken({ ...options, file })).toBeUndefined();
});

test('tokens of different issuers and clients are kept apart, where XDG says', () => {
  const paths = [
    tokenFilePath({}, '/home/ana', 'https://a', 'c'),
    tokenFilePath({}, '/home/ana', 'https://b', 'c'),
    tokenFilePath({}, '/home/ana', 'https://a', 'd'),
  ];
  expect(new Set(paths).size).toBe(3);
  expect(paths[0]).toMatch(/^\/home\/ana\/\.config\/sallyport\/tokens\/[0-9a-f]{32}\.json$/);
  expect(tokenFilePath({ XDG_CONFIG_HOME: 'relative' }, '/home/ana', 'https://a', 'c')).toBe(paths[0]);
  expect(tokenFilePath({ XDG_CONFIG_HOME: '/x' }, '/home/ana', 'https://a', 'c')).toMatch(/^\/x\/sallyport\/tokens\//);
});
