import type { SecureContext } from 'node:tls';
import type { Login, TokenMethod } from '../../../contract/principal.ts';
import type { Report } from '../codec/errors.ts';
import type { OAuthDiscovery } from './oauthbearer.ts';
import type { Startup } from './startup.ts';

export interface HandshakeOptions {
  /** The certificate; without one every client speaks in the clear. */
  readonly tls?: SecureContext;
  /** Lets a client on this machine send its token without TLS. Nobody else ever may. */
  readonly allowCleartextOnLoopback: boolean;
  /** `cleartext`: the token is the password. `oauth`: SASL OAUTHBEARER. A client may ask for the latter by `-c sallyport.auth=oauth`. */
  readonly mechanism: 'cleartext' | 'oauth';
  /** Where OAUTHBEARER clients are sent for a token; undefined when the gateway has no issuer to name. */
  readonly discovery?: OAuthDiscovery;
  /** Milliseconds for each step: opening, TLS, start-up packet, token. Bytes that trickle in do not extend it. */
  readonly stepMs: number;
  /**
   * Longest token message. The limit before login is 10 KiB in all places; a JWT beyond it would not pass most HTTP servers either.
   * Raise it for issuers that put hundreds of groups into tokens.
   */
  readonly maxTokenBytes?: number;
  /** Asked once a client has named itself: the reason to turn it away unheard (too many connections), or undefined. */
  turnAway(startup: Startup): Report | undefined;
  /** Proves the token. Never throws for a bad one. */
  authenticate(token: string, method: TokenMethod, signal: AbortSignal): Promise<LoginResult>;
}

export type LoginResult =
  | { readonly ok: true; readonly login: Login }
  /** `message` and `hint` are for the client: something it can act on. */
  | { readonly ok: false; readonly message: string; readonly hint?: string };

/** A no on the way in, with the words for the client. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly report: Report;
  /** Nothing was refused: the client asked for the way to the issuer and got it. */
  readonly asked: boolean;

  constructor(report: Report, asked = false) {
    super(report.message);
    this.report = report;
    this.asked = asked;
  }
}

/** The client has left before it sent a token; there is nobody to tell. */
export class Gone extends Error {
  override readonly name = 'Gone';
}

/** @throws Refusal always */
export function refuse(sqlstate: string, message: string, hint?: string): never {
  throw new Refusal({ severity: 'FATAL', sqlstate, message, ...(hint === undefined ? {} : { hint }) });
}
