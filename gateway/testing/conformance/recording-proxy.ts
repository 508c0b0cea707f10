import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A TCP proxy in the clear that keeps every byte on its way to the target. */
export interface RecordingProxy extends AsyncDisposable {
  readonly host: '127.0.0.1';
  readonly port: number;
  received(): Buffer;
  /** Bytes read from the target. A client that stops reading stops this. */
  readonly sentBytes: number;
  /** Nothing more comes from the target once it has sent so many bytes, until `thaw`. Resolves when that is so. */
  freezeAt(bytes: number): Promise<void>;
  thaw(): void;
  /** Drops every connection at once. */
  crash(): void;
  /** Resolves when nobody is connected. */
  idle(): Promise<void>;
}

export async function openRecordingProxy(targetPort: number): Promise<RecordingProxy> {
  const pieces: Buffer[] = [];
  const open = new Set<Socket>();
  let sentBytes = 0;
  let quiet = Promise.withResolvers<void>();
  quiet.resolve();
  const pairs = new Map<Socket, Socket>();
  let freeze: { readonly at: number; readonly done: () => void } | undefined;
  const freezeIfDue = () => {
    if (!freeze || sentBytes < freeze.at) return;
    for (const [target, client] of pairs) target.unpipe(client).pause();
    freeze.done();
  };

  const server = createServer((client) => {
    const target = connect({ host: '127.0.0.1', port: targetPort });
    if (open.size === 0) quiet = Promise.withResolvers();
    open.add(client);
    client.on('data', (chunk: Buffer) => void pieces.push(chunk));
    target.on('data', (chunk: Buffer) => {
      sentBytes += chunk.length;
      freezeIfDue();
    });
    pairs.set(target, client);
    client.pipe(target);
    target.pipe(client);
    const gone = () => {
      client.destroy();
      target.destroy();
      open.delete(client);
      pairs.delete(target);
      if (open.size === 0) quiet.resolve();
    };
    for (const socket of [client, target]) socket.on('error', gone).on('close', gone);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP listener has a port');

  return {
    host: '127.0.0.1',
    port: address.port,
    received: () => Buffer.concat(pieces),
    get sentBytes() {
      return sentBytes;
    },
    freezeAt(at) {
      const { promise, resolve } = Promise.withResolvers<void>();
      freeze = { at, done: resolve };
      freezeIfDue();
      return promise;
    },
    thaw() {
      freeze = undefined;
      for (const [target, client] of pairs) target.pipe(client);
    },
    crash() {
      for (const socket of [...open]) socket.resetAndDestroy();
    },
    idle: () => quiet.promise,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of open) socket.destroy();
      await once(server, 'close');
    },
  };
}
