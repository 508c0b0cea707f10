import type { ClientChannel } from 'ssh2';

/**
 * Resolves when nothing of what was started is left at the host, or it did not start. A host closes a channel when what ran in it has ended,
 * and not when it is asked to: who closes theirs leaves a command behind that runs on. To be called before anything else waits for `starting`.
 */
export async function leftHost(starting: Promise<ClientChannel>): Promise<void> {
  const running = await starting.catch(() => undefined);
  if (running) await new Promise<void>((resolve) => running.once('close', () => resolve()));
}

/** Resolves when the host has said whether it runs, however long that takes. */
export async function begun(starting: Promise<ClientChannel>): Promise<void> {
  await starting.catch(() => undefined);
}

/** Nobody wants it any more. The library says that a channel is closed only to those who have read it to its end. */
export function abandon(running: ClientChannel): void {
  running.resume().stderr.resume();
  running.close();
}
