import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import fc from 'fast-check';
import ssh2, { type Connection } from 'ssh2';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { channelOpen, channelRequest, sendRaw, sshString, uint32 } from '../../testing/conformance/ssh-raw.ts';
import { fuzzSeed } from '../../testing/seed.ts';
import { guard } from './guard.ts';
import { newHostKey } from './host-key.ts';

/** What the library was given of one connection, what the guard said of it, and how it ended. */
interface Seen {
  readonly passed: Buffer[];
  readonly violations: string[];
  readonly refused: string[];
  readonly lines: string[];
  /** What the client read as the reason of the end. */
  told: string;
  /** What the library could not read. */
  broken: string;
}

/** The number of a message (RFC 4250 section 4.1.2). */
const type = { global: 80, open: 90, confirmation: 91, adjust: 93, data: 94, extended: 95 } as const;
const budgetMs = Number(process.env['SALLYPORT_FUZZ_MS'] ?? 3_000);
const window = 2 * 1024 * 1024; // what the library grants unless it is told

let server: ssh2.Server;
let port = 0;
const arriving = new Map<string, (seen: Seen) => void>();
/** Those who never log in. */
const strangers = new Map<string, (seen: Seen) => void>();
beforeAll(async () => {
  server = new ssh2.Server({ hostKeys: [newHostKey()] }, (client) => {
    const seen: Seen = { passed: [], violations: [], refused: [], lines: [], told: '', broken: '' };
    spy(client, (payload) => seen.passed.push(Buffer.from(payload)));
    guard(client, {
      onViolation: (why) => seen.violations.push(why),
      onRefused: (what) => seen.refused.push(what),
      onPassed: () => undefined,
    });
    let user = '';
    client.on('authentication', (context) => {
      user = context.username;
      if (context.method === 'none') strangers.get(user)?.(seen);
      if (context.method === 'none') context.reject(['password']);
      else context.accept();
    });
    client.on('error', (error) => (seen.broken ||= error.message));
    client.on('session', (accept) => {
      accept().on('exec', (yes, _no, { command }) => {
        seen.lines.push(command);
        const channel = yes();
        // Nobody reads: no window is granted again.
        channel.write('running\n');
      });
    });
    client.once('ready', () => arriving.get(user)?.(seen));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port; // of a TCP listener
});
afterAll(() => new Promise<void>((resolve) => void server.close(() => resolve())));

/** Behind the guard, before the library. */
function spy(client: Connection, seen: (payload: Buffer) => void): void {
  const { _protocol: protocol } = client as unknown as { _protocol: { _onPayload: (payload: Buffer) => void } }; // as guard.ts proves
  const read = protocol._onPayload;
  protocol._onPayload = (payload) => {
    seen(payload);
    read(payload);
  };
}

async function logIn() {
  const username = `user${arriving.size}`;
  const arrived = new Promise<Seen>((resolve) => arriving.set(username, resolve));
  const client = new ssh2.Client();
  client.connect({ host: '127.0.0.1', port, username, password: 'any', readyTimeout: 0 });
  let said = '';
  client.on('error', (error) => (said ||= error.message));
  const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
  await once(client, 'ready');
  const seen = await arrived;
  void closed.then(() => (seen.told = said));
  /** Whether a command still runs: it is told so in order, behind all that was sent before. */
  const runs = () =>
    Promise.race([
      closed.then(() => false),
      new Promise<boolean>((resolve) => {
        client.exec('still', (error, channel) => {
          if (error) return resolve(false);
          return channel.once('data', () => resolve(true));
        });
      }).catch(() => false),
    ]);
  return { client, seen, closed, runs, [Symbol.dispose]: () => void client.destroy() };
}

/** Sends one message behind the login, and sees whether the connection lives. */
async function afterSending(...payloads: readonly Buffer[]) {
  using talk = await logIn();
  const { client, seen, runs, closed } = talk;
  seen.passed.length = 0;
  for (const payload of payloads) sendRaw(client, payload);
  const lives = await runs();
  if (!lives) await closed;
  return { ...seen, lives };
}

/** Sends messages in place of a login, behind the question how to log in. @returns how that ended */
async function asStranger(...payloads: readonly Buffer[]) {
  const username = `stranger${strangers.size}`;
  const arrived = new Promise<Seen>((resolve) => strangers.set(username, resolve));
  const client = new ssh2.Client();
  let asked = 0;
  const ready = new Promise<void>((resolve) => {
    client.connect({
      ...{ host: '127.0.0.1', port, username, readyTimeout: 0 },
      authHandler: (_left, _partial, next) => (asked++ === 0 ? next({ type: 'none', username }) : resolve()),
    });
  });
  let told = '';
  client.on('error', (error) => (told ||= error.message));
  const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
  const seen = await arrived;
  await ready;
  seen.passed.length = 0;
  for (const payload of payloads) sendRaw(client, payload);
  await closed;
  return { ...seen, told };
}

const ignored = (bytes: number) => Buffer.concat([Buffer.from([2]), sshString(Buffer.alloc(bytes))]);
const ping = Buffer.concat([Buffer.from([type.global]), sshString('keepalive@openssh.com'), Buffer.from([1])]);

test.each([
  ['a request that wants an answer', ping],
  ['a channel', channelOpen('session')],
  ['a channel that is not carried', channelOpen('x11')],
  ['an answer to a request', Buffer.from([81])],
  ['data', Buffer.concat([Buffer.from([type.data]), uint32(0), sshString('x')])],
])(
  '%s before the login ends the connection and is answered in no other way (RFC 4252 section 6)',
  async (_, payload) => {
    const { told, passed, refused, violations } = await asStranger(payload, payload);
    const why = `protocol: message ${payload[0]} before the login`;
    expect({ told, passed, refused, violations }).toEqual({ told: why, passed: [], refused: [], violations: [why] });
  },
);

test.each([
  ['messages that are ignored', 2_000, () => ignored(1)],
  ['large messages that are ignored', 60, () => ignored(30_000)],
  ['debug messages', 60, () => Buffer.concat([Buffer.from([4, 0]), sshString('x'.repeat(30_000)), sshString('')])],
  ['messages that were not understood', 2_000, () => Buffer.concat([Buffer.from([3]), uint32(7)])],
  [
    'questions how to log in',
    2_000,
    () =>
      Buffer.concat([
        Buffer.from([50]),
        ...[`stranger${strangers.size}`, 'ssh-connection', 'none'].map((text) => sshString(text)),
      ]),
  ],
])('a client that has not logged in sends no more than so much: %s', async (_, count, one) => {
  const payload = one();
  const { told, violations, passed } = await asStranger(...Array.from({ length: count }, () => payload));
  const why = 'protocol: too much before the login';
  expect({ told, violations }).toEqual({ told: why, violations: [why] });
  const bytes = passed.reduce((sum, { length }) => sum + length, 0);
  expect(bytes).toBeLessThanOrEqual(1024 * 1024);
  expect(passed.length).toBeLessThanOrEqual(1_000);
  // Most of it was taken: the connection ended for how much it was.
  expect(Math.max(bytes / 1024 / 1024, passed.length / 1_000)).toBeGreaterThan(0.9);
});

test('behind the login there is no such limit', async () => {
  const { lives, violations } = await afterSending(...Array.from({ length: 2_000 }, () => ignored(1_000)));
  expect({ lives, violations }).toEqual({ lives: true, violations: [] });
});

test('a message that no client sends ends the connection, with its number, and reaches nothing', async () => {
  // From RFC 4250 and its successors: all that servers send, that nobody has defined, and that belongs to ways to log in which are not taken.
  const none = [0, 6, 8, 19, 35, 49, 51, 52, 53, 62, 67, 79, 83, 89, 95, 101, 127, 128, 191, 192, 200, 255];
  for (const number of none) {
    const { lives, told, passed, violations } = await afterSending(Buffer.from([number, 0, 0, 0, 0]));
    const why = `protocol: message ${number} is none of a client’s`;
    expect({ lives, told, passed, violations }).toEqual({ lives: false, told: why, passed: [], violations: [why] });
  }
});

test('a message without a type ends the connection', async () => {
  const { lives, passed, violations } = await afterSending(Buffer.alloc(0));
  expect({ lives, passed, violations }).toEqual({
    lives: false,
    passed: [],
    violations: ['protocol: message without a type is none of a client’s'],
  });
});

test('behind a violation nothing is read any more', async () => {
  const { lines, passed } = await afterSending(
    Buffer.from([255]),
    channelOpen('session'),
    channelRequest('exec', 'id'),
  );
  expect({ lines, passed }).toEqual({ lines: [], passed: [] });
});

test.each(['x11', 'auth-agent@openssh.com', 'tun@openssh.com', ''])(
  'a channel of the type "%s" is refused, and the connection goes on',
  async (kind) => {
    const more = Buffer.concat([sshString('127.0.0.1'), uint32(22), sshString('127.0.0.1'), uint32(1)]);
    const { lives, refused, passed } = await afterSending(channelOpen(kind, more));
    expect({ lives, refused }).toEqual({ lives: true, refused: [kind] });
    expect(
      passed.filter((payload) => payload[0] === type.open).map((payload) => payload.toString('latin1', 5, 12)),
    ).toEqual(['session']);
  },
);

test.each(['direct-tcpip', 'direct-streamlocal@openssh.com'])(
  'a channel of the type "%s" is for the session',
  async (kind) => {
    const more = Buffer.concat([sshString('127.0.0.1'), uint32(22), sshString('127.0.0.1'), uint32(1)]);
    const { lives, refused, passed } = await afterSending(channelOpen(kind, more));
    expect({ lives, refused }).toEqual({ lives: true, refused: [] });
    expect(passed.filter((payload) => payload[0] === type.open)).toHaveLength(2);
  },
);

test.each(['any-forward', 'tcpip-forward2'])('a request for %s is told', async (name) => {
  const request = Buffer.concat([
    Buffer.from([type.global]),
    sshString(name),
    Buffer.from([0]),
    sshString(''),
    uint32(0),
  ]);
  expect(await afterSending(request)).toMatchObject({ lives: true, refused: [name] });
});

test('messages that end anywhere, or lie about a length, never become more than they are', async () => {
  const whole = [
    channelOpen('session'),
    channelOpen('direct-tcpip'),
    Buffer.concat([
      Buffer.from([type.global]),
      sshString('tcpip-forward'),
      Buffer.from([1]),
      sshString('h'),
      uint32(22),
    ]),
  ];
  for (const message of whole) {
    const ends = Array.from({ length: message.length - 1 }, (_, i) => i + 1);
    const outcomes = await Promise.all(ends.map((end) => afterSending(message.subarray(0, end))));
    for (const [i, { lives, refused, lines, violations, broken, passed }] of outcomes.entries()) {
      const end = i + 1;
      // What the guard reads of it is all there, or the connection is over.
      const read = passed.filter((payload) => payload[0] === message[0]).map((payload) => payload.length);
      const known = lives ? refused.length + read.length : violations.length + broken.length;
      expect(known, `${message.toString('latin1')} ${end}`).toBeGreaterThan(0);
      expect(lines).toEqual(lives ? ['still'] : []);
    }
    for (const length of [0x7fffffff, 0xffffffff, message.length])
      expect(
        await afterSending(Buffer.concat([message.subarray(0, 1), uint32(length), message.subarray(5)])),
      ).toMatchObject({ lives: false, lines: [], refused: [] });
  }
});

test('a line that is cut is none', async () => {
  const line = channelRequest('exec', 'id; echo');
  const cuts = Array.from({ length: line.length - 1 }, (_, i) => line.subarray(0, i + 1));
  const outcomes = await Promise.all(cuts.map((cut) => afterSending(channelOpen('session'), cut)));
  for (const { lines } of outcomes) expect(lines.filter((one) => one !== 'still')).toEqual([]);
});

test('names with other than printable ASCII, and long ones, end the connection', async () => {
  for (const name of ['session\0', 'ses sion', 'sessioñ', 'x'.repeat(65)])
    expect(await afterSending(channelOpen(name))).toMatchObject({
      lives: false,
      told: 'protocol: a channel without a type',
    });
});

const data = (channel: number, bytes: number, said = bytes) =>
  Buffer.concat([Buffer.from([type.data]), uint32(channel, said), Buffer.alloc(bytes)]);

test('a window may be filled to its last byte, and data past it end the connection', async () => {
  const piece = 32_768;
  const full = Array.from({ length: window / piece }, () => data(0, piece));
  const start = [channelOpen('session'), channelRequest('exec', 'cat')];
  expect(await afterSending(...start, ...full)).toMatchObject({ lives: true, violations: [] });
  const over = await afterSending(...start, ...full, ...full, ...full);
  expect(over).toMatchObject({ lives: false, told: 'protocol: data past the window' });
  const taken = over.passed.filter((payload) => payload[0] === type.data).length * piece;
  expect(taken).toBe(window);
});

test('data whose length says more than the window ends the connection, however little it is', async () => {
  const start = [channelOpen('session'), channelRequest('exec', 'cat')];
  const { lives, violations } = await afterSending(...start, data(0, 10, 0xffffffff));
  const why = 'protocol: 4294967295 bytes of data in one packet, and the channel takes 32768';
  expect({ lives, violations }).toEqual({ lives: false, violations: [why] });
});

test('a packet with one byte more than the channel takes ends the connection, and one that is full does not', async () => {
  const start = [channelOpen('session'), channelRequest('exec', 'cat')];
  expect(await afterSending(...start, data(0, 32_768))).toMatchObject({ lives: true, violations: [] });
  const why = 'protocol: 32769 bytes of data in one packet, and the channel takes 32768';
  expect(await afterSending(...start, data(0, 32_769))).toMatchObject({ lives: false, told: why, violations: [why] });
});

test.each([0, 1, 1_023])('a channel that takes packets of %d bytes ends the connection', async (packetBytes) => {
  const open = channelOpen('session');
  open.writeUInt32BE(packetBytes, open.length - 4);
  const why = `protocol: a channel that takes packets of ${packetBytes} bytes, and 1024 is the least`;
  expect(await afterSending(open)).toMatchObject({ lives: false, told: why, violations: [why] });
  // As the answer to a channel of the gateway’s own.
  const confirmation = Buffer.concat([Buffer.from([type.confirmation]), uint32(0, 0, window, packetBytes)]);
  expect(await afterSending(confirmation)).toMatchObject({ lives: false, told: why, violations: [why] });
});

test('a channel that says nothing of its sizes ends the connection', async () => {
  const open = channelOpen('session');
  expect(await afterSending(open.subarray(0, -4))).toMatchObject({
    lives: false,
    told: 'protocol: a channel without its sizes',
  });
});

const adjust = (more: number) => Buffer.concat([Buffer.from([type.adjust]), uint32(0, more)]);

test.each([
  ['before anything runs', [channelOpen('session')]],
  ['while something runs', [channelOpen('session'), channelRequest('exec', 'cat')]],
])('a window may grow to 2^32 - 1 bytes and no further (RFC 4254 section 5.2): %s', async (_, start) => {
  const most = 0xffffffff - 2_000_000;
  // What runs has said something by then.
  const room = start.length === 1 ? most : most - 100;
  expect(await afterSending(...start, adjust(room))).toMatchObject({ lives: true, violations: [] });
  const why = 'protocol: a window of more than 2^32 - 1 bytes';
  for (const grants of [[most + (start.length === 1 ? 1 : 100)], [room, 200], [0xffffffff]])
    expect(await afterSending(...start, ...grants.map(adjust))).toMatchObject({ lives: false, told: why });
});

test('data for a channel that there is not, or in which nothing runs, is nothing', async () => {
  expect(await afterSending(data(9, 10), channelOpen('session'), data(0, 10))).toMatchObject({ lives: true });
});

test('a packet of more than the library takes ends the connection', async () => {
  const { lives, broken, passed } = await afterSending(data(0, 300_000));
  expect({ lives, passed }).toEqual({ lives: false, passed: [] });
  expect(broken).toMatch(/packet length/i);
});

test.each([
  [
    'a ClientHello without an end',
    Buffer.concat([Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]), Buffer.alloc(10_000, 1)]),
  ],
  ['a version without an end', Buffer.from(`SSH-2.0-${'x'.repeat(10_000)}`)],
])('%s is hung up on without waiting', async (_, bytes) => {
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => undefined);
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  socket.write(bytes);
  await once(socket, 'close');
  expect(text).toMatch(/^SSH-2\.0-[ -~]+\r\n$/);
});

