import { compactVerify, errors } from 'jose';
import type { CryptoKey } from 'jose';
import type { Claims } from './claim-path.ts';
import type { IssuerConfig } from './config.ts';
import { refuse } from './refusal.ts';
import type { Refusal } from './refusal.ts';

/** Whether the issuer's key made this signature. */
export async function checkSignature(
  token: string,
  key: CryptoKey,
  issuer: IssuerConfig,
): Promise<{ readonly ok: true } | Refusal> {
  try {
    await compactVerify(token, key, { algorithms: [...issuer.algorithms] });
    return { ok: true };
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) return refuse('bad_signature');
    // A header that has to be understood and is not (`crit`), a payload that is not base64url (RFC 7797), a key of another kind.
    return refuse('malformed', 'its header asks for something that is not supported');
  }
}

/**
 * The claims of RFC 7519 section 4.1, on a payload whose signature was checked: `sub`, `aud`, `exp` and `iat` are required.
 * Written out instead of left to the library: each refusal has its own words, and time comes from our clock.
 */
export function checkClaims(
  claims: Claims,
  issuer: IssuerConfig,
  toleranceS: number,
  nowMs: number,
): { readonly ok: true; readonly issuedAtMs: number; readonly expiresAtMs: number } | Refusal {
  const nowS = nowMs / 1_000;
  const { sub, aud, exp, iat, nbf } = claims;
  for (const name of ['sub', 'aud', 'exp', 'iat']) if (claims[name] === undefined) return refuse('missing_claim', name);
  if (typeof sub !== 'string' || sub === '') return refuse('bad_claim', '"sub" is not a text');

  const wanted = typeof issuer.audience === 'string' ? [issuer.audience] : issuer.audience;
  const given = Array.isArray(aud) ? aud : [aud];
  if (!given.some((one) => typeof one === 'string' && wanted.includes(one)))
    return refuse('wrong_audience', wanted.join(' or '));

  if (!isTime(exp) || !isTime(iat) || (nbf !== undefined && !isTime(nbf)))
    return refuse('bad_claim', '"exp", "iat" or "nbf" is not a time');
  if (exp + toleranceS <= nowS) return refuse('expired', `at ${isoSeconds(exp)}`);
  if (iat - toleranceS > nowS) return refuse('not_yet_valid', `issued at ${isoSeconds(iat)}`);
  if (nbf !== undefined && nbf - toleranceS > nowS) return refuse('not_yet_valid', `valid from ${isoSeconds(nbf)}`);
  const maxAgeS = issuer.max_token_age_s;
  if (maxAgeS !== undefined && iat + maxAgeS + toleranceS < nowS) return refuse('too_old', `${maxAgeS} s`);
  return { ok: true, issuedAtMs: iat * 1_000, expiresAtMs: exp * 1_000 };
}

/** Seconds since the epoch that a Date can hold: JSON may say 1e400. */
function isTime(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 8.64e12;
}

function isoSeconds(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace(/\.\d+Z$/, 'Z');
}
