import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import ssh2, { type Connection } from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newHostKey, publicHalf, publicKeyLine } from '../../protocols/ssh/index.ts';
import { openRecordingProxy } from '../conformance/recording-proxy.ts';
import { channelRequest, sendRaw, sshString, uint32 } from '../conformance/ssh-raw.ts';
import { noSshd, sshdPath } from '../sshd.ts';
import { openFront } from './front.ts';
import { run, startSshRig, type SshRig } from './rig.ts';

const sum = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const type = {
  ...{ disconnect: 1, open: 90, confirmation: 91, adjust: 93 },
  ...{ data: 94, extended: 95, request: 98 },
} as const;
const protocolError = 2;

/** The parts of the library's client (1.17.0) that are not public. */
interface Inside {
  readonly _protocol: { _onPayload: (payload: Buffer) => void };
}

/** A session of its own by raw messages, on a connection of the library. The library knows nothing of the channel, which has the number 0 there. */
async function logIn(port: number, privateKey: string) {
  const client = new ssh2.Client();
  client.on('error', () => undefined);
  client.connect({ host: '127.0.0.1', port, username: 'web1', privateKey, readyTimeout: 0 });
  const heard: Buffer[] = [];
  const { _protocol: protocol } = client as unknown as Inside; // as guard.ts proves
  const pass = protocol._onPayload;
  protocol._onPayload = (payload) => {
    heard.push(Buffer.from(payload));
    pass(payload);
  };
  const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
  await once(client, 'ready');
  const of = (number: number) => heard.filter((payload) => payload[0] === number);
  const adjust = (bytes: number) => sendRaw(client, Buffer.concat([Buffer.of(type.adjust), uint32(0, bytes)]));
  return {
    client,
    closed,
    of,
    adjust,
    exec: (line: string) => sendRaw(client, channelRequest('exec', line)),
    open: (windowBytes: number, packetBytes: number) =>
      sendRaw(
        client,
        Buffer.concat([Buffer.of(type.open), sshString('session'), uint32(77, windowBytes, packetBytes)]),
      ),
    /** A packet of data, whatever was granted. */
    send: (bytes: number) =>
      sendRaw(client, Buffer.concat([Buffer.of(type.data), uint32(0), sshString(Buffer.alloc(bytes, 'x'))])),
    /** Resolves once `enough` bytes of data have come. @returns the pieces */
    async data(enough: number): Promise<readonly Buffer[]> {
      const pieces = () => of(type.data).map((payload) => payload.subarray(9));
      while (Buffer.concat(pieces()).length < enough) await sleep(5);
      return pieces();
    },
    /** What the gateway said when it hung up. */
    async told() {
      await closed;
      const [last] = of(type.disconnect);
      return { reason: last?.readUInt32BE(1), text: last?.toString('utf8', 9, 9 + last.readUInt32BE(5)) };
    },
    [Symbol.dispose]: () => void client.destroy(),
  };
}

