import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import ssh2 from 'ssh2';
import { describe, expect, test } from 'vitest';
import { openBlackhole } from '../blackhole.ts';
import { newHostKey, publicHalf, publicKeyLine } from '../../protocols/ssh/index.ts';
import { kexInit, packet } from './key-exchange.ts';
import { type FrontOptions, openFront, type SshFront } from './front.ts';

const hostKey = newHostKey();
const ours = { hostKey: publicKeyLine(publicHalf(hostKey)), user: 'root', key: newHostKey() };

/** Runs `line` through the gateway, which tells on standard error what went wrong. */
async function ran({ listener, userKey }: SshFront, line = 'echo never') {
  const client = new ssh2.Client();
  client.on('error', () => undefined);
  client.connect({ host: '127.0.0.1', port: listener.port, username: 'web1', privateKey: userKey });
  await once(client, 'ready');
  const [out, err] = [new Heard(), new Heard()];
  const code = new Promise<unknown>((resolve, reject) => {
    client.exec(line, (error, channel) => {
      if (error) return reject(error);
      let exit: unknown;
      channel.on('data', (bytes: Buffer) => out.hear(bytes));
      channel.stderr.on('data', (bytes: Buffer) => err.hear(bytes));
      channel.on('exit', (how: unknown) => (exit = how));
      return channel.on('close', () => resolve(exit));
    });
  });
  return { client, out, err, code };
}

class Heard {
  text = '';
  #more = Promise.withResolvers<void>();
  hear(bytes: Buffer): void {
    this.text += bytes.toString();
    this.#more.resolve();
    this.#more = Promise.withResolvers();
  }
  async until(part: string): Promise<void> {
    while (!this.text.includes(part)) await this.#more.promise;
  }
}

/** A host that does with each connection what a test says. */
async function openHost(take: (socket: Socket) => void) {
  const open = new Set<Socket>();
  const idle = Promise.withResolvers<void>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      open.delete(socket);
      if (open.size === 0) idle.resolve();
    });
    take(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP listener has a port');
  return {
    port: address.port,
    /** Resolves when somebody was connected, and nobody is. */
    idle: idle.promise,
    [Symbol.asyncDispose]: async () => {
      server.close();
      for (const socket of open) socket.destroy();
      await once(server, 'close');
    },
  };
}

const front = (port: number, more: Partial<FrontOptions>) => openFront({ ...ours, port, asksShell: false, ...more });

const version = 'SSH-2.0-stalls\r\n';
const stalls: [name: string, take: (socket: Socket) => void][] = [
  ['nothing at all', () => undefined],
  ['its version and nothing more', (socket) => void socket.write(version)],
  ['half of its version', (socket) => void socket.write('SSH-2.0-')],
  ['lines before its version without an end', (socket) => void socket.write('one moment\r\n'.repeat(50))],
  [
    'what it can do, and nothing more',
    (socket) => {
      socket.write(version);
      socket.write(packet(kexInit('curve25519-sha256')));
    },
  ],
];

/** What the client reads: what happened, what to do, and by what name the log has more. */
const tooLate =
  /^sallyport: the target did not let the gateway in in time: it may be down, or too busy; try again later\nsallyport: hint: ask whoever runs the gateway: its log says more, under this session\nsallyport: session \S+\n$/;

