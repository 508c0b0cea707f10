import {
  allowInsecureRequests,
  AuthorizationResponseError,
  customFetch,
  discovery,
  initiateDeviceAuthorization,
  None,
  pollDeviceAuthorizationGrant,
  refreshTokenGrant,
  ResponseBodyError,
} from 'openid-client';
import type { Configuration, CustomFetch, TokenEndpointResponse, TokenEndpointResponseHelpers } from 'openid-client';
import { SallyportError } from '../contract/errors.ts';
import type { Clock } from '../contract/ports.ts';
import { isTrustworthyUrl } from './config.ts';
import { readTokenFile, removeTokenFile, writeTokenFile } from './token-file.ts';
import type { KeptToken } from './token-file.ts';

export { tokenFilePath } from './token-file.ts';

/** The device flow (RFC 8628), as `sallyport login` walks it: a code on the terminal, the login itself in any browser. */
export interface LoginOptions {
  readonly issuer: string;
  readonly clientId: string;
  /** Space-separated. `offline_access` gets a refresh token where the issuer gives one. */
  readonly scope: string;
  /** Resource indicator (RFC 8707), for issuers that choose the audience by it. */
  readonly resource?: string | undefined;
  /** Where the token is kept: see `tokenFilePath`. */
  readonly file: string;
  readonly clock: Clock;
  readonly fetch?: typeof fetch | undefined;
}

/** What a person has to do. Printable text only, whatever the issuer sent. */
export interface DevicePrompt {
  /** Where to type the code. */
  readonly url: string;
  readonly code: string;
  /** With the code in it; the same as `url` where the issuer gives none. */
  readonly urlWithCode: string;
  readonly expiresAtMs: number;
}

export type LoggedIn =
  | { readonly ok: true; readonly token: string; readonly expiresAtMs: number }
  | { readonly ok: false; readonly why: 'denied' | 'expired' | 'refused'; readonly message: string };

/** A token with less time left than this would run out on the way. */
const marginMs = 30_000;

/**
 * Logs in and keeps the token.
 * @throws SallyportError `identity-unavailable` when the issuer cannot be reached or offers no device login; the signal's reason on abort
 */
export async function login(
  options: LoginOptions,
  show: (prompt: DevicePrompt) => void,
  signal: AbortSignal,
): Promise<LoggedIn> {
  const granted = await deviceGrant(options, show, signal);
  if (!granted.ok) return granted;
  await writeTokenFile(options.file, granted.kept);
  return { ok: true, token: granted.kept.token, expiresAtMs: granted.kept.expiresAtMs };
}

/**
 * The same for somebody else, who waits at a client that cannot log in by itself: nothing is kept.
 * @throws as `login`
 */
export async function loginElsewhere(
  options: Omit<LoginOptions, 'file'>,
  show: (prompt: DevicePrompt) => void,
  signal: AbortSignal,
): Promise<LoggedIn> {
  const granted = await deviceGrant(options, show, signal);
  return granted.ok ? { ok: true, token: granted.kept.token, expiresAtMs: granted.kept.expiresAtMs } : granted;
}

async function deviceGrant(
  options: Omit<LoginOptions, 'file'>,
  show: (prompt: DevicePrompt) => void,
  signal: AbortSignal,
): Promise<Extract<LoggedIn, { ok: false }> | { readonly ok: true; readonly kept: KeptToken }> {
  const client = await discover(options);
  try {
    const device = await initiateDeviceAuthorization(client, parameters(options));
    const url = trusted(device.verification_uri);
    show({
      url,
      code: printable(device.user_code),
      urlWithCode: device.verification_uri_complete === undefined ? url : trusted(device.verification_uri_complete),
      expiresAtMs: options.clock.now() + device.expires_in * 1_000,
    });
    const granted = await pollDeviceAuthorizationGrant(client, device, resourceOf(options), { signal });
    return { ok: true, kept: keptOf(granted, options, undefined) };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    return refusalOf(error, options);
  }
}

/**
 * The kept token, renewed when it is near its end; undefined when a login is needed.
 * @throws SallyportError `identity-unavailable` when the issuer cannot be reached to renew it
 */
