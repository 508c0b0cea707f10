import type { Socket } from 'node:net';
import { SallyportError } from '../../../contract/errors.ts';
import type { BackendKey } from '../codec/backend.ts';
import { parseServerMessage, serverLimit } from '../codec/backend.ts';
import { Writer } from '../codec/bytes.ts';
import { Framer } from '../codec/frames.ts';
import { clientTag, encodeQuery } from '../codec/frontend.ts';
import { handBack, readFrame, whenClosed } from '../codec/socket-input.ts';
import { encodeCancelRequest } from './startup.ts';
import { login } from './upstream-login.ts';
import type { UpstreamAuthentication, UpstreamCredential, UpstreamGreeting } from './upstream-login.ts';
import { openUpstreamSocket } from './upstream-socket.ts';
import type { UpstreamAddress } from './upstream-socket.ts';

export interface UpstreamTarget extends UpstreamAddress {
  readonly database: string;
  readonly authentication?: UpstreamAuthentication;
  /** `application_name`: what the server's own log and pg_stat_activity show. */
  readonly application: string;
  /** The client's start-up settings that were let through; what the gateway pins wins over them. */
  readonly settings?: ReadonlyMap<string, string>;
  /** For TCP, TLS and login together. */
  readonly connectTimeoutMs: number;
}

/** A server that takes no goodbye is left without. */
const GOODBYE_MS = 1000;

/**
 * What the gateway reads statements by, and so what the server must read them by: see docs/design, "two readers". Asked for at the log-in,
 * and any other value, however it comes about later, ends the session.
 */
export const pinned: ReadonlyMap<string, string> = new Map([
  ['client_encoding', 'UTF8'],
  ['standard_conforming_strings', 'on'],
]);

/** Names that mean something else than a setting in a start-up packet: a client must not choose the role by a back door. */
const reserved: ReadonlySet<string> = new Set(['user', 'database', 'options', 'replication']);

/**
 * Connects and logs in. Protocol 3.0, which every server and pooler speaks.
 * @throws SallyportError `upstream-refused`, `upstream-auth`, `upstream-timeout`, `upstream-lost`, `protocol-violation` for a setting's name that
 * is none
 */
export async function connectUpstream(
  target: UpstreamTarget,
  credential: UpstreamCredential,
  signal: AbortSignal,
): Promise<Upstream> {
  for (const name of target.settings?.keys() ?? [])
    if (!/^[a-z_][a-z0-9_$.]*$/.test(name) || reserved.has(name) || name.startsWith('_pq_'))
      throw new SallyportError('protocol-violation', `${name} is no name of a setting`);
  const late = AbortSignal.timeout(target.connectTimeoutMs);
  const bounded = AbortSignal.any([signal, late]);
  try {
    return await logIn(target, credential, bounded);
  } catch (error) {
    if (!late.aborted || bounded.reason !== late.reason) throw error;
    const why = `${target.host}:${target.port} did not let the gateway in within ${target.connectTimeoutMs / 1_000} s`;
    throw new SallyportError('upstream-timeout', why, { cause: error });
  }
}

async function logIn(target: UpstreamTarget, credential: UpstreamCredential, bounded: AbortSignal): Promise<Upstream> {
  const socket = await openUpstreamSocket(target, bounded);
  try {
    const startup = new Map([
      ...(target.settings ?? []),
      ['database', target.database] as const,
      ['application_name', target.application] as const,
      ...pinned,
    ]);
    const greeting = await login(socket, startup, credential, target.authentication ?? {}, bounded);
    for (const [name, value] of pinned)
      if (greeting.parameters.get(name) !== value)
        throw new SallyportError('upstream-refused', `the target keeps ${name} at ${greeting.parameters.get(name)}`);
    return new Upstream(target, socket, greeting);
  } catch (error) {
    socket.destroy();
    if (error instanceof SallyportError) throw error;
    const why = error instanceof Error ? error.message || error.name : String(error);
    throw new SallyportError('upstream-lost', `the login to ${target.host}:${target.port} failed: ${why}`, {
      cause: error,
    });
  }
}

