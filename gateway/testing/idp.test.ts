import { createRemoteJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startIdp, type Idp } from './idp.ts';
import { logInByDevice } from './idp-login.ts';

let idp: Idp;
beforeAll(async () => {
  idp = await startIdp({
    principals: [
      { name: 'ana', kind: 'human', groups: ['readers'] },
      { name: 'billing-agent', kind: 'agent', groups: ['agents'] },
    ],
  });
});
afterAll(() => idp[Symbol.asyncDispose]());

async function claims(token: string): Promise<object> {
  const keys = createRemoteJWKSet(new URL(`${idp.issuer}/jwks`));
  return (await jwtVerify(token, keys, { issuer: idp.issuer, audience: idp.audience })).payload;
}

test('an agent gets a token by its client credentials', async () => {
  expect(await claims(await idp.agentToken('billing-agent'))).toMatchObject({
    sub: 'billing-agent',
    kind: 'agent',
    groups: ['agents'],
  });
});

test('a person gets a token by logging in on another device', async () => {
  const ask = async (
    path: string,
    fields: { readonly [name: string]: string },
  ): Promise<{ readonly [name: string]: string }> => {
    const answer = await fetch(idp.issuer + path, { method: 'POST', body: new URLSearchParams(fields) });
    // The test reads only what the next request and the assertions need; anything else fails them.
    return (await answer.json()) as { readonly [name: string]: string };
  };
  const login = await ask('/device/auth', { client_id: idp.clientId, scope: idp.scope });
  expect(await logInByDevice(login['verification_uri_complete'] ?? '', 'ana')).toBe('Logged in');
  const tokens = await ask('/token', {
    client_id: idp.clientId,
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: login['device_code'] ?? '',
  });
  expect(await claims(tokens['access_token'] ?? '')).toMatchObject({ sub: 'ana', kind: 'human', groups: ['readers'] });
  expect(tokens['refresh_token']).toMatch(/./);
});

test('a token without the walk through a browser carries the same claims', async () => {
  expect(await claims(await idp.token('ana'))).toMatchObject({ sub: 'ana', kind: 'human', groups: ['readers'] });
  await expect(claims(await idp.token('ana', { lifetimeS: -10 }))).rejects.toThrow('exp');
});
