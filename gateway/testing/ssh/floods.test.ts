import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import ssh2, { type ClientChannel } from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { channelOpen, sendRaw, sshString, uint32 } from '../conformance/ssh-raw.ts';
import { noSshd, sshdPath } from '../sshd.ts';
import { kexInit, messages, openBareClient } from './key-exchange.ts';
import { startSshRig, type SshRig } from './rig.ts';

const unauthenticated = 5;
const type = {
  ignore: 2,
  debug: 4,
  global: 80,
  failure: 82,
  openConfirmation: 91,
  openFailure: 92,
  adjust: 93,
} as const;

/** The parts of the library's client (1.17.0) that are not public. */
interface Inside {
  readonly _protocol: { _onPayload: (payload: Buffer) => void; rekey(): void };
}

describe.skipIf(sshdPath === undefined)(
  sshdPath === undefined ? `floods over SSH (skipped: ${noSshd})` : 'floods over SSH',
  () => {
    let world: SshRig;
    beforeAll(async () => {
      world = await startSshRig({
        listen: { login_ms: 10_000, channels: 3, channels_per_principal: 5 },
        config: { limits: { unauthenticated } },
      });
    }, 180_000);
    afterAll(() => world[Symbol.asyncDispose]());

    /** @param answers counts what the server says by type */
    async function logIn(answers = new Map<number, number>(), principal = 'olga') {
      const client = new ssh2.Client();
      const privateKey = await readFile(await world.login(principal));
      client.connect({ host: '127.0.0.1', port: world.port, username: 'web1', privateKey, readyTimeout: 0 });
      const { _protocol: protocol } = client as unknown as Inside; // as guard.ts proves
      const pass = protocol._onPayload;
      protocol._onPayload = (payload) => {
        const [first = -1] = payload;
        answers.set(first, (answers.get(first) ?? 0) + 1);
        pass(payload);
      };
      let said = '';
      client.on('error', (error) => (said ||= error.message));
      const closed = new Promise<string>((resolve) => client.once('close', () => resolve(said)));
      await once(client, 'ready');
      const echo = (text: string) =>
        new Promise<string>((resolve) => {
          client.exec(`echo ${text}`, (error, channel) => {
            if (error) return resolve(`no: ${error.message}`);
            let out = '';
            channel.stderr.resume();
            channel.on('data', (chunk: Buffer) => (out += chunk.toString()));
            return channel.on('close', () => resolve(out));
          });
        });
      return { client, protocol, answers, closed, echo, [Symbol.dispose]: () => void client.destroy() };
    }

    const exec = (client: ssh2.Client, line: string) =>
      new Promise<ClientChannel>((resolve, reject) => {
        client.exec(line, (error, channel) => (error ? reject(error) : resolve(channel)));
      });

    test('connections that do not log in take no place from those that have, are refused past a limit, and leave after their time', async () => {
      using before = await logIn();
      const silent = Array.from({ length: unauthenticated }, () => connect({ host: '127.0.0.1', port: world.port }));
      const gone = silent.map((socket) => {
        socket.on('error', () => undefined);
        return new Promise<void>((resolve) => socket.once('close', () => resolve()));
      });
      // The version is the sign that the gateway has counted them.
      await Promise.all(silent.map((socket) => once(socket, 'data')));
      expect(await allOf(connect({ host: '127.0.0.1', port: world.port }))).toBe(
        'the gateway has too many connections that have not logged in\r\n',
      );
      expect(await before.echo('unharmed')).toBe('unharmed\n');
      await Promise.all(gone);
      using after = await logIn();
      expect(await after.echo('in again')).toBe('in again\n');
    });

    test('of thousands of channels asked for at once as many are opened as may be, and all the others refused', async () => {
      using other = await logIn();
      using talk = await logIn();
      const asked = 3_000;
      for (let i = 0; i < asked; i++) sendRaw(talk.client, channelOpen('session'));
      const count = (answer: number) => talk.answers.get(answer) ?? 0;
      while (count(type.openConfirmation) + count(type.openFailure) < asked) await sleep(20);
      expect([count(type.openConfirmation), count(type.openFailure)]).toEqual([3, asked - 3]);
      expect(await other.echo('unharmed')).toBe('unharmed\n');
    });

    test('a command that a client leaves running keeps its place until it has ended: opening and closing gets no more of them', async () => {
      const begun = join(world.rig.dir, 'begun');
      await writeFile(begun, '');
      const running = async () => (await readFile(begun, 'utf8')).trim().split('\n').filter(Boolean).map(Number);
      using talk = await logIn();
      try {
        for (let i = 1; i <= 3; i++) {
          const channel = await exec(talk.client, `echo $$ >> ${begun}; exec sleep 600`);
          while ((await running()).length < i) await sleep(20);
          const closed = once(channel.resume(), 'close');
          channel.close();
          await closed;
        }
        expect(await talk.echo('a fourth')).toBe(
          'no: (SSH) Channel open failure: sallyport: more than 3 commands at once over one connection, with those left running',
        );
        const [first = 0] = await running();
        process.kill(first);
        // The host closes the channel a little later.
        while ((await talk.echo('on')) !== 'on\n') await sleep(20);
      } finally {
        for (const pid of (await running()).slice(1)) process.kill(pid);
      }
    });

    test('who hangs up and comes back starts no new count: what was left running counts until it has ended, or somebody else ended the session', async () => {
      const begun = join(world.rig.dir, 'left');
      await writeFile(begun, '');
      const running = async () => (await readFile(begun, 'utf8')).trim().split('\n').filter(Boolean).map(Number);
      const begin = async (client: ssh2.Client, count: number) => {
        const before = (await running()).length;
        const begins = () =>
          exec(client, `echo $$ >> ${begun}; exec sleep 600`)
            .then(() => true)
            .catch(() => false);
        // What has just ended gives its place back a little later.
        for (let i = 0; i < count; i++) while (!(await begins())) await sleep(20);
        while ((await running()).length < before + count) await sleep(20);
      };
      const tooMany =
        'no: (SSH) Channel open failure: sallyport: more than 5 commands of yours at once over all connections, with those left running';
      try {
        const first = await logIn();
        await begin(first.client, 3);
        first.client.destroy();
        await first.closed;
        using second = await logIn();
        await begin(second.client, 2);
        expect(await second.echo('a sixth')).toBe(tooMany);
        using other = await logIn(new Map(), 'ana');
        expect(await other.echo('unharmed')).toBe('unharmed\n');
        // One of those that were hung up on: the gateway hears that it has ended.
        const [ended = 0] = await running();
        process.kill(ended);
        using third = await logIn();
        await begin(third.client, 1);
        expect(await third.echo('a sixth')).toBe(tooMany);
        // What nobody may go on with counts no more.
        const sessions = await world.api('otto').sessions.list({ principal: 'olga' });
        const newest = sessions.ok ? sessions.value.filter(({ ended_at: endedAt }) => endedAt === null) : [];
        for (const { id } of newest) await world.api('olga').sessions.kill(id, 'enough');
        await second.closed;
        using fourth = await logIn();
        while ((await fourth.echo('in again')) !== 'in again\n') await sleep(20);
      } finally {
        for (const pid of (await running()).slice(1)) process.kill(pid);
      }
    });

    test('thousands of requests that want an answer have one each, and the session goes on', async () => {
      using talk = await logIn();
      const ping = Buffer.concat([Buffer.of(type.global), sshString('keepalive@openssh.com'), Buffer.of(1)]);
      for (let i = 0; i < 5_000; i++) sendRaw(talk.client, ping);
      while ((talk.answers.get(type.failure) ?? 0) < 5_000) await sleep(20);
      expect(await talk.echo('on')).toBe('on\n');
      expect(talk.answers.get(type.failure)).toBe(5_000);
    });

    test.each([
      ['are ignored', Buffer.concat([Buffer.of(type.ignore), sshString(Buffer.alloc(1_000))])],
      ['debug', Buffer.concat([Buffer.of(type.debug, 0), sshString('x'.repeat(1_000)), sshString('')])],
      ['give windows to no channel', Buffer.concat([Buffer.of(type.adjust), uint32(9, 0xffffffff)])],
    ])('thousands of messages that %s change nothing', async (_, payload) => {
      using talk = await logIn();
      for (let i = 0; i < 5_000; i++) sendRaw(talk.client, payload);
      expect(await talk.echo('on')).toBe('on\n');
    });

    test('keys may be exchanged again and again, one exchange behind the other', async () => {
      using talk = await logIn();
      for (let i = 0; i < 30; i++) {
        const exchanged = once(talk.client, 'handshake');
        talk.protocol.rekey();
        await exchanged;
      }
      expect(await talk.echo('on')).toBe('on\n');
    });

    test('a second KEXINIT within an exchange ends the connection, before a login and behind it', async () => {
      using bare = await openBareClient(world.port);
      for (let i = 0; i < 50; i++) bare.send(kexInit('curve25519-sha256'));
      const said = await bare.said();
      expect(said.map(([first]) => first)).toEqual([messages.kexInit, messages.disconnect]);
      // RFC 4250 section 4.2.2: KEY_EXCHANGE_FAILED.
      expect(said[1]?.readUInt32BE(1)).toBe(3);
      using other = await logIn();
      const { client, closed } = await logIn();
      for (let i = 0; i < 50; i++) sendRaw(client, kexInit('curve25519-sha256'));
      await closed;
      expect(await other.echo('unharmed')).toBe('unharmed\n');
    });
  },
);

async function allOf(socket: Socket): Promise<string> {
  let text = '';
  socket.on('error', () => undefined).on('data', (chunk: Buffer) => (text += chunk.toString()));
  await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return text;
}
