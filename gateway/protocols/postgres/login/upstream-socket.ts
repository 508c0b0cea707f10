import { once } from 'node:events';
import { connect, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls, createSecureContext } from 'node:tls';
import type { ConnectionOptions, SecureContext } from 'node:tls';
import { SallyportError } from '../../../contract/errors.ts';
import { readSome } from '../codec/socket-input.ts';
import { encodeSslRequest } from './startup.ts';

/**
 * How the way to a target is protected, in libpq's words. `verify-full`: trusted certificate for this host; `verify-ca`: trusted, any name;
 * `require`: encrypted, but whoever stands in the middle can be the target; `disable`: in the clear.
 */
export type UpstreamTls =
  | { readonly mode: 'disable' }
  | {
      readonly mode: 'verify-full' | 'verify-ca' | 'require';
      /** PEM; the system's authorities where there is none. */
      readonly ca?: string;
      /** The name in the certificate where it is not the host's. */
      readonly serverName?: string;
      /** `direct`: TLS from the first byte (PostgreSQL 17 and later). */
      readonly negotiation?: 'postgres' | 'direct';
    };

export interface UpstreamAddress {
  readonly host: string;
  readonly port: number;
  readonly tls: UpstreamTls;
}

const KEEP_ALIVE_MS = 60_000;

/**
 * Opens a connection, encrypted as configured; never less.
 * @param ip where the host's name led the last time: a cancel request must reach the same server
 * @throws SallyportError `upstream-refused`
 */
export async function openUpstreamSocket(address: UpstreamAddress, signal: AbortSignal, ip?: string): Promise<Socket> {
  const socket = connect({ host: ip ?? address.host, port: address.port, noDelay: true });
  // The error reaches whoever waits; between two waits it must not end the process. A close follows every error.
  socket.on('error', ignore);
  try {
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    await once(socket, 'connect', { signal });
    return address.tls.mode === 'disable' ? socket : await encrypt(socket, address, address.tls, signal);
  } catch (error) {
    socket.destroy();
    throw refused(address, error);
  }
}

async function encrypt(
  socket: Socket,
  address: UpstreamAddress,
  mode: Exclude<UpstreamTls, { mode: 'disable' }>,
  signal: AbortSignal,
): Promise<Socket> {
  if (mode.negotiation !== 'direct') {
    socket.write(encodeSslRequest());
    const answer = await readSome(socket, signal);
    if (answer === undefined) throw new Error('it hung up on the request for TLS');
    // More than the one byte would be read as if it had come through TLS: CVE-2021-23222.
    if (answer.length !== 1 || answer[0] !== 0x53) throw new Error('it does not offer TLS');
  }
  const secure = connectTls(tlsOptions(socket, address, mode));
  secure.on('error', ignore);
  try {
    await once(secure, 'secureConnect', { signal });
    // Without ALPN agreed, direct TLS might have reached some other service of the host: libpq asks for the same.
    if (mode.negotiation === 'direct' && secure.alpnProtocol !== 'postgresql')
      throw new Error('it did not agree on the postgresql protocol');
    return secure;
  } catch (error) {
    secure.destroy();
    throw error;
  }
}

function tlsOptions(
  socket: Socket,
  address: UpstreamAddress,
  mode: Exclude<UpstreamTls, { mode: 'disable' }>,
): ConnectionOptions {
  const name = mode.serverName ?? address.host;
  return {
    socket,
    host: name,
    ALPNProtocols: ['postgresql'],
    rejectUnauthorized: mode.mode !== 'require',
    // SNI knows no addresses (RFC 6066); the certificate is checked against `host` then.
    ...(isIP(name) === 0 ? { servername: name } : {}),
    secureContext: contextOf(mode.ca),
    ...(mode.mode === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
  };
}

/** By the PEM of the authorities; undefined is the system's. As many as there are targets, and as often as those are renewed. */
const contexts = new Map<string | undefined, SecureContext>();
const maxContexts = 256;

/** Made once: each takes some 30 KiB for as long as its connection lasts. Nothing in it is a connection's own. */
function contextOf(ca: string | undefined): SecureContext {
  const known = contexts.get(ca);
  if (known) return known;
  if (contexts.size >= maxContexts) contexts.clear();
  const made = createSecureContext(ca === undefined ? {} : { ca });
  contexts.set(ca, made);
  return made;
}

function refused(address: UpstreamAddress, cause: unknown): SallyportError {
  const why = untrusted(cause) ?? (cause instanceof Error ? cause.message || cause.name : String(cause));
  return new SallyportError('upstream-refused', `cannot connect to ${address.host}:${address.port}: ${why}`, { cause });
}

/** Node's own words for these name an option of Node; what there is to set is ours. */
function untrusted(cause: unknown): string | undefined {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return /^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_SELF_SIGNED)/.test(code)
    ? `no authority that is known here vouches for its certificate (${code}): name the one that does in tls.ca of the target`
    : undefined;
}

function ignore(): void {}
