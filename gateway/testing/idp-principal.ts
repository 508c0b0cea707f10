/** Somebody whom the identity provider knows. */
export interface IdpPrincipal {
  readonly name: string;
  readonly kind: 'human' | 'agent';
  readonly groups: readonly string[];
}

/** What every token says of its bearer, beside `sub`. */
export function claimsOf(who: IdpPrincipal): {
  readonly groups: readonly string[];
  readonly kind: string;
  readonly email: string;
} {
  return { groups: who.groups, kind: who.kind, email: `${who.name}@example.com` };
}
