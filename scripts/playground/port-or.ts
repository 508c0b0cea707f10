import { once } from 'node:events';
import { createServer } from 'node:net';
import { freePort } from '../../gateway/testing/ports.ts';

/** The usual port when nobody has it, so that commands can be kept in the history; else any. */
export async function portOr(usual: number): Promise<number> {
  const probe = createServer();
  probe.listen(usual, '127.0.0.1');
  try {
    await once(probe, 'listening');
  } catch {
    return freePort();
  }
  probe.close();
  await once(probe, 'close');
  return usual;
}
