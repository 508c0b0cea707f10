import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { argv } from 'node:process';
import { answerParent } from './child.ts';

/** The least that a Node process between client and server can do: bytes in, the same bytes out. `pipe.ts UPSTREAM_PORT` */
const upstreamPort = Number(argv[2]);
const open = new Set<Socket>();

const server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
  const upstream = connect({ port: upstreamPort, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  for (const [from, to] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    open.add(from);
    from.pipe(to);
    from.on('error', () => to.destroy());
    from.on('close', () => open.delete(from));
  }
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const address = server.address();
if (address === null || typeof address === 'string') throw new Error('a TCP listener has a port');
answerParent(address.port, async () => {
  server.close();
  for (const socket of open) socket.destroy();
  await Promise.resolve();
});
