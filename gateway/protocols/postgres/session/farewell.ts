import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

/** In milliseconds: for the server to hang up, from one cancel request to the next, and until nothing more is tried. */
const [goodbyeMs, againMs, patienceMs] = [1_000, 250, 30_000];

/** To a server that was told goodbye. Whoever does not hang up is cut off. */
export function cutOff(server: Duplex): void {
  setTimeout(() => server.destroy(), goodbyeMs).unref();
}

/**
 * Sees to it that nothing runs on which nobody watches. The server reads the goodbye behind everything that was sent before it, and a cancel
 * request ends one statement, if one runs in that moment: requests are sent until the server has hung up.
 * postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS
 * @param server told goodbye; somebody has to read on what it says
 * @param cancel resolves when the server has taken note. Told of no failure: the next request may get through
 * @returns whether the server hung up, and so runs nothing more
 */
export async function endStatements(server: Duplex, cancel: () => Promise<void>): Promise<boolean> {
  const closed = new Promise<void>((resolve) => void server.once('close', resolve));
  const giveUp = AbortSignal.timeout(patienceMs);
  while (!server.closed && !giveUp.aborted) {
    await Promise.race([closed, cancel()]);
    await Promise.race([closed, sleep(againMs)]);
  }
  if (server.closed) return true;
  server.destroy();
  return false;
}