describe.skipIf(sshdPath === undefined)(
  sshdPath === undefined ? `sizes of channels (skipped: ${noSshd})` : 'sizes of channels',
  () => {
    let world: SshRig;
    let dir: string;
    const [windowBytes, packetBytes] = [40_000, 3_000];
    beforeAll(async () => {
      dir = await mkdtemp(join(tmpdir(), 'sallyport-sizes-'));
      world = await startSshRig({
        listen: { window_bytes: windowBytes, packet_bytes: packetBytes },
      });
    }, 180_000);
    afterAll(async () => {
      await rm(dir, { recursive: true, force: true });
      await world[Symbol.asyncDispose]();
    });
    const olga = async () => logIn(world.port, await readFile(await world.login('olga'), 'utf8'));

    test('OpenSSH is told the configured ones, and both ways everything still gets there', async () => {
      const content = randomBytes(3_000_000);
      const ran = await world.ssh('olga', ['-vv', 'web1@127.0.0.1', 'cat'], content);
      expect(ran.code).toBe(0);
      expect(sum(Buffer.from(ran.out, 'latin1'))).toBe(sum(content));
      expect(ran.err).toContain(`channel 0: open confirm rwindow ${windowBytes} rmax ${packetBytes}`);
    });

    test('files go both ways by sftp, whose packets are larger than all of the window', async () => {
      const content = randomBytes(2_000_000);
      const [here, there, back] = ['here', 'there', 'back'].map((name) => join(dir, name));
      await writeFile(here ?? '', content);
      await writeFile(join(dir, 'batch'), `put ${here} ${there}\nget ${there} ${back}\n`);
      const options = world.options(await world.login('olga'));
      const ran = await run('sftp', [...options, '-b', join(dir, 'batch'), 'web1@127.0.0.1']);
      expect(ran.code).toBe(0);
      expect(sum(await readFile(back ?? ''))).toBe(sum(content));
    });

    test.each([
      ['one byte past the window', [...Array.from({ length: 13 }, () => 3_000), 1_001], 'data past the window'],
      ['a packet that is too large', [3_001], '3001 bytes of data in one packet, and the channel takes 3000'],
    ])('a client that sends %s is disconnected with the reason, and others are unharmed', async (_, sent, why) => {
      using other = await olga();
      other.open(2_000_000, 32_768);
      other.exec('cat');
      other.send(10);
      await other.data(10);
      using client = await olga();
      client.open(2_000_000, 32_768);
      // Nobody reads it: what was granted is all that there is.
      client.exec('sleep 600');
      for (const bytes of sent) client.send(bytes);
      expect(await client.told()).toEqual({ reason: protocolError, text: `protocol: ${why}` });
      other.send(10);
      await other.data(20);
    });

    test.each([
      ['packets of nothing', 1_000_000, 0],
      ['packets of one byte', 1_000_000, 1],
    ])('a client that takes %s is disconnected, and told why', async (_, windowOf, packetOf) => {
      using client = await olga();
      client.open(windowOf, packetOf);
      client.exec('echo never');
      const why = `protocol: a channel that takes packets of ${packetOf} bytes, and 1024 is the least`;
      expect(await client.told()).toEqual({ reason: protocolError, text: why });
    });

    test('a client without a window is sent nothing until it has one, and then to the byte', async () => {
      using client = await olga();
      client.open(0, 32_768);
      client.exec('echo 0123456789');
      while (client.of(type.confirmation).length === 0) await sleep(5);
      for (let i = 1; i <= 10; i++) {
        client.adjust(1);
        const pieces = await client.data(i);
        expect(pieces.map((piece) => piece.toString())).toEqual(Array.from({ length: i }, (_, n) => String(n)));
      }
    });

    test('what a client grants before anything runs counts', async () => {
      using client = await olga();
      client.open(0, 32_768);
      client.adjust(4);
      client.exec('echo 0123456789');
      expect(Buffer.concat([...(await client.data(4))]).toString()).toBe('0123');
    });

    test('a client that takes all there is gets packets of 32 KiB at most, and one that takes little gets no more', async () => {
      for (const [packetOf, largest] of [
        [0xffffffff, 32_768],
        [1_024, 1_024],
      ] as const) {
        using client = await olga();
        client.open(0xffffffff, packetOf);
        client.exec('head -c 1000000 /dev/zero');
        const pieces = await client.data(1_000_000);
        expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(largest);
      }
    });

    test('a window past 2^32 - 1 bytes ends the connection, and others are unharmed', async () => {
      using other = await olga();
      using client = await olga();
      client.open(0xffffffff, 32_768);
      client.adjust(1);
      const text = 'protocol: a window of more than 2^32 - 1 bytes';
      expect(await client.told()).toEqual({ reason: protocolError, text });
      other.open(2_000_000, 32_768);
      other.exec('echo on');
      await other.data(3);
    });

    test('of what a host prints and its client does not take, as much is kept as the window holds', async () => {
      const { sshd } = world;
      for (const sizes of [
        { windowBytes: 32_768, packetBytes: 32_768 },
        { windowBytes: 1_000_000, packetBytes: 32_768 },
      ]) {
        await using proxy = await openRecordingProxy(sshd.port);
        await using front = await openFront({ ...sshd, port: proxy.port, sizes });
        using client = await logIn(front.listener.port, front.userKey);
        const taken = 10_000;
        client.open(taken, 32_768);
        client.exec('yes');
        await client.data(taken);
        // Until nothing moves any more, and not before a window is full: a gateway that has no time moves nothing either.
        for (let before = -1; before !== proxy.sentBytes || before <= sizes.windowBytes;) {
          before = proxy.sentBytes;
          await sleep(300);
        }
        // What was passed on, one window, one piece on its way, and what SSH itself takes.
        expect(proxy.sentBytes).toBeLessThan(taken + 1.1 * sizes.windowBytes + 100_000);
      }
    });
  },
);

