import { once } from 'node:events';
import type { Server } from 'node:net';
import { SallyportError } from '../contract/errors.ts';

export interface Place {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Connections that wait to be accepted; Node's own number unless set. */
  readonly backlog?: number;
}

/**
 * Listens, or says what stands in the way and what to do about it.
 * @throws SallyportError `config-invalid`
 */
export async function listenOn(server: Server, { host, port, backlog = 511 }: Place): Promise<void> {
  try {
    server.listen({ host, port, backlog });
    await once(server, 'listening');
  } catch (cause) {
    throw new SallyportError('config-invalid', `cannot listen on ${host}:${String(port)}: ${whyNot(cause)}`, { cause });
  }
}

function whyNot(cause: unknown): string {
  const why = cause instanceof Error ? cause.message : String(cause);
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  switch (code) {
    case 'EADDRINUSE':
      return 'another program listens there (EADDRINUSE). Stop it, or give another port under "listen" in the configuration';
    case 'EACCES':
      return 'this account may not (EACCES): ports below 1024 are for root on most systems. Give another port under "listen" in the configuration';
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `this machine has no such address (${code}). Give one of its own, or 0.0.0.0 for all, under "listen" in the configuration`;
    default:
      return why;
  }
}
