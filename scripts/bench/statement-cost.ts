import type { Child } from './child.ts';
import type { Peer } from './peer.ts';
import type { Load, Pgbench } from './pgbench.ts';

export interface StatementCost {
  readonly perSecond: number;
  /** Processor time of one statement in the process in between, in microseconds. */
  readonly cpuUs: number | undefined;
}

/**
 * Throughput, and what a statement costs the process in between. A log-in costs it as much as a hundred statements, so what a run of one
 * statement for each client takes is measured just before, and taken off.
 */
export async function statementCost(
  pgbench: Pgbench,
  peer: Peer,
  load: Load,
  child: Child | undefined,
): Promise<StatementCost> {
  if (!child) return { ...(await pgbench.throughput(peer, load)), cpuUs: undefined };
  const start = await child.cpuUs();
  const logins = await pgbench.throughput(peer, { ...load, each: 1 });
  const middle = await child.cpuUs();
  const { perSecond, transactions } = await pgbench.throughput(peer, load);
  const all = (await child.cpuUs()) - middle;
  return { perSecond, cpuUs: (all - (middle - start)) / (transactions - logins.transactions) };
}