// --- anything at all --------------------------------------------------------------------------------------------------------------

const kinds = fc.constantFrom('session', 'exec', 'shell', 'env', 'direct-tcpip', 'tcpip-forward', 'x', '');
const number = fc.oneof(fc.nat({ max: 3 }), fc.constantFrom(window, window + 1, 0x7fffffff, 0xffffffff));
const anyBytes = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
const honest = fc.oneof(
  kinds.map((kind) => channelOpen(kind)),
  fc.tuple(kinds, anyBytes).map(([kind, content]) => channelRequest(kind, content)),
  fc.tuple(number, fc.nat({ max: 100 }), number).map(([channel, bytes, said]) => data(channel, bytes, said)),
  fc.tuple(kinds, anyBytes).map(([kind, rest]) => Buffer.concat([Buffer.from([type.global]), sshString(kind), rest])),
  fc
    .tuple(fc.integer({ min: 90, max: 100 }), number, anyBytes)
    .map(([one, n, rest]) => Buffer.concat([Buffer.from([one]), uint32(n), rest])),
);
const changed = fc.tuple(honest, fc.nat(), fc.nat({ max: 255 }), fc.nat()).map(([bytes, at, value, end]) => {
  const copy = Buffer.from(bytes);
  if (copy.length > 0) copy[at % copy.length] = value;
  return copy.subarray(0, end % (copy.length + 1));
});
const messages = fc.array(fc.oneof({ weight: 3, arbitrary: honest }, { weight: 1, arbitrary: changed }, anyBytes), {
  minLength: 1,
  maxLength: 12,
});