export async function currentToken(options: LoginOptions): Promise<string | undefined> {
  const kept = await readTokenFile(options.file);
  if (!kept) return undefined;
  if (isFresh(kept, options)) return kept.token;
  if (kept.refreshToken === undefined) return undefined;
  const client = await discover(options);
  try {
    const renewed = keptOf(
      await refreshTokenGrant(client, kept.refreshToken, resourceOf(options)),
      options,
      kept.refreshToken,
    );
    await writeTokenFile(options.file, renewed);
    return renewed.token;
  } catch (error) {
    if (!(error instanceof ResponseBodyError)) throw unavailable(options, error);
    // Another process may have used the refresh token a moment ago: issuers that rotate it take it once.
    const other = await readTokenFile(options.file);
    return other && isFresh(other, options) ? other.token : undefined;
  }
}

/** Forgets the kept token. The issuer is not told. */
export function logout(file: string): Promise<void> {
  return removeTokenFile(file);
}

async function discover(options: Omit<LoginOptions, 'file'>): Promise<Configuration> {
  const { issuer, clientId, fetch: fetcher } = options;
  if (!isTrustworthyUrl(issuer))
    throw new SallyportError('config-invalid', `issuer ${issuer} has to be https (http on loopback only)`);
  const url = new URL(issuer);
  try {
    return await discovery(url, clientId, undefined, None(), {
      // isTrustworthyUrl let plain HTTP through for loopback only
      ...(url.protocol === 'http:' && { execute: [allowInsecureRequests] }),
      ...(fetcher && { [customFetch]: through(fetcher) }),
    });
  } catch (cause) {
    throw unavailable(options, cause);
  }
}

/** fetch as the library calls it: with members that are there and undefined. */
function through(fetcher: typeof fetch): CustomFetch {
  return (url, { body, signal, ...init }) =>
    fetcher(url, { ...init, ...(body !== undefined && { body }), ...(signal !== undefined && { signal }) });
}

function parameters(options: Omit<LoginOptions, 'file'>): Record<string, string> {
  return { scope: options.scope, ...resourceOf(options) };
}

function resourceOf({ resource }: Pick<LoginOptions, 'resource'>): Record<string, string> {
  return resource === undefined ? {} : { resource };
}

function isFresh(kept: KeptToken, { clock }: LoginOptions): boolean {
  return kept.expiresAtMs - marginMs > clock.now();
}

/** The access token when it is a JWT, else the ID token: an opaque token says nothing to a gateway. */
function keptOf(
  granted: TokenEndpointResponse & TokenEndpointResponseHelpers,
  options: Pick<LoginOptions, 'clock' | 'issuer'>,
  refreshToken: string | undefined,
): KeptToken {
  const isJwt = granted.access_token.split('.').length === 3;
  const token = isJwt ? granted.access_token : granted.id_token;
  if (token === undefined)
    throw unavailable(options, new Error('it gave neither a JWT as access token nor an ID token'));
  const lifetimeS = isJwt ? granted.expires_in : undefined;
  const idExpiryS = isJwt ? undefined : granted.claims()?.exp;
  const expiresAtMs = idExpiryS === undefined ? options.clock.now() + (lifetimeS ?? 0) * 1_000 : idExpiryS * 1_000;
  return { token, expiresAtMs, refreshToken: granted.refresh_token ?? refreshToken };
}

function refusalOf(error: unknown, options: Pick<LoginOptions, 'issuer'>): Extract<LoggedIn, { ok: false }> {
  if (!(error instanceof ResponseBodyError || error instanceof AuthorizationResponseError))
    throw unavailable(options, error);
  switch (error.error) {
    case 'access_denied':
      return { ok: false, why: 'denied', message: 'the login was refused in the browser' };
    case 'expired_token':
      return { ok: false, why: 'expired', message: 'nobody logged in before the code expired; run it again' };
    default:
      return {
        ok: false,
        why: 'refused',
        message: `the issuer refused: ${printable(error.error_description ?? error.error)}`,
      };
  }
}

function unavailable({ issuer }: Pick<LoginOptions, 'issuer'>, cause: unknown): SallyportError {
  if (cause instanceof SallyportError) return cause;
  const why = cause instanceof Error ? printable(cause.message) : 'unknown';
  return new SallyportError('identity-unavailable', `issuer ${issuer} cannot be used for a login: ${why}`, { cause });
}

/** The page that a person is sent to. */
function trusted(url: string): string {
  if (!isTrustworthyUrl(url)) throw new Error(`it sends people to ${printable(url)}, which is not https`);
  return new URL(url).href;
}

/** What comes from outside and goes to a terminal: no escape sequence, and not without end. */
function printable(text: string): string {
  return text.replace(/[^ -~]/g, '?').slice(0, 200);
}
