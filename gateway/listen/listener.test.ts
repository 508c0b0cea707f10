import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { afterEach, expect, test } from 'vitest';
import { tlsPair } from '../testing/tls.ts';
import { openListener, type Connection, type ListenerOptions, type ListenEvent } from './listener.ts';
import { ConnectionRegistry, type ConnectionLimits } from './registry.ts';

const roomy: ConnectionLimits = {
  connections: 100,
  connectionsPerPrincipal: 10,
  unauthenticated: 100,
  unauthenticatedMs: 60_000,
};

const clients = new Set<Socket>();
afterEach(() => {
  for (const client of clients) client.destroy();
  clients.clear();
});

interface Setup {
  readonly limits?: Partial<ConnectionLimits>;
  readonly onConnection?: ListenerOptions['onConnection'];
  readonly refuse?: ListenerOptions['refuse'];
  readonly signal?: AbortSignal;
}

/** A listener that greets, admits as `ana` and stays until the client leaves, unless told otherwise. */
async function start(setup: Setup = {}) {
  const registry = new ConnectionRegistry({ ...roomy, ...setup.limits });
  const events: ListenEvent[] = [];
  const waiting: (() => void)[] = [];
  const listener = await openListener({
    host: '127.0.0.1',
    port: 0,
    registry,
    onConnection: setup.onConnection ?? stay,
    refuse: setup.refuse ?? ((socket, why) => void socket.write(`no: ${why}`)),
    onEvent: (event) => {
      events.push(event);
      for (const wake of waiting.splice(0)) wake();
    },
    ...(setup.signal && { signal: setup.signal }),
  });
  const client = (): Socket => {
    const socket = connect(listener.port, listener.host).on('error', () => undefined);
    clients.add(socket);
    return socket;
  };
  const until = async (kind: ListenEvent['kind'], count = 1): Promise<void> => {
    while (events.filter((event) => event.kind === kind).length < count) {
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };
  const kinds = (): string[] => events.map(({ kind }) => kind);
  return { listener, registry, events, client, until, kinds, [Symbol.asyncDispose]: () => listener.close() };
}

async function stay({ socket, admit, signal }: Connection): Promise<void> {
  socket.resume().write(admit('ana'));
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
}

/** All that the client is sent until it is closed. */
async function readAll(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  if (!socket.closed) await once(socket, 'close');
  return text;
}

async function readOnce(socket: Socket): Promise<string> {
  const [chunk] = (await once(socket, 'data')) as [Buffer]; // a socket without an encoding emits buffers
  return chunk.toString();
}

test('a connection is served until its handler returns, and its last words arrive', async () => {
  await using at = await start({
    onConnection: async ({ socket, admit }) => {
      socket.write(`${admit('ana')} `);
      socket.write('x'.repeat(1_000_000));
      await Promise.resolve();
    },
  });
  const text = await readAll(at.client());
  expect(text.length).toBe('admitted '.length + 1_000_000);
  await at.until('closed');
  expect(at.registry.counts).toEqual({ open: 0, unauthenticated: 0, principals: 0 });
  expect(at.events.at(-1)).toMatchObject({ kind: 'closed', peer: { ip: '127.0.0.1' }, bytesWritten: 1_000_009 });
});

test.each([
  ['connections', { connections: 1 }, 'no: too-many-connections'],
  ['unauthenticated', { unauthenticated: 1 }, 'no: too-many-unauthenticated'],
])('one over the limit on %s is told so and closed; the others stay', async (_, limits, told) => {
  await using at = await start({
    limits,
    onConnection: ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
  });
  const first = at.client();
  await at.until('accepted');
  expect(await readAll(at.client())).toBe(told);
  expect(first.readyState).toBe('open');
  expect(at.listener.open).toBe(1);
});

test('a refusal that throws or never ends closes the socket all the same', async () => {
  let calls = 0;
  await using at = await start({
    limits: { connections: 0 },
    refuse: (_, __, signal) => {
      if (++calls === 1) throw new Error('cannot say it');
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
    },
  });
  expect(await readAll(at.client())).toBe('');
  expect(await readAll(at.client())).toBe('');
  expect(calls).toBe(2);
});

test('a flood of refused connections is cut short, and the listener closes at once under it', async () => {
  const at = await start({ limits: { connections: 0 }, refuse: () => new Promise(() => undefined) });
  for (let i = 0; i < 70; i++) at.client();
  await at.until('refused', 70);
  expect(at.events.filter((event) => event.kind === 'refused' && event.silent).length).toBe(6);
  await at.listener.close();
});

test('a principal over their limit is the handler’s to refuse', async () => {
  await using at = await start({ limits: { connectionsPerPrincipal: 1 } });
  expect(await readOnce(at.client())).toBe('admitted');
  expect(await readOnce(at.client())).toBe('too-many-for-principal');
});

test('who does not log in in time is told by the protocol and closed', async () => {
  await using at = await start({
    limits: { unauthenticatedMs: 20 },
    onConnection: async ({ socket, loginDeadline }) => {
      await new Promise<void>((resolve) => loginDeadline.addEventListener('abort', () => resolve()));
      socket.write('too slow');
    },
  });
  expect(await readAll(at.client())).toBe('too slow');
  expect(at.kinds()).toEqual(['accepted', 'login-deadline', 'closed']);
});

test('a handler that ignores the deadline loses its socket, and cannot admit any more', async () => {
  const late = Promise.withResolvers<string>();
  await using at = await start({
    limits: { unauthenticatedMs: 20 },
    onConnection: async ({ admit, signal, loginDeadline }) => {
      await new Promise<void>((resolve) => loginDeadline.addEventListener('abort', () => resolve()));
      late.resolve(admit('ana'));
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    },
  });
  expect(await readAll(at.client())).toBe('');
  expect(await late.promise).toBe('ended');
});

test('an admitted connection outlives the login deadline', async () => {
  await using at = await start({ limits: { unauthenticatedMs: 30 } });
  const early = at.client();
  expect(await readOnce(early)).toBe('admitted');
  // A second one runs into its deadline, which is later than the first one's would have been.
  const slow = await start({ limits: { unauthenticatedMs: 60 }, onConnection: () => new Promise(() => undefined) });
  slow.client();
  await slow.until('login-deadline');
  await slow.listener.close();
  expect(early.readyState).toBe('open');
  expect(at.kinds()).toEqual(['accepted']);
});

test('a handler that throws ends its own connection only', async () => {
  let first = true;
  await using at = await start({
    onConnection: (connection) => {
      if (!first) return stay(connection);
      first = false;
      return Promise.reject(new Error('boom'));
    },
  });
  expect(await readAll(at.client())).toBe('');
  expect(await readOnce(at.client())).toBe('admitted');
  expect(at.events.find(({ kind }) => kind === 'failed')).toMatchObject({ error: new Error('boom') });
});

test('a client that resets disturbs nobody', async () => {
  await using at = await start();
  const rude = at.client();
  const polite = at.client();
  await Promise.all([readOnce(rude), readOnce(polite)]);
  rude.resetAndDestroy();
  await at.until('closed');
  expect(polite.readyState).toBe('open');
  expect(at.registry.counts).toEqual({ open: 1, unauthenticated: 0, principals: 1 });
});

test('a drain stops accepting, lets sessions end by themselves, and destroys nothing then', async () => {
  await using at = await start({
    onConnection: async ({ socket, admit, draining }) => {
      socket.write(admit('ana'));
      await new Promise<void>((resolve) => draining.addEventListener('abort', () => resolve()));
      socket.write(' goodbye');
    },
  });
  const client = at.client();
  const said = readAll(client);
  await once(client, 'data');
  expect(await at.listener.drain(60_000)).toBe(0);
  expect(await said).toBe('admitted goodbye');
  const [refused] = (await once(connect(at.listener.port, '127.0.0.1'), 'error')) as [NodeJS.ErrnoException]; // what `error` carries
  expect(refused.code).toBe('ECONNREFUSED');
  expect(at.kinds().slice(-3)).toEqual(['draining', 'closed', 'stopped']);
});

test('a drain destroys at its deadline what has not ended', async () => {
  await using at = await start();
  const stubborn = at.client();
  await readOnce(stubborn);
  expect(await at.listener.drain(10)).toBe(1);
  await readAll(stubborn);
});

test('closing twice, during a drain and after it, is the same as closing once', async () => {
  const at = await start();
  await readOnce(at.client());
  const drain = at.listener.drain(60_000);
  await Promise.all([at.listener.close(), at.listener.close()]);
  expect(await drain).toBe(0);
  await at.listener.close();
  expect(await at.listener.drain(0)).toBe(0);
  expect(at.registry.counts.open).toBe(0);
});

test('aborting the signal closes', async () => {
  const stop = new AbortController();
  const at = await start({ signal: stop.signal });
  const client = at.client();
  await readOnce(client);
  stop.abort();
  await readAll(client);
  await at.listener.close();
});

test('a port that is taken is an error with the address in it', async () => {
  await using at = await start();
  const { registry } = at;
  const again = openListener({
    host: '127.0.0.1',
    port: at.listener.port,
    registry,
    onConnection: stay,
    refuse: () => undefined,
    onEvent: () => undefined,
  });
  await expect(again).rejects.toThrow(
    `cannot listen on 127.0.0.1:${at.listener.port}: another program listens there (EADDRINUSE). Stop it, or give another port`,
  );
});

test('a connection whose handler speaks TLS over the socket is counted out when either side ends', async () => {
  const tls = tlsPair();
  await using at = await start({
    onConnection: async ({ socket, admit, signal }) => {
      const secure = new TLSSocket(socket, { isServer: true, key: tls.key, cert: tls.cert });
      secure.on('error', () => undefined);
      secure.write(admit('ana'));
      await new Promise<void>((resolve) => {
        secure.once('end', resolve);
        signal.addEventListener('abort', () => resolve());
      });
      secure.end();
    },
  });
  const client = connectTls({ port: at.listener.port, host: '127.0.0.1', ca: tls.ca, servername: 'localhost' });
  clients.add(client);
  expect(await readOnce(client)).toBe('admitted');
  expect(at.registry.counts.open).toBe(1);
  client.end();
  await at.until('closed');
  expect(at.registry.counts).toEqual({ open: 0, unauthenticated: 0, principals: 0 });
});
