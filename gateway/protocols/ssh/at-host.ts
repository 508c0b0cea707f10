import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientChannel } from 'ssh2';
import { sendSignal } from './signals.ts';

/** Between one SIGKILL and the next. A host that delivers none, as OpenSSH to root's commands, is not asked for longer. */
const betweenKillsMs = [10, 40, 150, 600, 1_200];

/**
 * Resolves when nothing of what was started is left at the host, or it did not start. A host closes a channel when what ran in it has ended,
 * and not when it is asked to: who closes theirs leaves a command behind that runs on. To be called before anything else waits for `starting`.
 */
export async function leftHost(starting: Promise<ClientChannel>): Promise<void> {
  const running = await starting.catch(() => undefined);
  if (running) await new Promise<void>((resolve) => running.once('close', () => resolve()));
}

/** Resolves when the host has said whether it runs, however long that takes, and what nobody may have any more was killed. */
export async function begun(starting: Promise<ClientChannel>, isKilled: () => boolean): Promise<void> {
  const running = await starting.catch(() => undefined);
  if (running && isKilled()) await killAtHost(running);
}

/**
 * Kills what runs, and closes it: a closed channel ends nothing that does not write to it. The signal is sent until the host says that it
 * ended: OpenSSH says that a command runs before that has a process group of its own, and loses what is sent in that moment.
 */
export async function killAtHost(running: ClientChannel): Promise<void> {
  for (const stream of [running, running.stderr]) stream.removeAllListeners('data').resume();
  const ended = new AbortController();
  running.once('exit', () => ended.abort()).once('close', () => ended.abort());
  for (const ms of betweenKillsMs) {
    sendSignal(running, 'KILL');
    await sleep(ms, undefined, { signal: ended.signal }).catch(() => undefined);
    if (ended.signal.aborted) break;
  }
  running.close();
}

/** Nobody wants it any more. The library says that a channel is closed only to those who have read it to its end. */
export function abandon(running: ClientChannel): void {
  running.resume().stderr.resume();
  running.close();
}