describe('a host that stalls', () => {
  test.each(stalls)('says %s: the client reads why in time, and nothing is kept', async (_, take) => {
    // Who does not read does not notice the end.
    await using host = await openHost((socket) => take(socket.resume()));
    await using gateway = await front(host.port, { connectTimeoutMs: 1_000 });
    const { client, code, err } = await ran(gateway);
    const closed = once(client, 'close');
    expect(await code).toBe(255);
    expect(err.text).toMatch(tooLate);
    await host.idle;
    await closed;
    expect(gateway.world.judged).toEqual([]);
    expect(gateway.log.join('\n')).toContain(`127.0.0.1:${host.port} did not let the gateway in within 1 s`);
  });

  test('answers not even the first packet: the client reads why in time', async () => {
    await using host = await openBlackhole();
    await using gateway = await front(host.port, { connectTimeoutMs: 500 });
    const { code, err } = await ran(gateway);
    expect(await code).toBe(255);
    expect(err.text).toMatch(tooLate);
    expect(gateway.log.join('\n')).toContain(`127.0.0.1:${host.port} did not let the gateway in within 0.5 s`);
  });

  test('says nothing to the login: the client reads why in time', async () => {
    const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
      client.on('error', () => undefined).on('authentication', () => undefined);
    });
    await using host = await openHost((socket) => server.injectSocket(socket));
    await using gateway = await front(host.port, { connectTimeoutMs: 3_000 });
    const { code, err } = await ran(gateway);
    expect(await code).toBe(255);
    expect(err.text).toMatch(tooLate);
    await host.idle;
  });

  test('who hangs up while it stalls leaves nothing behind', async () => {
    const { promise: reached, resolve } = Promise.withResolvers<void>();
    await using host = await openHost((socket) => {
      socket.resume();
      resolve();
    });
    await using gateway = await front(host.port, { connectTimeoutMs: 600_000 });
    const { client, code } = await ran(gateway);
    const told = code.catch(() => 'nothing');
    await reached;
    client.destroy();
    await host.idle;
    expect(await told).toBe('nothing');
  });

  test('in the middle of an exchange of new keys: what runs ends as lost, and not well', async () => {
    const gave = Promise.withResolvers<void>();
    const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
      client.on('error', () => undefined);
      client.on('authentication', (attempt) => attempt.accept());
      client.on('session', (accept) => {
        accept().on('exec', (yes) => {
          const channel = yes();
          channel.write('begun\n');
          void gave.promise.then(() => {
            // New keys are begun, and what comes back is not read.
            client.rekey();
            stalled.pause();
          });
        });
      });
    });
    let stalled!: Socket;
    await using host = await openHost((socket) => {
      stalled = socket;
      server.injectSocket(socket);
    });
    await using gateway = await front(host.port, { keepAliveMs: 500 });
    const { client, out, err, code } = await ran(gateway, 'cat');
    const closed = once(client, 'close');
    await out.until('begun\n');
    gave.resolve();
    expect(await code).toBe(255);
    expect(out.text).toBe('begun\n');
    expect(err.text).toBe('sallyport: connection to the target lost before the command ended\n');
    stalled.resume();
    await host.idle;
    await closed;
    expect(gateway.world.written()).toContain('connection to the target lost');
  });
});

test('a host that says in one packet that it runs and how it ended is heard: the exit code is its own', async () => {
  let wire!: Socket;
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    client.on('error', () => undefined);
    client.on('authentication', (attempt) => attempt.accept());
    client.on('session', (accept) => {
      accept().on('exec', (yes) => {
        wire.cork();
        const channel = yes();
        channel.exit(7);
        channel.end();
        setImmediate(() => wire.uncork());
      });
    });
  });
  await using host = await openHost((socket) => {
    wire = socket;
    server.injectSocket(socket);
  });
  await using gateway = await front(host.port, {});
  const { client, code, err } = await ran(gateway);
  expect([await code, err.text]).toEqual([7, '']);
  client.end();
});

/** A host where a command hears nothing of its first signals, as one that has no process group yet. @param lost how many */
async function deafHost(lost: number) {
  const heard: string[] = [];
  const closed = Promise.withResolvers<void>();
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    client.on('error', () => undefined);
    client.on('authentication', (attempt) => attempt.accept());
    client.on('session', (accept) => {
      const session = accept();
      session.on('exec', (yes) => {
        const channel = yes();
        channel.on('close', () => closed.resolve());
        channel.resume().write('begun\n');
        session.on('signal', (_yes, _no, { name }) => {
          if (heard.push(name) <= lost) return;
          channel.exit(`SIG${name}`, false, '');
          channel.end();
        });
      });
    });
  });
  const host = await openHost((socket) => server.injectSocket(socket));
  return Object.assign(host, { heard, closed: closed.promise });
}

test.each([
  ['loses the first signals', 2, ['KILL', 'KILL', 'KILL']],
  ['delivers none', Number.POSITIVE_INFINITY, ['KILL', 'KILL', 'KILL', 'KILL', 'KILL']],
])(
  'where a host %s, what runs when its session is ended is killed until it says that it ended',
  async (_, lost, sent) => {
    await using host = await deafHost(lost);
    await using gateway = await front(host.port, {});
    const { out, err, code } = await ran(gateway);
    await out.until('begun\n');
    gateway.world.endSessions('ended by otto');
    expect(await code).toBe(255);
    expect(err.text).toContain('ended by otto');
    await host.closed;
    await host.idle;
    expect(host.heard).toEqual(sent);
  },
);
