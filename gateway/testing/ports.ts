import { once } from 'node:events';
import { createServer } from 'node:net';

/** A TCP port on loopback that nobody listened on a moment ago. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  const probe = createServer();
  probe.listen(0, host);
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP listener has a port');
  return address.port;
}
