/** JSON as it travels to policy, log and recording. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** How a token is given to the gateway: as it is, or by SASL (RFC 7628). */
export type TokenMethod = 'jwt' | 'oauthbearer';
/** What a login over SSH goes by: a key that was registered with a token, with a certificate or alone; a one-time code; a login in a browser. */
export type SshLoginMethod = 'certificate' | 'key' | 'code' | 'device';
export type LoginMethod = TokenMethod | SshLoginMethod;

/** Who, once proven. Field names are those of the policy input (`input.principal`). */
export interface Principal {
  readonly id: string;
  readonly kind: 'human' | 'agent';
  /** The OIDC issuer's URL. */
  readonly issuer: string;
  readonly groups: readonly string[];
  /** Claims the configuration lets through to policy; never the whole token. */
  readonly claims: { readonly [name: string]: Json };
  /** On whose behalf: the RFC 8693 `act` chain turned round, nearest first. Empty when nobody else is meant. */
  readonly acts_for: readonly string[];
  readonly auth: {
    readonly method: LoginMethod;
    /** When the token was issued, RFC 3339. */
    readonly at: string;
  };
}

/** A proven principal and until when the proof holds. */
export interface Login {
  readonly principal: Principal;
  /** The token's `exp`, milliseconds since the epoch. */
  readonly expiresAtMs: number;
}

/** A protected resource the gateway holds credentials for, as policy sees it (`input.target`). */
export interface Target {
  readonly name: string;
  readonly protocol: Protocol;
  readonly labels: { readonly [name: string]: string };
}

export type Protocol = 'postgres' | 'ssh';

/** Where the command came from (`input.client`). */
export interface Client {
  /** Without port; IPv6 without brackets. */
  readonly ip: string;
  /** What the client calls itself (`application_name`); never trusted for more than display and statistics. */
  readonly application: string;
}