/** RFC 4250 section 4.1.2, said once more: what may reach the library behind a login. */
function mayPass(payload: Buffer): boolean {
  const [first = -1] = payload;
  const carried = ['session', 'direct-tcpip', 'direct-streamlocal@openssh.com'].map(sshString);
  if (first === type.open) return carried.some((kind) => payload.subarray(1, 1 + kind.length).equals(kind));
  return (first >= 1 && first <= 5) || [7, 20, 21].includes(first) || (first >= 30 && first <= 34) || isLater(first);
}
const isLater = (first: number) =>
  [50, 60, 61, 63, 64, 65, 66, 80, 81, 82, 91, 92, 93, 94, 96, 97, 98, 99, 100].includes(first);

test(
  'whatever a client sends, only what clients send reaches the library, and others are unharmed',
  { timeout: budgetMs + 60_000 },
  async () => {
    using other = await logIn();
    const until = performance.now() + budgetMs;
    const counts = { lived: 0, ended: 0 };
    for (let run = 0; run < 20 || performance.now() < until; run++) {
      const [sent = []] = fc.sample(messages, { numRuns: 1, seed: fuzzSeed + run });
      const { lives, passed, violations, broken } = await afterSending(...sent);
      expect(
        passed.filter((payload) => !mayPass(payload)),
        `seed ${fuzzSeed + run}`,
      ).toEqual([]);
      // A client may also end it itself (DISCONNECT, CHANNEL_CLOSE): what it cannot do is to be let go on behind a violation.
      const isAgainst = violations.length > 0 || broken !== '';
      expect(isAgainst && lives, `seed ${fuzzSeed + run}`).toBe(false);
      counts[lives ? 'lived' : 'ended']++;
    }
    expect(await other.runs()).toBe(true);
    expect(Math.min(counts.lived, counts.ended)).toBeGreaterThan(0);
  },
);
