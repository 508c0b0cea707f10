import { createServer, type Socket } from 'node:net';
import { farewellMs, finish, ignoreReset, openConnection, type Connection, type OpenConnection } from './connection.ts';
import type { ListenEvent, Peer } from './events.ts';
import { listenOn } from './listen-on.ts';
import type { ConnectionRegistry, RefusalReason } from './registry.ts';

export interface ListenerOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Connections that the kernel keeps for us while we are busy. Default 511, cut by `net.core.somaxconn`. */
  readonly backlog?: number;
  /** Time to log in, where it is another than the registry’s. */
  readonly unauthenticatedMs?: number;
  /** Shared by all listeners of the process, so that a limit means what it says. */
  readonly registry: ConnectionRegistry;
  /** Owns the connection until it returns: then the socket is closed. What it throws ends this connection alone. */
  onConnection(connection: Connection): Promise<void>;
  /**
   * Says no in the protocol's own words; nothing was read from the socket yet. The socket is closed when it returns,
   * or after `farewellMs`.
   */
  refuse(socket: Socket, why: RefusalReason, signal: AbortSignal): void | Promise<void>;
  onEvent(event: ListenEvent): void;
  /** Aborting it is `close()`. */
  readonly signal?: AbortSignal;
}

export interface Listener extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly open: number;
  /**
   * Stops accepting, tells every connection, waits for them to end and destroys those that have not after `deadlineMs`.
   * A second call waits for the first.
   * @returns how many were destroyed
   */
  drain(deadlineMs: number): Promise<number>;
  /** Stops accepting and destroys what is open. Any number of times, during a drain too. */
  close(): Promise<void>;
}

/**
 * Accepts TCP connections within the registry's limits. No PROXY protocol: a header that anyone can send would let anyone choose the
 * address that policy sees. Behind a load balancer the address is the balancer's.
 * @throws SallyportError `config-invalid` when the address cannot be had
 */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  options.signal?.throwIfAborted();
  const draining = new AbortController();
  const open = new Set<OpenConnection>();
  const refused = new Set<Socket>();
  let lastId = 0;

  // The server's own `close` comes before that of its last sockets: over is when all have left.
  const over = Promise.withResolvers<void>();
  let accepting = true;
  const checkOver = (): void => {
    if (!accepting && open.size === 0 && refused.size === 0) over.resolve();
  };

  // A peer that is gone without a word (cable, sleep, NAT) is found after a minute and ten probes.
  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 }, accept);
  await listenOn(server, options);
  server.on('error', (error) => options.onEvent({ kind: 'accept-failed', error }));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP listener has an address');

  server.once('close', () => {
    accepting = false;
    checkOver();
  });
  const stop = (): void => {
    if (server.listening) server.close();
  };
  let drained: Promise<number> | undefined;
  const close = async (): Promise<void> => {
    stop();
    destroyAll();
    await over.promise;
  };
  const onAbort = (): void => void close();
  options.signal?.addEventListener('abort', onAbort, { once: true });
  if (options.signal?.aborted) {
    await close();
    options.signal.throwIfAborted();
  }
  void over.promise.then(() => options.signal?.removeEventListener('abort', onAbort));

  return {
    host: address.address,
    port: address.port,
    get open() {
      return open.size;
    },
    drain: (deadlineMs) => (drained ??= drain(deadlineMs)),
    close,
    [Symbol.asyncDispose]: close,
  };

  function accept(socket: Socket): void {
    socket.on('error', ignoreReset);
    const { remoteAddress, remotePort } = socket;
    // The peer hung up while it waited in the backlog.
    if (remoteAddress === undefined || remotePort === undefined) return void socket.destroy();
    const peer: Peer = { ip: remoteAddress.replace(/^::ffff:(?=\d+\.)/i, ''), port: remotePort };
    const place = options.registry.enter();
    if (typeof place === 'string') return void turnAway(socket, peer, place);
    const unauthenticatedMs = options.unauthenticatedMs ?? options.registry.limits.unauthenticatedMs;
    const each = openConnection(++lastId, socket, peer, place, unauthenticatedMs, draining.signal, options.onEvent);
    open.add(each);
    socket.once('close', () => {
      open.delete(each);
      checkOver();
    });
    options.onEvent({ kind: 'accepted', connection: each.connection.id, peer });
    void serve(each);
  }

  async function serve(each: OpenConnection): Promise<void> {
    try {
      await options.onConnection(each.connection);
      each.finish();
    } catch (error) {
      const { id, peer } = each.connection;
      options.onEvent({ kind: 'failed', connection: id, peer, error });
      each.destroy();
    }
  }

  /** Refusing costs a socket and a moment too: there is a limit to it, and past that limit there is silence. */
  async function turnAway(socket: Socket, peer: Peer, why: RefusalReason): Promise<void> {
    const silent = refused.size >= maxRefusing;
    options.onEvent({ kind: 'refused', why, peer, silent });
    if (silent) return void socket.destroy();
    refused.add(socket);
    const limit = new AbortController();
    const timer = setTimeout(() => {
      limit.abort(new Error('refusing took too long'));
      socket.destroy();
    }, farewellMs);
    socket.once('close', () => {
      clearTimeout(timer);
      refused.delete(socket);
      checkOver();
    });
    try {
      await options.refuse(socket, why, limit.signal);
      finish(socket);
    } catch {
      // The peer went away before it was told.
      socket.destroy();
    }
  }

  function destroyAll(): void {
    for (const each of open) each.destroy();
    for (const socket of refused) socket.destroy();
  }

  async function drain(deadlineMs: number): Promise<number> {
    options.onEvent({ kind: 'draining', open: open.size });
    stop();
    draining.abort(new Error('the gateway is shutting down'));
    let destroyed = 0;
    const timer = setTimeout(() => {
      destroyed = open.size;
      destroyAll();
    }, deadlineMs);
    await over.promise;
    clearTimeout(timer);
    options.onEvent({ kind: 'stopped', destroyed });
    return destroyed;
  }
}

export type { Connection, ListenEvent };

/** Refusals in progress at most. */
const maxRefusing = 64;
