import type { Channel } from 'ssh2';
import type { Wait } from '../../contract/wait.ts';

const pauses = new WeakMap<Channel, Promise<void>>();

/** Writes to a host's channel. The promise, if any, resolves when it takes more, or is closed; one for all who wait. */
export function passOn(channel: Channel | undefined, bytes: Buffer): Wait {
  if (!channel?.writable || channel.write(bytes)) return undefined;
  const known = pauses.get(channel);
  if (known) return known;
  const { promise, resolve } = Promise.withResolvers<void>();
  const go = () => {
    channel.off('drain', go).off('close', go);
    pauses.delete(channel);
    resolve();
  };
  channel.on('drain', go).on('close', go);
  pauses.set(channel, promise);
  return promise;
}