// --- hosts that do not keep to it ---------------------------------------------------------------------------------------------------

const hostKey = newHostKey();

/** A host of the library, which sends raw messages once what runs is typed to. Its client has the number 0 for the channel. */
async function openHost(breach: (client: Connection) => void) {
  const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    client.on('error', () => undefined).on('authentication', (attempt) => attempt.accept());
    client.on('session', (accept) => {
      accept().on('exec', (yes, _no, { command }) => {
        const channel = yes();
        channel.write('begun\n');
        if (command === 'breach') channel.once('data', () => breach(client));
        else channel.on('data', (bytes: Buffer) => channel.write(bytes));
      });
    });
  });
  const listener = createServer((socket: Socket) => server.injectSocket(socket));
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP listener has a port');
  return { port: address.port, [Symbol.asyncDispose]: async () => void listener.close() };
}

const raw = (client: Connection, payload: Buffer) => sendRaw(client as unknown as ssh2.Client, payload); // both have what it writes by
const piece = (kind: number, bytes: number) =>
  Buffer.concat([Buffer.of(kind), uint32(0, ...(kind === type.extended ? [1] : [])), sshString(Buffer.alloc(bytes))]);
const breaches: [name: string, breach: (client: Connection) => void, why: string][] = [
  [
    'sends more than its window',
    (client) => Array.from({ length: 50 }, () => raw(client, piece(type.data, 2_000))),
    'data past the window',
  ],
  [
    'sends more errors than its window',
    (client) => Array.from({ length: 50 }, () => raw(client, piece(type.extended, 2_000))),
    'data past the window',
  ],
  [
    'sends packets that are too large',
    (client) => raw(client, piece(type.data, 4_097)),
    '4097 bytes of data in one packet, and the channel takes 4096',
  ],
  [
    'grants more than there can be',
    (client) => raw(client, Buffer.concat([Buffer.of(type.adjust), uint32(0, 0xffffffff)])),
    'a window of more than 2^32 - 1 bytes',
  ],
  [
    'takes packets of nothing',
    (client) => raw(client, Buffer.concat([Buffer.of(type.confirmation), uint32(1, 1, 1_000_000, 0)])),
    'a channel that takes packets of 0 bytes, and 1024 is the least',
  ],
];

test.each(breaches)(
  'a host that %s is left: what runs there ends as lost, the log says why, and other sessions go on',
  async (_, breach, why) => {
    await using host = await openHost(breach);
    const at = { port: host.port, hostKey: publicKeyLine(publicHalf(hostKey)), user: 'root', key: newHostKey() };
    await using front = await openFront({
      ...at,
      asksShell: false,
      sizes: { windowBytes: 32_768, packetBytes: 4_096 },
    });
    using other = await logIn(front.listener.port, front.userKey);
    other.open(1_000, 32_768);
    other.exec('other');
    await other.data(6);
    using client = await logIn(front.listener.port, front.userKey);
    // Room for what is printed first: what comes behind it waits in the gateway.
    client.open(6, 32_768);
    client.exec('breach');
    await client.data(6);
    client.send(1);
    while (!front.log.join('\n').includes(`the host broke the protocol: 127.0.0.1: ${why}`)) await sleep(5);
    client.adjust(1_000_000);
    const exit = () => client.of(type.request).find((payload) => payload.includes('exit-status'));
    while (!exit()) await sleep(5);
    expect(exit()?.readUInt32BE((exit()?.length ?? 0) - 4)).toBe(255);
    const said = Buffer.concat(client.of(type.extended).map((payload) => payload.subarray(13))).toString();
    expect(said.replaceAll('\0', '')).toBe('sallyport: connection to the target lost before the command ended\n');
    other.send(10);
    await other.data(16);
  },
);
