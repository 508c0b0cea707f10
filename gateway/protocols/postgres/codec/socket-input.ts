import type { Socket } from 'node:net';
import type { Framer } from './frames.ts';

/**
 * The next bytes of a socket that nobody pumps yet, for handshakes.
 * @returns undefined when the other side has ended
 * @throws what the socket failed with, or the signal's reason
 */
export async function readSome(socket: Socket, signal: AbortSignal): Promise<Buffer | undefined> {
  for (;;) {
    signal.throwIfAborted();
    const chunk: unknown = socket.read();
    if (Buffer.isBuffer(chunk)) return chunk;
    if (socket.errored) throw socket.errored;
    if (socket.readableEnded || socket.destroyed) return undefined;
    await change(socket, signal);
  }
}

/**
 * Moves the framer to the next message.
 * @returns false when the other side has ended
 */
export async function readFrame(socket: Socket, framer: Framer, signal: AbortSignal): Promise<boolean> {
  while (!framer.next()) {
    const chunk = await readSome(socket, signal);
    if (chunk === undefined) return false;
    framer.push(chunk);
  }
  return true;
}

/** Gives back what was read too far, so that the next reader of the socket sees it. */
export function handBack(socket: Socket, rest: Buffer): void {
  if (rest.length > 0) socket.unshift(rest);
}

/**
 * Resolves when the socket is closed, however that came about; what still arrives is thrown away.
 * @throws the signal's reason
 */
export async function whenClosed(socket: Socket, signal: AbortSignal): Promise<void> {
  if (socket.closed) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const aborted = (): void => reject(signal.reason);
  socket.once('close', resolve);
  socket.on('data', () => undefined);
  socket.resume();
  signal.addEventListener('abort', aborted, { once: true });
  if (signal.aborted) aborted();
  await promise.finally(() => {
    socket.off('close', resolve);
    signal.removeEventListener('abort', aborted);
  });
}

/** Resolves when the socket can be read, has ended or was closed. */
function change(socket: Socket, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const aborted = (): void => reject(signal.reason);
  const events = ['readable', 'end', 'close'] as const;
  for (const event of events) socket.on(event, resolve);
  socket.on('error', reject);
  signal.addEventListener('abort', aborted, { once: true });
  return promise.finally(() => {
    for (const event of events) socket.off(event, resolve);
    socket.off('error', reject);
    signal.removeEventListener('abort', aborted);
  });
}
