import { SallyportError } from '../contract/errors.ts';
import { parseClaimPath, parseTemplate } from './claim-path.ts';

/** Whom the gateway believes. Field names are those of the configuration file. */
export interface IdentityConfig {
  /** Seconds by which clocks may differ, for `exp`, `nbf` and `iat`. */
  readonly clock_tolerance_s: number;
  /** Seconds that an issuer's keys stay good after they were last fetched. The longest outage of an issuer that nobody notices. */
  readonly stale_keys_s: number;
  readonly issuers: readonly IssuerConfig[];
}

export interface IssuerConfig {
  /** Compared byte for byte with the token's `iss`. */
  readonly issuer: string;
  /** One of these has to be in the token's `aud`. */
  readonly audience: string | readonly string[];
  /** JWS algorithms that this issuer signs with. Asymmetric ones only. */
  readonly algorithms: readonly string[];
  /** Without it the keys are found by OpenID Connect Discovery. */
  readonly jwks_uri?: string | undefined;
  /** Refuses a token whose `iat` is longer ago, whatever its `exp`. */
  readonly max_token_age_s?: number | undefined;
  readonly claims: ClaimRules;
  /** Lets clients without a token get one from this issuer by the device flow (RFC 8628). */
  readonly device_login?: DeviceLoginConfig | undefined;
}

/**
 * How claims become a principal. A claim path is `a.b.c`, or a JSON Pointer (RFC 6901) where a name has dots: `/kubernetes.io/namespace`.
 */
export interface ClaimRules {
  /** A claim path (`email`), or a template of them (`github:{repository}@{ref}`). */
  readonly id: string;
  /** Claim path to a string or a list of strings. A token without the claim has no groups. */
  readonly groups?: string | undefined;
  /**
   * `agent` when the claim is, or contains, one of the values; else `human`.
   * A token without the claim is `default`, and that is `agent` unless set: who is not known to be a person cannot approve.
   */
  readonly kind?: KindRule | undefined;
  /** Claim path of the actor (RFC 8693). Default `act`. */
  readonly acts_for?: string | undefined;
  /** Claim paths that policy sees in `input.principal.claims`, under the path as written here. */
  readonly pass?: readonly string[] | undefined;
}

export interface KindRule {
  readonly claim: string;
  readonly agent: readonly string[];
  readonly default?: 'human' | 'agent' | undefined;
}

export interface DeviceLoginConfig {
  readonly client_id: string;
  readonly scope: string;
}

/** What an issuer may be configured to sign with. No HMAC (whoever can verify could sign) and no `none`. RFC 7518, RFC 8037, RFC 9864. */
export const asymmetricAlgorithms: readonly string[] = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/** @throws SallyportError `config-invalid` naming the issuer and what is allowed */
export function assertIdentityConfig(config: IdentityConfig): void {
  if (!(config.clock_tolerance_s >= 0 && config.clock_tolerance_s <= 300)) {
    throw invalid('identity.clock_tolerance_s has to be between 0 and 300 seconds');
  }
  if (!(config.stale_keys_s >= 60)) throw invalid('identity.stale_keys_s has to be at least 60 seconds');
  const seen = new Set<string>();
  for (const issuer of config.issuers) {
    if (seen.has(issuer.issuer)) throw invalid(`issuer ${issuer.issuer} is configured twice`);
    seen.add(issuer.issuer);
    assertIssuer(issuer);
  }
}

/** HTTPS, or HTTP to this very machine: keys fetched in the clear over a network are anybody's keys. */
export function isTrustworthyUrl(text: string): boolean {
  const url = URL.parse(text);
  if (!url) return false;
  if (url.protocol === 'https:') return true;
  return url.protocol === 'http:' && /^(127(\.\d+){3}|localhost|\[::1\])$/.test(url.hostname);
}

function assertIssuer(issuer: IssuerConfig): void {
  const at = `issuer ${issuer.issuer}`;
  const keysFrom = issuer.jwks_uri ?? issuer.issuer;
  if (!isTrustworthyUrl(keysFrom)) throw invalid(`${at}: ${keysFrom} has to be https (http on loopback only)`);
  const audiences = typeof issuer.audience === 'string' ? [issuer.audience] : issuer.audience;
  if (audiences.length === 0 || audiences.includes('')) throw invalid(`${at}: needs an audience`);
  if (issuer.algorithms.length === 0) throw invalid(`${at}: needs at least one algorithm`);
  for (const algorithm of issuer.algorithms) {
    if (asymmetricAlgorithms.includes(algorithm)) continue;
    throw invalid(`${at}: algorithm ${algorithm} is not allowed; use one of ${asymmetricAlgorithms.join(', ')}`);
  }
  if (issuer.max_token_age_s !== undefined && !(issuer.max_token_age_s > 0))
    throw invalid(`${at}: max_token_age_s has to be positive`);
  assertClaims(issuer.claims, at);
}

function assertClaims(claims: ClaimRules, at: string): void {
  try {
    parseTemplate(claims.id);
    const { groups, kind, acts_for, pass = [] } = claims;
    for (const path of [groups, kind?.claim, acts_for, ...pass]) if (path !== undefined) parseClaimPath(path);
  } catch (cause) {
    throw invalid(`${at}: ${cause instanceof Error ? cause.message : 'claims cannot be read'}`, cause);
  }
}

function invalid(message: string, cause?: unknown): SallyportError {
  return new SallyportError('config-invalid', message, { cause });
}
