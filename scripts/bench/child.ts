import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

/** A process of the benchmark's own, so that nobody's work is done in somebody else's time. */
export interface Child extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
  /** Memory in bytes, after a garbage collection, so that what is left is what is needed. */
  memory(): Promise<Memory>;
  /** Processor time that all its threads have used so far, in microseconds. */
  cpuUs(): Promise<number>;
}

export type Memory = z.infer<typeof memorySchema>;

const memorySchema = z.strictObject({ rss: z.number(), heap: z.number(), external: z.number() });
const readySchema = z.strictObject({ port: z.number() });

/**
 * Starts a script of this folder and resolves once it says on which port it listens.
 * @param flags of Node itself
 */
export async function startChild(script: string, args: readonly string[], flags: readonly string[]): Promise<Child> {
  const child = fork(join(import.meta.dirname, script), [...args], { execArgv: ['--expose-gc', ...flags] });
  const abandon = (): void => void child.kill('SIGKILL');
  process.once('exit', abandon);
  const exited = once(child, 'exit').finally(() => process.off('exit', abandon));
  const gone = exited.then(() => {
    throw new Error(`${script} ended`);
  });
  gone.catch(() => undefined); // who waits for an answer is told; nobody else has to be
  const answer = async (): Promise<unknown> => {
    const message = new Promise((resolve) => void child.once('message', resolve));
    return Promise.race([message, gone]);
  };
  const { port } = readySchema.parse(await answer());
  return {
    pid: child.pid ?? 0,
    port,
    memory: async () => {
      child.send('memory');
      return memorySchema.parse(await answer());
    },
    cpuUs: async () => {
      child.send('cpu');
      return z.number().parse(await answer());
    },
    [Symbol.asyncDispose]: async () => {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}

const settleMs = 1_000;
const settledBytes = 4 * 2 ** 20;

/**
 * Waits until a process's memory stands still for a second: while it starts, compilers take hundreds of megabytes and give them back,
 * which would be counted as shrinking later.
 * @throws Error when it never does
 */
export async function untilSettled(child: Child): Promise<void> {
  let before = (await child.memory()).rss;
  for (let tries = 0; tries < 30; tries++) {
    await sleep(settleMs);
    const { rss } = await child.memory();
    if (Math.abs(rss - before) < settledBytes) return;
    before = rss;
  }
  throw new Error('the memory of a process that does nothing does not settle');
}

/** The child's side: says where it listens, answers questions, and ends when the parent lets go. */
export function answerParent(port: number, close: () => Promise<void>): void {
  // Ctrl-C reaches the whole group of processes; the parent ends this one in its own time.
  process.on('SIGINT', () => undefined);
  process.on('message', (question) => {
    if (question === 'memory') process.send?.(memoryNow());
    if (question === 'cpu') process.send?.(cpuNow());
  });
  process.once('disconnect', () => {
    void close().finally(() => process.exit());
  });
  process.send?.({ port });
}

function memoryNow(): Memory {
  globalThis.gc?.();
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heap: heapUsed, external };
}

function cpuNow(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
