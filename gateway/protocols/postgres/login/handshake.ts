import type { Socket } from 'node:net';
import { SallyportError } from '../../../contract/errors.ts';
import type { Login } from '../../../contract/principal.ts';
import type { BackendKey } from '../codec/backend.ts';
import { encodeNegotiateVersion } from '../codec/backend.ts';
import type { Report } from '../codec/errors.ts';
import { brokenReport, encodeError } from '../codec/errors.ts';
import { askForToken } from './handshake-login.ts';
import { Gone, Refusal, refuse } from './handshake-terms.ts';
import type { HandshakeOptions } from './handshake-terms.ts';
import { secureClient } from './handshake-tls.ts';
import { handBack, readSome, whenClosed } from '../codec/socket-input.ts';
import { MAX_STARTUP_BYTES, parseOpening, pinnedProblem } from './startup.ts';
import type { Opening, Startup } from './startup.ts';
import { isLoopback } from './upstream-login.ts';

const KEEP_ALIVE_MS = 60_000;
const LINGER_MS = 2000;

/** How a connection began. Whatever had to be said to a client that is not let in has been said. */
export type Arrival =
  | {
      readonly kind: 'client';
      /** The TLS socket where there is TLS. Paused; bytes read too far are back in it. */
      readonly socket: Socket;
      readonly startup: Startup;
      readonly login: Login;
      readonly encrypted: boolean;
    }
  /** The client waits for the socket to be closed: do that once the request has reached the upstream. */
  | { readonly kind: 'cancel'; readonly key: BackendKey; readonly socket: Socket }
  /** A login that failed, for the log; `startup` is what the client claimed to be. */
  | { readonly kind: 'refused'; readonly why: string; readonly startup: Startup | undefined }
  /**
   * Nobody was refused: a port scan, a health check, a client that only asked for the way to the issuer, or psql, which hangs up to ask
   * its user for the password and then comes back.
   */
  | { readonly kind: 'gone'; readonly why: string };

/**
 * Takes a connection from its first byte to a proven login. Does not throw: a client cannot break the listener.
 * The caller then sends `encodeGreeting`, or an error and the end.
 */
export async function acceptClient(raw: Socket, options: HandshakeOptions, signal: AbortSignal): Promise<Arrival> {
  raw.setNoDelay(true);
  // A client that vanished while it waits for an approval is noticed, and one that is only quiet is kept through NATs.
  raw.setKeepAlive(true, KEEP_ALIVE_MS);
  // Between two waits nobody listens; an error must not end the process. A close follows every error.
  raw.on('error', ignore);
  const visit: Visit = { raw, socket: raw, startup: undefined };
  try {
    return await greet(visit, options, signal);
  } catch (error) {
    return turnOut(visit, error, signal.aborted);
  }
}

/** What is known of a connection so far. */
interface Visit {
  readonly raw: Socket;
  socket: Socket;
  startup: Startup | undefined;
}

async function greet(visit: Visit, options: HandshakeOptions, signal: AbortSignal): Promise<Arrival> {
  const step = (): AbortSignal => AbortSignal.any([signal, AbortSignal.timeout(options.stepMs)]);
  let mayAskForTls = true;
  let mayAskForGss = true;
  for (;;) {
    const { opening, rest } = await readOpening(visit.socket, step());
    const encrypted = visit.socket !== visit.raw;
    switch (opening.kind) {
      case 'tls':
        if (encrypted || !mayAskForTls || !options.tls)
          throw new SallyportError('protocol-violation', 'TLS inside of TLS or unasked');
        handBack(visit.raw, rest);
        visit.socket = await secureClient(visit.raw, options.tls, 'direct', step());
        mayAskForTls = mayAskForGss = false;
        continue;
      case 'ssl-request':
        if (!mayAskForTls || encrypted) throw new SallyportError('protocol-violation', 'a second request for TLS');
        // What came before TLS is anybody's: it must not be read as if it had come through TLS (CVE-2021-23214).
        if (rest.length > 0)
          throw new SallyportError('protocol-violation', 'bytes between the request for TLS and TLS');
        mayAskForTls = false;
        visit.raw.write(options.tls ? 'S' : 'N');
        if (options.tls) visit.socket = await secureClient(visit.raw, options.tls, 'requested', step());
        continue;
      case 'gss-request':
        if (!mayAskForGss || encrypted) throw new SallyportError('protocol-violation', 'a second request for GSS');
        if (rest.length > 0) throw new SallyportError('protocol-violation', 'bytes behind the request for GSS');
        mayAskForGss = false;
        visit.raw.write('N');
        continue;
      case 'cancel':
        return { kind: 'cancel', key: opening.key, socket: visit.socket };
      case 'startup':
        visit.startup = opening.startup;
        handBack(visit.socket, rest);
        return admit(visit, opening.startup, options, step());
      case 'foreign':
        return refuse(opening.sqlstate, opening.why);
      default:
        return opening satisfies never;
    }
  }
}

