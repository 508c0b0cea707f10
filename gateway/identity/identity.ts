import type { Login, Principal, TokenMethod } from '../contract/principal.ts';
import { claimReader } from './claims.ts';
import type { ClaimReader } from './claims.ts';
import { assertIdentityConfig } from './config.ts';
import type { IdentityConfig, IssuerConfig } from './config.ts';
import { discoveryUrl } from './fetch-keys.ts';
import type { Fetch } from './fetch-keys.ts';
import { Gate } from './gate.ts';
import { IssuerKeys } from './issuer-keys.ts';
import type { KeyPorts } from './issuer-keys.ts';
import { refuse } from './refusal.ts';
import type { Refusal } from './refusal.ts';
import { checkClaims, checkSignature } from './signature.ts';
import { parseToken } from './token.ts';

export type Verdict = { readonly ok: true; readonly login: Login } | Refusal;

export interface Identity extends AsyncDisposable {
  /** Whose token this is. Never throws and never holds the token longer than the call. */
  verify(token: string, method: TokenMethod): Promise<Verdict>;
  /** Where a client without a token can get one, for OAUTHBEARER's refusal (RFC 7628 section 3.2.2); undefined when no issuer offers it. */
  oauthChallenge(): { readonly openid_configuration: string; readonly scope: string } | undefined;
  status(): readonly IssuerStatus[];
}

export interface IssuerStatus {
  readonly issuer: string;
  /** Whether tokens of this issuer can be verified now. */
  readonly usable: boolean;
  /** Milliseconds since the epoch; null before the first time. */
  readonly fetchedAtMs: number | null;
  /** What the last fetch of its keys failed with; empty when it did not. */
  readonly error: string;
}

export interface IdentityPorts extends Omit<KeyPorts, 'fetch'> {
  /** For a proxy or a private CA. */
  readonly fetch?: Fetch | undefined;
}

interface Issuer {
  readonly config: IssuerConfig;
  readonly keys: IssuerKeys;
  readonly reader: ClaimReader;
}

/** Verifications run on the thread pool: more at once than this only queue there. */
const atOnce = 16;
const maxWaiting = 1_024;

/**
 * Opens identity with any number of OIDC issuers. An issuer that cannot be reached does not stop the start: its tokens are refused until it can.
 * @throws SallyportError `config-invalid`
 */
export async function openIdentity(config: IdentityConfig, ports: IdentityPorts): Promise<Identity> {
  assertIdentityConfig(config);
  warnOfSharedIds(config, ports);
  const keyPorts: KeyPorts = { ...ports, fetch: ports.fetch ?? fetch };
  // The token's unproven `iss` is a key of this map and nothing else: it never becomes a URL.
  const issuers = new Map<string, Issuer>();
  for (const issuer of config.issuers) {
    const keys = new IssuerKeys(issuer, config.stale_keys_s * 1_000, keyPorts);
    issuers.set(issuer.issuer, { config: issuer, keys, reader: claimReader(issuer.claims) });
  }
  await Promise.all([...issuers.values()].map((issuer) => issuer.keys.start()));
  const crypto = new Gate(atOnce, maxWaiting);
  const all = new Gate(maxWaiting, 0);

  async function verify(token: string, method: TokenMethod): Promise<Verdict> {
    const read = parseToken(token);
    if (!read.ok) return read;
    const { header, claims } = read;
    const issuer = typeof claims['iss'] === 'string' ? issuers.get(claims['iss']) : undefined;
    if (!issuer) return refuse('unknown_issuer', quoted(claims['iss']));
    const { alg, kid } = header;
    if (typeof alg !== 'string' || !issuer.config.algorithms.includes(alg))
      return refuse('algorithm_refused', quoted(alg));
    if (kid !== undefined && typeof kid !== 'string') return refuse('malformed', 'its key id is not a text');
    const key = await issuer.keys.find(kid === undefined ? { alg } : { alg, kid });
    if (!key.ok) return refuse(key.why, key.about);
    const signed = await crypto.run(() => checkSignature(token, key.key, issuer.config));
    if (signed === undefined) return refuse('busy');
    if (!signed.ok) return signed;
    const nowMs = ports.clock.now();
    const checked = checkClaims(claims, issuer.config, config.clock_tolerance_s, nowMs);
    if (!checked.ok) return checked;
    const identified = issuer.reader.read(claims);
    if (!identified.ok) return identified;
    const auth = { method, at: new Date(checked.issuedAtMs).toISOString() };
    const principal: Principal = { ...identified.who, issuer: issuer.config.issuer, auth };
    return { ok: true, login: { principal, expiresAtMs: checked.expiresAtMs } };
  }

  return {
    verify: async (token, method) => (await all.run(() => verify(token, method))) ?? refuse('busy'),
    oauthChallenge() {
      const offering = config.issuers.find((issuer) => issuer.device_login);
      if (!offering?.device_login) return undefined;
      return { openid_configuration: discoveryUrl(offering.issuer), scope: offering.device_login.scope };
    },
    status: () => [...issuers].map(([issuer, { keys }]) => ({ issuer, ...keys.status() })),
    [Symbol.asyncDispose]: async () => {
      for (const { keys } of issuers.values()) keys[Symbol.dispose]();
    },
  };
}

/** Two issuers that write bare claims into `id` can both say "ana", and the log, rules and four eyes would take them for one. */
function warnOfSharedIds(config: IdentityConfig, ports: IdentityPorts): void {
  const bare = config.issuers.filter((issuer) => !issuer.claims.id.includes('{'));
  if (bare.length < 2) return;
  ports.log.warn(
    { issuers: bare.map((issuer) => issuer.issuer) },
    'several issuers use a bare claim as id: one could name a principal of another. A template such as "okta:{sub}" keeps them apart',
  );
}

/** For a message: what a stranger wrote, short and without control characters. */
function quoted(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 120)).replace(/[^ -~]/g, '?') : '(none)';
}
