import { once } from 'node:events';
import { type AddressInfo, Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import ssh2, { type Connection, type ServerChannel } from 'ssh2';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { channelOpen, sendRaw, sshString } from '../../testing/conformance/ssh-raw.ts';
import { kexInit } from '../../testing/ssh/key-exchange.ts';
import { guard } from './guard.ts';
import { newHostKey } from './host-key.ts';
import { ChannelOutput } from './output.ts';
import { ClientReading } from './reading.ts';

/** The parts of the library's connections (1.17.0) that are not public. */
interface Inside {
  readonly _sock: Socket;
  readonly _protocol: {
    _onPayload: (payload: Buffer) => void;
    readonly _kexinit: Buffer | undefined;
    readonly _queue: readonly Buffer[] | undefined;
  };
}
const insideOf = (end: object) => end as Inside; // as guard.ts proves

const type = { kexInit: 20, global: 80, requestFailure: 82, openFailure: 92 } as const;
const ping = Buffer.concat([Buffer.from([type.global]), sshString('keepalive@openssh.com'), Buffer.from([1])]);

/** The side of the gateway of the newest connection. */
let served: Connection;
let running: PromiseWithResolvers<ServerChannel>;
let server: ssh2.Server;
beforeAll(async () => {
  server = new ssh2.Server({ hostKeys: [newHostKey()] }, (client) => {
    served = client;
    running = Promise.withResolvers();
    const reading = new ClientReading(insideOf(client)._sock);
    guard(client, {
      onViolation: (why) => running.reject(new Error(why)),
      onRefused: () => undefined,
      onPassed: () => reading.answered(),
    });
    client.on('error', () => undefined).on('authentication', (context) => context.accept());
    client.on('session', (accept) => accept().on('exec', (yes) => running.resolve(yes())));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => new Promise<void>((resolve) => void server.close(() => resolve())));

/** @param seen whether a message of the server is passed on to the client */
async function logIn(seen: (payload: Buffer) => boolean) {
  const client = new ssh2.Client();
  const { port } = server.address() as AddressInfo; // of a TCP listener
  client.connect({ host: '127.0.0.1', port, username: 'ana', password: 'any', readyTimeout: 0 });
  const { _protocol: protocol } = insideOf(client);
  const pass = protocol._onPayload;
  protocol._onPayload = (payload) => {
    if (seen(payload)) pass(payload);
  };
  client.on('error', () => undefined);
  await once(client, 'ready');
  return { client, [Symbol.dispose]: () => void client.destroy() };
}

test.each([
  ['requests that want an answer', ping, type.requestFailure],
  ['channels that are not carried', channelOpen('x11'), type.openFailure],
])(
  'who asks and does not read the answers is not read either, and then has them all: %s',
  async (_, question, answer) => {
    let answers = 0;
    using talk = await logIn((payload) => {
      if (payload[0] !== answer) return true;
      answers++;
      return false;
    });
    const socket = insideOf(served)._sock;
    const own = insideOf(talk.client)._sock;
    // As behind the megabytes that the system keeps for a client that does not read: nothing leaves any more.
    socket.cork();
    let asked = 0;
    while (!socket.isPaused() && asked < 300_000) {
      for (let i = 0; i < 500; i++) sendRaw(talk.client, question);
      asked += 500;
      do await turn();
      while (own.writableNeedDrain && !socket.isPaused());
    }
    expect(socket.isPaused()).toBe(true);
    // What one read of the socket brought is still answered.
    expect(socket.writableLength).toBeLessThan(1.5 * 1024 * 1024);
    socket.uncork();
    while (answers < asked) await turn();
    expect(answers).toBe(asked);
  },
);

test('while much of what a client asked for is not dealt with, it is not read', async () => {
  const socket = new Socket();
  const reading = new ClientReading(socket);
  const work = Array.from({ length: 150 }, () => Promise.withResolvers<undefined>());
  const all = work.map(({ promise }, i) => {
    const waits = reading.until(promise);
    expect(socket.isPaused()).toBe(i >= 99);
    return waits;
  });
  for (const [i, { resolve }] of work.entries()) {
    resolve(undefined);
    await all[i];
    expect(socket.isPaused()).toBe(i < 50);
  }
});

test('what failed is dealt with too', async () => {
  const socket = new Socket();
  const reading = new ClientReading(socket);
  const failures = Array.from({ length: 100 }, () => reading.until(Promise.reject(new Error('no'))));
  expect(socket.isPaused()).toBe(true);
  await Promise.allSettled(failures);
  expect(socket.isPaused()).toBe(false);
});

test('a client that begins to exchange keys and does not go on is sent one piece more, not its window', async () => {
  let isStalling = false;
  using talk = await logIn((payload) => !(isStalling && payload[0] === type.kexInit));
  talk.client.exec('print', () => undefined);
  const channel = await running.promise;
  const output = new ChannelOutput(channel, insideOf(served)._sock);
  const protocol = insideOf(served)._protocol;
  const piece = Buffer.alloc(32_768);
  expect(output.write('stdout', piece)).toBe(undefined);
  isStalling = true;
  sendRaw(talk.client, kexInit('curve25519-sha256'));
  while (protocol._kexinit === undefined) await turn();
  let isSent = false;
  const writes = Array.from({ length: 10 }, () => output.write('stdout', piece));
  const sent = Promise.all(writes.map(async (wait) => wait)).then(() => (isSent = true));
  for (let i = 0; i < 50; i++) await turn();
  expect(writes.every((wait) => wait !== undefined)).toBe(true);
  expect(isSent).toBe(false);
  const kept = (protocol._queue ?? []).reduce((sum, { length }) => sum + length, 0);
  expect(kept).toBeLessThan(2 * piece.length);
  output.abandon();
  await sent;
});

test('what waited for a key exchange goes on behind it', async () => {
  using talk = await logIn(() => true);
  let received = 0;
  talk.client.exec('print', (_error, channel) => channel.on('data', (chunk: Buffer) => (received += chunk.length)));
  const channel = await running.promise;
  const output = new ChannelOutput(channel, insideOf(served)._sock);
  const protocol = insideOf(served)._protocol;
  const piece = Buffer.alloc(32_768);
  // Ahead of the client's answer: all of it meets the exchange.
  served.rekey();
  expect(protocol._kexinit).toBeInstanceOf(Buffer);
  await Promise.all(Array.from({ length: 10 }, async () => output.write('stdout', piece)));
  while (received < 10 * piece.length) await turn();
  expect(received).toBe(10 * piece.length);
});
