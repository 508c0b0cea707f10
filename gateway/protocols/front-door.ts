import type { Socket } from 'node:net';
import type { Wait } from '../contract/wait.ts';

/** A connection as the listener gives it. */
export interface Arriving {
  readonly socket: Socket;
  readonly peer: { readonly ip: string };
  /** The connection is over, whoever ended it. */
  readonly signal: AbortSignal;
  readonly loginDeadline: AbortSignal;
  /** The gateway is going down: finish what runs, then end. */
  readonly draining: AbortSignal;
  admit(principal: string): 'admitted' | 'too-many-for-principal' | 'ended';
}

/** What a protocol shows to the listener. */
export interface FrontDoor {
  /** Takes one connection from its first byte to its last. Never throws for what a client does. */
  serve(connection: Arriving): Promise<void>;
  /** Tells a client, unheard, that there is no room. */
  refuse(socket: Socket, why: 'too-many-connections' | 'too-many-unauthenticated'): Wait;
}
