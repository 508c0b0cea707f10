import type { RefusalReason } from './registry.ts';

/** A peer's address. IPv4 in its own form even on a dual-stack listener; IPv6 without brackets. */
export interface Peer {
  readonly ip: string;
  readonly port: number;
}

/** What happened on a listener: for the log and the metrics. Handlers must not throw. */
export type ListenEvent =
  | { readonly kind: 'accepted'; readonly connection: number; readonly peer: Peer }
  /** `silent`: not even told, because too many refusals were being written already. */
  | { readonly kind: 'refused'; readonly why: RefusalReason; readonly peer: Peer; readonly silent: boolean }
  | { readonly kind: 'login-deadline'; readonly connection: number; readonly peer: Peer }
  /** The connection's handler threw. Only this connection is lost. */
  | { readonly kind: 'failed'; readonly connection: number; readonly peer: Peer; readonly error: unknown }
  | {
      readonly kind: 'closed';
      readonly connection: number;
      readonly peer: Peer;
      readonly bytesRead: number;
      readonly bytesWritten: number;
    }
  | { readonly kind: 'draining'; readonly open: number }
  /** `destroyed`: how many did not end by themselves. */
  | { readonly kind: 'stopped'; readonly destroyed: number }
  /** The operating system could not give us a connection: out of file descriptors, most likely. Listening goes on. */
  | { readonly kind: 'accept-failed'; readonly error: Error };
