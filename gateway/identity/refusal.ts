/** Why a token is not believed. Closed: logs and metrics count by it. */
export const refusals = [
  'too_long',
  'malformed',
  'unknown_issuer',
  'algorithm_refused',
  'unknown_key',
  'bad_signature',
  'expired',
  'not_yet_valid',
  'too_old',
  'wrong_audience',
  'missing_claim',
  'bad_claim',
  'keys_unavailable',
  'busy',
] as const;
export type RefusalReason = (typeof refusals)[number];

/** A token that was not believed. `message` tells its owner what to do; it holds no byte of the token but the quoted issuer. */
export interface Refusal {
  readonly ok: false;
  readonly why: RefusalReason;
  readonly message: string;
}

/** @param about what the message names: an issuer, a claim, an algorithm */
export function refuse(why: RefusalReason, about = ''): Refusal {
  return { ok: false, why, message: messageOf(why, about) };
}

function messageOf(why: RefusalReason, about: string): string {
  switch (why) {
    case 'too_long':
      return `token is too long: ${about}`;
    case 'malformed':
      return `that is not a token: ${about}; give a signed JWT, as "sallyport token" prints it`;
    case 'unknown_issuer':
      return `this gateway does not know the token's issuer ${about}; get a token from one that it is configured for`;
    case 'algorithm_refused':
      return `token is signed with an algorithm that is not allowed for its issuer: ${about}`;
    case 'unknown_key':
      return `token is signed with a key that its issuer does not publish${about}; get a new token`;
    case 'bad_signature':
      return 'token signature is wrong; get a new token and check that nothing was cut off';
    case 'expired':
      return `token expired ${about}; get a new one, for example with "sallyport login"`;
    case 'not_yet_valid':
      return `token is not valid yet (${about}); compare this machine's clock with the issuer's`;
    case 'too_old':
      return `token was issued too long ago; this gateway takes tokens up to ${about} old`;
    case 'wrong_audience':
      return `token was issued for someone else; ask the issuer for one with audience ${about}`;
    case 'missing_claim':
      return `token has no claim "${about}"; the issuer has to add it`;
    case 'bad_claim':
      return `token cannot be turned into an identity: ${about}`;
    case 'keys_unavailable':
      return "the issuer's keys cannot be fetched right now; try again shortly";
    case 'busy':
      return 'too many logins at once; try again shortly';
    default:
      return why satisfies never;
  }
}
