import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the ports that systems give to whoever asks for none, such as every client: 32768 and up on Linux (ip(7),
 * ip_local_port_range), 49152 on others, 16000 in gVisor. A connection made between our look and a server's start cannot take one.
 */
const range = { from: 10_240, to: 16_000 };

/**
 * A TCP port on loopback that nobody listens on, and that nobody else who asks here is given while this process lives.
 * @throws Error when a hundred in a row were taken
 */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = randomInt(range.from, range.to);
    if ((await claimed(port)) && (await isFree(host, port))) return port;
  }
  throw new Error(`no free port from ${String(range.from)} to ${String(range.to)}`);
}

/** A UDP socket of the same number tells other processes of a run, which share nothing else, that the port is given away. */
async function claimed(port: number): Promise<boolean> {
  const claim = createSocket('udp4');
  claim.unref().bind({ port, address: '127.0.0.1', exclusive: true });
  try {
    await once(claim, 'listening');
    return true;
  } catch {
    claim.close();
    return false;
  }
}

async function isFree(host: string, port: number): Promise<boolean> {
  const probe = createServer();
  probe.listen(port, host);
  try {
    await once(probe, 'listening');
  } catch {
    return false;
  }
  probe.close();
  await once(probe, 'close');
  return true;
}