/** Asks the server to cancel what `key`'s session runs. Resolves when the server has taken note and hung up. @throws SallyportError */
export async function cancelUpstream(
  address: UpstreamAddress,
  key: BackendKey,
  signal: AbortSignal,
  ip?: string,
): Promise<void> {
  const socket = await openUpstreamSocket(address, signal, ip);
  try {
    socket.end(encodeCancelRequest(key));
    // The server may close with a reset, for what TLS says last: it has acted by then.
    await whenClosed(socket, signal);
  } catch (error) {
    throw new SallyportError('upstream-lost', 'the cancel request did not get through', { cause: error });
  } finally {
    socket.destroy();
  }
}

/** The last result of a simple query, as text. */
export interface TextRows {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
}

/** A session with a target, logged in and idle. Whoever holds it may pump `socket` themselves. */
export class Upstream implements AsyncDisposable {
  readonly socket: Socket;
  /** ParameterStatus values at the greeting, in the server's order. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly key: BackendKey;
  readonly #target: UpstreamTarget;
  readonly #ip: string | undefined;

  constructor(target: UpstreamTarget, socket: Socket, greeting: UpstreamGreeting) {
    this.socket = socket;
    this.parameters = greeting.parameters;
    this.key = greeting.key;
    this.#target = target;
    this.#ip = socket.remoteAddress;
  }

  /**
   * Runs SQL of the gateway's own and waits for its end. Only while nobody else reads the socket.
   * @param maxBytes of all that comes back
   * @throws SallyportError `upstream-refused` with the server's message when the server says no, `upstream-lost`, `frame-too-large`
   */
  async simpleQuery(text: string, signal: AbortSignal, maxBytes = 64 * 1024 * 1024): Promise<TextRows> {
    const framer = new Framer(serverLimit(maxBytes));
    let columns: readonly string[] = [];
    let rows: (string | null)[][] = [];
    let failure: SallyportError | undefined;
    let bytes = 0;
    try {
      this.socket.write(encodeQuery(text));
      while (await readFrame(this.socket, framer, signal)) {
        bytes += framer.end - framer.start;
        if (bytes > maxBytes) throw new SallyportError('frame-too-large', `an answer of over ${maxBytes} bytes`);
        const message = parseServerMessage(framer);
        if (message.type === 'rowDescription') {
          columns = message.columns.map((column) => column.name);
          rows = [];
        } else if (message.type === 'dataRow') rows.push(message.values.map((value) => value?.toString() ?? null));
        else if (message.type === 'error') failure = said(message.fields);
        else if (message.type === 'ready') {
          handBack(this.socket, framer.takeRest());
          if (failure) throw failure;
          return { columns, rows };
        } else if (message.type.startsWith('copy'))
          throw new SallyportError('protocol-violation', 'COPY in a query of our own');
      }
    } catch (error) {
      // Half an answer is left on the wire: nobody may take it for the next one.
      if (error !== failure) this.socket.destroy();
      if (error instanceof SallyportError) throw error;
      throw new SallyportError('upstream-lost', 'the connection to the target broke', { cause: error });
    }
    throw failure ?? new SallyportError('upstream-lost', 'the target hung up in the middle of a query');
  }

  /** Cancels what this session runs, over a connection of its own to the same server. */
  cancel(signal: AbortSignal): Promise<void> {
    return cancelUpstream(this.#target, this.key, signal, this.#ip);
  }

  /** Says goodbye and closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { socket } = this;
    if (socket.destroyed) return;
    if (socket.writable) socket.end(new Writer().message(clientTag.terminate).take());
    socket.destroySoon();
    await whenClosed(socket, AbortSignal.timeout(GOODBYE_MS)).catch(() => socket.destroy());
  }
}

function said(fields: ReadonlyMap<string, string>): SallyportError {
  return new SallyportError('upstream-refused', `${fields.get('M') ?? 'the target failed'} (${fields.get('C') ?? ''})`);
}
