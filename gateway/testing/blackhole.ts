import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';

/** A place on loopback that answers nobody, not even the first packet of TCP: as behind a firewall that drops. */
export interface Blackhole extends AsyncDisposable {
  readonly port: number;
}

const listener = `const server = require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () =>
  console.log(server.address().port));`;
/** More than the kernel keeps for a listener that takes none. */
const kept = 8;

/** A listener that is stopped, with its queue full: the kernel drops what comes then (Linux). */
export async function openBlackhole(): Promise<Blackhole> {
  const child = spawn(process.execPath, ['-e', listener], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = (await once(child.stdout, 'data')) as [Buffer]; // what `data` carries
  const port = Number(said.toString());
  child.kill('SIGSTOP');
  const waiting = Array.from({ length: kept }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  // The first that got in shows that those behind it are on their way too: they were sent before any that comes later.
  await Promise.any(waiting.map((socket) => once(socket, 'connect')));
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of waiting) socket.destroy();
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}
