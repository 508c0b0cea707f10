/**
 * Microseconds of processor time of one call that waits for nothing: of all threads of this process, as V8 collects garbage and compiles in others. Wall time
 * counts what other processes, and other guests of the host, do meanwhile. The time of one thread is no measure: Linux counts it in ticks
 * of the scheduler, some milliseconds each.
 */
export function processorTime(call: () => unknown, calls: number): number {
  const before = process.cpuUsage();
  for (let i = 0; i < calls; i++) call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

const warmUps = 10;

/** Warms up, and says how many calls have to be one batch so that it takes `batchMs` of processor time at least. */
export function callsIn(batchMs: number, call: () => unknown): number {
  let calls = 1;
  for (let long = 0; long < warmUps;) {
    if (processorTime(call, calls) * calls < batchMs * 1000) calls *= 2;
    else long++;
  }
  return calls;
}
