import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair, importJWK, SignJWT, type JWK } from 'jose';
import { Provider, type Configuration } from 'oidc-provider';
import { memoryAdapter } from './idp-memory.ts';
import { choosePage, page } from './idp-pages.ts';
import { claimsOf, type IdpPrincipal } from './idp-principal.ts';
import { freePort } from './ports.ts';

/** A real OpenID Connect provider on loopback. Agents log in by client credentials, people by the device flow in a browser. */
export interface Idp extends AsyncDisposable {
  readonly issuer: string;
  /** In each token's `aud`. */
  readonly audience: string;
  /** The public client that people log in with (`sallyport login`, psql 18). */
  readonly clientId: 'sallyport';
  /** Space-separated, as device login asks for it. */
  readonly scope: string;
  readonly principals: readonly IdpPrincipal[];
  /** What a gateway's `identity.issuers` entry for this provider says, in the words of the configuration file. */
  readonly settings: object;
  /** The secret by which an agent gets tokens at the token endpoint. */
  secretOf(agent: string): string;
  /** A token like the ones the provider gives out, without the walk through a browser. */
  token(name: string, options?: { readonly lifetimeS?: number; readonly claims?: object }): Promise<string>;
  /** A token from the token endpoint by client credentials. */
  agentToken(agent: string): Promise<string>;
}

export interface IdpOptions {
  readonly principals: readonly IdpPrincipal[];
  readonly port?: number;
  readonly audience?: string;
  /** Seconds. Default 600. */
  readonly lifetimeS?: number;
  /** A private JWK (ES256), to keep the same keys over restarts. */
  readonly key?: JWK;
}

