import { SallyportError } from '../../../contract/errors.ts';

/** What a client is told about where tokens come from: the JSON of RFC 7628 section 3.2.2. */
export interface OAuthDiscovery {
  /** The issuer's `/.well-known/openid-configuration`. */
  readonly configurationUrl: string;
  /** Space-separated. */
  readonly scope: string;
}

/**
 * The client's first message: `n,,` 0x01 `auth=Bearer <token>` 0x01 0x01 (RFC 7628 section 3.1).
 * @returns the token; empty when the client asks where to get one (section 4.3)
 * @throws SallyportError `protocol-violation`; its message never holds the token
 */
export function parseBearer(message: string): string {
  const [header = '', ...pairs] = message.split('\x01');
  // We act for nobody but the token's subject, so an authzid is refused; channel binding has no meaning for this mechanism.
  const framed = (header === 'n,,' || header === 'y,,') && pairs.at(-1) === '' && pairs.at(-2) === '';
  const auth = pairs.filter((pair) => pair.startsWith('auth='));
  const [value] = auth;
  if (!framed) throw wrong();
  if (value === undefined || auth.length !== 1) throw wrong();
  if (value === 'auth=') return '';
  // b64token of RFC 6750 section 2.1.
  const [, token] = /^auth=Bearer +([A-Za-z0-9\-._~+/]+=*)$/i.exec(value) ?? [];
  if (token === undefined) throw wrong();
  return token;
}

/** Says no and where a token can be had. The client must answer with a lone 0x01 and then gets the error. */
export function encodeBearerChallenge(discovery: OAuthDiscovery): Buffer {
  return Buffer.from(
    JSON.stringify({
      status: 'invalid_token',
      'openid-configuration': discovery.configurationUrl,
      scope: discovery.scope,
    }),
  );
}

function wrong(): SallyportError {
  return new SallyportError('protocol-violation', 'the OAUTHBEARER message does not parse');
}
