import type { Socket } from 'node:net';
import type { ListenEvent, Peer } from './events.ts';
import type { Admission, Place } from './registry.ts';

/** One accepted TCP connection, as its handler sees it. */
export interface Connection {
  /** Distinct within its listener. */
  readonly id: number;
  /** Raw TCP. The protocol adds TLS itself, because each negotiates it in its own way. */
  readonly socket: Socket;
  readonly peer: Peer;
  /** Aborts when the connection is over, whoever ended it. */
  readonly signal: AbortSignal;
  /**
   * Aborts when nobody was admitted in time. The handler then says so in its own protocol and returns;
   * `farewellMs` later the socket is destroyed.
   */
  readonly loginDeadline: AbortSignal;
  /** Aborts when the gateway drains: finish what runs, say goodbye, return. */
  readonly draining: AbortSignal;
  /** The principal is proven: ends the deadline and counts the connection as theirs. Anything but `admitted` is a refusal to be told. */
  admit(principal: string): Admission;
}

/** How long a socket may take to swallow our last bytes before it is destroyed. */
export const farewellMs = 2_000;

/** The listener's side of a connection. */
export interface OpenConnection {
  readonly connection: Connection;
  /** Writes what is still to be written, then closes; destroys the socket when that takes too long. */
  finish(): void;
  destroy(): void;
}

export function openConnection(
  id: number,
  socket: Socket,
  peer: Peer,
  place: Place,
  unauthenticatedMs: number,
  draining: AbortSignal,
  onEvent: (event: ListenEvent) => void,
): OpenConnection {
  const ended = new AbortController();
  const late = new AbortController();
  const deadline = setTimeout(() => {
    onEvent({ kind: 'login-deadline', connection: id, peer });
    late.abort(new Error('nobody logged in within the time for it'));
    destroyAfterFarewell(socket);
  }, unauthenticatedMs);
  socket.on('error', ignoreReset);
  socket.once('close', () => {
    clearTimeout(deadline);
    place.leave();
    onEvent({ kind: 'closed', connection: id, peer, bytesRead: socket.bytesRead, bytesWritten: socket.bytesWritten });
    ended.abort(new Error('the connection is over'));
  });
  return {
    connection: {
      id,
      socket,
      peer,
      signal: ended.signal,
      loginDeadline: late.signal,
      draining,
      admit: (principal) => {
        // After the deadline the socket is about to be destroyed: letting them in would only delay the news.
        if (late.signal.aborted) return 'ended';
        const admission = place.admit(principal);
        if (admission === 'admitted') clearTimeout(deadline);
        return admission;
      },
    },
    finish: () => finish(socket),
    destroy: () => void socket.destroy(),
  };
}

export function finish(socket: Socket): void {
  if (socket.destroyed) return;
  socket.destroySoon();
  destroyAfterFarewell(socket);
}

/** A peer that resets is no event of its own: `close` follows. Without a listener it would end the process. */
export function ignoreReset(): void {
  return;
}

function destroyAfterFarewell(socket: Socket): void {
  const timer = setTimeout(() => socket.destroy(), farewellMs);
  socket.once('close', () => clearTimeout(timer));
}
