import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import type { Readable } from 'node:stream';
import fc from 'fast-check';
import ssh2, { type ClientChannel, type ServerChannel } from 'ssh2';
import { expect, test } from 'vitest';
import { fuzzSeed } from '../../testing/seed.ts';
import { forLibrary } from './channel-sizes.ts';
import { newHostKey } from './host-key.ts';
import { ChannelOutput } from './output.ts';

/** Both ends of one channel of the patched library, each with sizes of its own. */
async function openPair(windowBytes: number, packetBytes: number) {
  const sizes = forLibrary({ windowBytes, packetBytes });
  const ran = Promise.withResolvers<ServerChannel>();
  const socket = Promise.withResolvers<Socket>();
  const listener = new ssh2.Server({ hostKeys: [newHostKey()], ...sizes }, (client) => {
    client.on('error', () => undefined).on('authentication', (attempt) => attempt.accept());
    socket.resolve((client as unknown as { readonly _sock: Socket })._sock); // the library's own, 1.17.0
    client.on('session', (accept) => accept().on('exec', (yes) => ran.resolve(yes())));
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo; // of a TCP listener
  const client = new ssh2.Client();
  client.connect({ host: '127.0.0.1', port, username: 'any', password: 'any', ...sizes });
  await once(client, 'ready');
  const there = await new Promise<ClientChannel>((resolve, reject) => {
    client.exec('any', (error, channel) => (error ? reject(error) : resolve(channel)));
  });
  const server = await ran.promise;
  return {
    client: there,
    server,
    output: new ChannelOutput(server, await socket.promise),
    async [Symbol.asyncDispose]() {
      client.destroy();
      await new Promise<void>((resolve) => void listener.close(() => resolve()));
    },
  };
}

/** One piece after the other, to each stream in turn. */
async function print(to: ChannelOutput, lengths: readonly number[]): Promise<void> {
  for (const [i, length] of lengths.entries())
    await to.write(i % 2 === 0 ? 'stdout' : 'stderr', Buffer.alloc(length, i));
  await to.flushed();
}

async function type(to: ClientChannel, lengths: readonly number[]): Promise<void> {
  for (const [i, length] of lengths.entries())
    await new Promise<void>((resolve) => void to.write(Buffer.alloc(length, i), () => resolve()));
}

/** Reads by fits and starts until so much is there; what waits is never more than the window. */
function read(from: readonly Readable[], bytes: number, pauses: readonly number[], windowBytes: number): Promise<void> {
  let [left, read] = [bytes, 0];
  const all = Promise.withResolvers<void>();
  if (bytes === 0) all.resolve();
  for (const stream of from)
    stream.on('data', (piece: Buffer) => {
      left -= piece.length;
      const waits = from.reduce((sum, { readableLength }) => sum + readableLength, 0);
      if (waits > windowBytes) all.reject(new Error(`${waits} bytes wait, and the window has ${windowBytes}`));
      if (left === 0) all.resolve();
      const turns = pauses[read++ % pauses.length] ?? 0;
      if (turns === 0) return;
      stream.pause();
      void rest(turns).then(() => stream.resume());
    });
  return all.promise;
}

async function rest(turns: number): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}

test('whatever is written and however it is read, all of it comes, and never more waits than the window holds', async () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 12 });
  const pauses = fc.array(fc.constantFrom(0, 0, 1, 5, 30), { minLength: 1, maxLength: 8 });
  const sizes = fc.constantFrom([32_768, 1_024], [32_768, 32_768], [40_001, 5_000], [65_536, 32_768]);
  await fc.assert(
    fc.asyncProperty(sizes, lengths, lengths, pauses, async ([window = 0, packet = 0], up, down, pausing) => {
      await using pair = await openPair(window, packet);
      const sum = (all: readonly number[]) => all.reduce((total, one) => total + one, 0);
      const arrived = [
        read([pair.server], sum(up), pausing, window),
        read([pair.client, pair.client.stderr], sum(down), pausing, window),
      ];
      await Promise.all([type(pair.client, up), print(pair.output, down), ...arrived]);
    }),
    { seed: fuzzSeed, numRuns: 25 },
  );
});

test('of what nobody reads one window is taken, and when it is read the next', async () => {
  const windowBytes = 32_768;
  await using pair = await openPair(windowBytes, 4_096);
  let sent = false;
  pair.client.write(Buffer.alloc(3 * windowBytes, 'x'), () => (sent = true));
  while (pair.server.readableLength < windowBytes) await rest(1);
  await rest(200);
  expect([pair.server.readableLength, sent]).toEqual([windowBytes, false]);
  let bytes = 0;
  pair.server.on('data', (piece: Buffer) => (bytes += piece.length));
  while (bytes < 3 * windowBytes) await rest(1);
});