async function admit(visit: Visit, startup: Startup, options: HandshakeOptions, signal: AbortSignal): Promise<Arrival> {
  const { socket } = visit;
  const encrypted = socket !== visit.raw;
  if (!encrypted && !(options.allowCleartextOnLoopback && isLoopback(visit.raw.remoteAddress)))
    refuse('28000', 'this gateway takes no connection without TLS', 'Connect with sslmode=verify-full.');
  if (startup.replication !== undefined && !/^(false|off|no|0)$/i.test(startup.replication))
    refuse('0A000', 'replication is not supported');
  const problem = pinnedProblem(startup.settings);
  if (problem !== undefined) refuse('22023', problem);
  const away = options.turnAway(startup);
  if (away) throw new Refusal(away);
  if (startup.minor !== startup.agreedMinor || startup.unknownOptions.length > 0)
    socket.write(encodeNegotiateVersion((3 << 16) | startup.agreedMinor, startup.unknownOptions));
  const login = await askForToken(socket, startup, options, signal);
  return { kind: 'client', socket, startup, login, encrypted };
}

/** Reads until the opening is clear. A packet is bounded before it is waited for. */
async function readOpening(
  socket: Socket,
  signal: AbortSignal,
): Promise<{ readonly opening: Exclude<Opening, { kind: 'incomplete' }>; readonly rest: Buffer }> {
  let seen: Buffer = Buffer.alloc(0);
  for (;;) {
    const chunk = await readSome(socket, signal);
    if (chunk === undefined) throw new Gone(seen.length > 0 ? 'hung up inside of the start-up packet' : 'hung up');
    seen = Buffer.concat([seen, chunk]);
    const opening = parseOpening(seen);
    if (opening.kind !== 'incomplete')
      return { opening, rest: 'bytes' in opening ? seen.subarray(opening.bytes) : seen };
    if (seen.length > MAX_STARTUP_BYTES)
      throw new SallyportError('protocol-violation', 'a start-up packet without end');
  }
}

function turnOut(visit: Visit, error: unknown, stopping: boolean): Arrival {
  const { socket, startup } = visit;
  const why = error instanceof Error ? error.message : String(error);
  const broken = !(error instanceof Refusal) && !(error instanceof SallyportError);
  if (error instanceof Gone || (broken && socket.destroyed)) {
    socket.destroy();
    return { kind: 'gone', why };
  }
  const report = stopping ? stopped : reportOf(error);
  sayGoodbye(socket, report);
  if (stopping) return { kind: 'gone', why: stopped.message };
  if (error instanceof Refusal && error.asked) return { kind: 'gone', why: 'asked where to get a token' };
  return { kind: 'refused', why: isTimeout(error) ? tooSlow.message : why, startup };
}

/** Closing over bytes that nobody read would reset the connection, and the client would lose the error: what still comes is thrown away. */
function sayGoodbye(socket: Socket, report: Report): void {
  if (socket.writable) socket.end(encodeError(report));
  whenClosed(socket, AbortSignal.timeout(LINGER_MS)).catch(() => socket.destroy());
}

function reportOf(error: unknown): Report {
  if (error instanceof Refusal) return error.report;
  return isTimeout(error) ? tooSlow : brokenReport(error);
}

const stopped: Report = { severity: 'FATAL', sqlstate: '57P01', message: 'the gateway is stopping' };
const tooSlow: Report = { severity: 'FATAL', sqlstate: '57014', message: 'the login took too long' };

function isTimeout(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'TimeoutError';
}

function ignore(): void {}
