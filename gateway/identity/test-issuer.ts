import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { CryptoKey, JWK } from 'jose';

/** An issuer for tests: a real HTTP server with discovery and keys, which can be down, slow to know a key, or wrong about its name. */
export interface TestIssuer extends AsyncDisposable {
  readonly url: string;
  readonly privateKey: CryptoKey;
  readonly keys: JWK[];
  /** Fetches of the key set so far. */
  fetches: number;
  down: boolean;
  claimedName: string | undefined;
  /** A token with everything in order, but for what is given. */
  sign(
    claims?: { readonly [name: string]: unknown },
    header?: { alg?: string; kid?: string | undefined; key?: CryptoKey | Uint8Array; jwk?: JWK; jku?: string },
  ): Promise<string>;
  /** Replaces the key by a new one. */
  rotate(): Promise<void>;
}

export async function startTestIssuer(alg: string, nowS: () => number): Promise<TestIssuer> {
  let generation = 0;
  let signing = await newKey();
  const server = createServer((request, response) => {
    if (issuer.down) return void response.destroy();
    response.setHeader('content-type', 'application/json');
    if (request.url === '/.well-known/openid-configuration') {
      return void response.end(JSON.stringify({ issuer: issuer.claimedName ?? url, jwks_uri: `${url}/jwks` }));
    }
    issuer.fetches += 1;
    response.end(JSON.stringify({ keys: issuer.keys }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // listening on TCP: the address is never a string

  const issuer: TestIssuer = {
    url,
    privateKey: signing.privateKey,
    keys: [signing.jwk],
    fetches: 0,
    down: false,
    claimedName: undefined,
    sign(claims = {}, header = {}) {
      const { kid, key = signing.privateKey, ...rest } = { alg, kid: signing.jwk.kid, ...header };
      const body = { iss: url, aud: 'sallyport', sub: 'ana', iat: nowS(), exp: nowS() + 300, ...claims };
      return new SignJWT(body).setProtectedHeader({ ...rest, ...(kid === undefined ? {} : { kid }) }).sign(key);
    },
    async rotate() {
      signing = await newKey();
      issuer.keys.splice(0, Infinity, signing.jwk);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return issuer;

  async function newKey() {
    const pair = await generateKeyPair(alg, { extractable: true });
    generation += 1;
    const jwk: JWK = { ...(await exportJWK(pair.publicKey)), kid: `${alg}-${generation}`, alg, use: 'sig' };
    return { privateKey: pair.privateKey, jwk };
  }
}