export async function startIdp(options: IdpOptions): Promise<Idp> {
  const { principals, audience = 'sallyport', lifetimeS = 600 } = options;
  const port = options.port ?? (await freePort());
  const issuer = `http://127.0.0.1:${String(port)}`;
  const jwk: JWK = { ...(options.key ?? (await newIdpKey())), kid: 'demo', alg: 'ES256', use: 'sig' };
  const signingKey = await importJWK(jwk, 'ES256');
  const known = new Map(principals.map((p) => [p.name, p]));
  const secrets = new Map(
    principals.filter((p) => p.kind === 'agent').map((p) => [p.name, randomBytes(18).toString('base64url')]),
  );
  const scope = 'openid offline_access groups';

  const provider = new Provider(issuer, configuration({ audience, lifetimeS, jwk, known, secrets, scope }));
  const handle = provider.callback();
  const server = createServer((request, response) => {
    const choosing = (request.url ?? '').startsWith('/choose/');
    const done = choosing ? choosePage(provider, [...known.values()], request, response) : handle(request, response);
    done.catch((error: unknown) => response.writeHead(400).end(String(error)));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');

  return {
    issuer,
    audience,
    clientId: 'sallyport',
    scope,
    principals,
    settings: {
      issuer,
      audience,
      algorithms: ['ES256'],
      claims: { id: 'sub', groups: 'groups', kind: { claim: 'kind', agent: ['agent'] }, pass: ['email'] },
      device_login: { client_id: 'sallyport', scope },
    },
    secretOf: (agent) => secrets.get(agent) ?? unknown(agent),
    token: (name, { lifetimeS: own = lifetimeS, claims = {} } = {}) => {
      const now = Math.floor(Date.now() / 1000);
      const who = known.get(name) ?? unknown(name);
      return new SignJWT({ ...claimsOf(who), scope, client_id: 'direct', ...claims })
        .setProtectedHeader({ alg: 'ES256', kid: 'demo', typ: 'at+jwt' })
        .setIssuer(issuer)
        .setSubject(name)
        .setAudience(audience)
        .setJti(randomUUID())
        .setIssuedAt(now)
        .setExpirationTime(now + own)
        .sign(signingKey);
    },
    agentToken: async (agent) => {
      const login = Buffer.from(`${agent}:${secrets.get(agent) ?? unknown(agent)}`).toString('base64');
      const answer = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${login}` },
        body: new URLSearchParams({ grant_type: 'client_credentials' }),
      });
      const body: unknown = await answer.json();
      if (isTokenAnswer(body)) return body.access_token;
      throw new Error(`the identity provider gave no token: ${JSON.stringify(body)}`);
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A fresh private key, as a JWK that can be kept in a file. */
export async function newIdpKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  return exportJWK(privateKey);
}

/** The one resource that tokens are for, in the form that resource indicators ask for (RFC 8707). */
const resource = 'urn:sallyport:gateway';

interface Known {
  readonly audience: string;
  readonly lifetimeS: number;
  readonly jwk: JWK;
  readonly known: ReadonlyMap<string, IdpPrincipal>;
  readonly secrets: ReadonlyMap<string, string>;
  readonly scope: string;
}

function configuration({ audience, lifetimeS, jwk, known, secrets, scope }: Known): Configuration {
  const client = {
    token_endpoint_auth_method: 'none',
    application_type: 'native',
    response_types: [],
    redirect_uris: [],
  } as const;
  return {
    adapter: memoryAdapter(),
    jwks: { keys: [jwk] },
    cookies: { keys: [randomBytes(24).toString('base64')] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    clients: [
      {
        ...client,
        client_id: 'sallyport',
        grant_types: ['refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
      },
      ...[...secrets].map(([name, secret]) => ({
        client_id: name,
        client_secret: secret,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      })),
    ],
    scopes: scope.split(' '),
    claims: { openid: ['sub'], groups: ['groups', 'kind', 'email'] },
    pkce: { required: () => true },
    interactions: { url: (_ctx, interaction) => `/choose/${interaction.uid}` },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      deviceFlow: {
        enabled: true,
        userCodeInputSource: (ctx, form) =>
          void (ctx.body = page('Enter the code', `${form}<button form="op.deviceInputForm">Go on</button>`)),
        userCodeConfirmSource: (ctx, form, _client, _device, code) =>
          void (ctx.body = page(
            'Is this your code?',
            `<p><code>${code}</code></p>${form}<button form="op.deviceConfirmForm">Yes</button>`,
          )),
        successSource: (ctx) =>
          void (ctx.body = page('Logged in', '<p>You can close this page and go back to your terminal.</p>')),
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope,
          audience,
          accessTokenTTL: lifetimeS,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
    ttl: {
      AccessToken: lifetimeS,
      ClientCredentials: lifetimeS,
      IdToken: lifetimeS,
      DeviceCode: 600,
      Interaction: 600,
      RefreshToken: 86_400,
      Session: 86_400,
      Grant: 86_400,
    },
    extraTokenClaims: (_ctx, token) => {
      const name = 'accountId' in token ? token.accountId : token.clientId;
      const who = name === undefined ? undefined : known.get(name);
      return who && claimsOf(who);
    },
    findAccount: (_ctx, id) => {
      const who = known.get(id);
      return who && { accountId: id, claims: () => ({ sub: id, ...claimsOf(who) }) };
    },
    // A demo has nothing to consent to: whoever logs in grants what is asked for.
    loadExistingGrant: async (ctx) => {
      const { client: by, session, provider } = ctx.oidc;
      if (!by || session?.accountId === undefined) return undefined;
      const grant = new provider.Grant({ clientId: by.clientId, accountId: session.accountId });
      grant.addOIDCScope(scope);
      grant.addResourceScope(resource, scope);
      await grant.save();
      return grant;
    },
    renderError: (ctx, out) =>
      void (ctx.body = page('That did not work', `<p>${out.error}: ${out.error_description ?? ''}</p>`)),
  };
}

function unknown(name: string): never {
  throw new Error(`the identity provider does not know ${name}`);
}

function isTokenAnswer(body: unknown): body is { readonly access_token: string } {
  return typeof body === 'object' && body !== null && 'access_token' in body && typeof body.access_token === 'string';
}
