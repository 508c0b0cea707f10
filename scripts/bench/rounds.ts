/** How much is measured. */
export interface Effort {
  readonly rounds: number;
  /** Of each run of pgbench. */
  readonly seconds: number;
  readonly bulkRows: number;
  /** Opened in `idleSteps` equal steps. */
  readonly idleSessions: number;
  readonly idleSteps: number;
  /** Processor time of a batch of calls that wait for nothing. */
  readonly batchMs: number;
  readonly recordedCommands: number;
  /** SSH commands, one after the other, in each round; and keys typed. */
  readonly sshCommands: number;
  readonly sshBytes: number;
  readonly sshIdleSessions: number;
}

export const fullEffort: Effort = {
  rounds: 5,
  seconds: 2,
  bulkRows: 1_000_000,
  idleSessions: 2_000,
  idleSteps: 4,
  batchMs: 50,
  recordedCommands: 100_000,
  sshCommands: 50,
  sshBytes: 200_000_000,
  sshIdleSessions: 500,
};

/** Enough to see that all of it works, and roughly where it stands. */
export const quickEffort: Effort = {
  rounds: 2,
  seconds: 1,
  bulkRows: 200_000,
  idleSessions: 200,
  idleSteps: 2,
  batchMs: 5,
  recordedCommands: 4_000,
  sshCommands: 10,
  sshBytes: 40_000_000,
  sshIdleSessions: 60,
};

/**
 * Measures each peer once a round, one after the other, in turning order (A B C, C B A, ...), so that a machine that slows down
 * slows all of them. A first round only warms up and is thrown away.
 * @returns for each peer one value for each round
 */
export async function interleaved<Name extends string>(
  rounds: number,
  peers: readonly (readonly [name: Name, measure: () => Promise<number>])[],
  signal: AbortSignal,
): Promise<ReadonlyMap<Name, readonly number[]>> {
  const values = new Map<Name, number[]>(peers.map(([name]) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const [name, measure] of round % 2 === 0 ? peers : peers.toReversed()) {
      signal.throwIfAborted();
      const value = await measure();
      if (round > 0) values.get(name)?.push(value);
    }
  }
  return values;
}
