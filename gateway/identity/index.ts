/** Who is there: OIDC tokens in, principals out. */
export { openIdentity } from './identity.ts';
export type { IssuerConfig } from './config.ts';
