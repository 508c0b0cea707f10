import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import ssh2, { type ClientChannel } from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newHostKey, publicHalf, publicKeyLine } from '../../protocols/ssh/index.ts';
import { channelOpen, channelRequest, sendRaw } from '../conformance/ssh-raw.ts';
import { openBlackhole, type Blackhole } from '../blackhole.ts';
import { noSshd, sshdPath } from '../sshd.ts';
import { entriesOf, newestOf } from './auditor.ts';
import { startSshRig, type SshRig } from './rig.ts';

/** Rules of these tests, on top of the default pack. */
const rules = `package rules.ssh

deny contains {"id": "T-400", "msg": "it ends by itself"} if input.command.signal == "KILL"

approve contains {
	"id": "T-500", "msg": "somebody has to know",
	"groups": ["approvers"], "quorum": 1, "ttl_s": 600, "scope": "once",
} if {
	input.command.signal == "USR1"
}
`;

describe.skipIf(sshdPath === undefined)(
  sshdPath === undefined ? `limits of SSH (skipped: ${noSshd})` : 'limits of SSH',
  () => {
    let world: SshRig;
    let nowhere: Blackhole;
    let dir: string;
    beforeAll(async () => {
      dir = await mkdtemp(join(tmpdir(), 'sallyport-ssh-limits-'));
      const passwordFile = join(dir, 'password');
      await writeFile(passwordFile, 'unused', { mode: 0o600 });
      nowhere = await openBlackhole();
      world = await startSshRig({
        // A host that names in its log each signal that it was sent: it sends none on to a command of its own configuration.
        sshd: { recordLines: true },
        rules,
        targets: [
          {
            ...{ name: 'web2', protocol: 'ssh', host: '127.0.0.1', port: nowhere.port, connect_ms: 300 },
            host_keys: [publicKeyLine(publicHalf(newHostKey()))],
            logins: { root: { password: { file: passwordFile } } },
          },
        ],
        listen: { login_ms: 4_000, registered_keys: 3 },
        config: { limits: { statement_bytes: 1_024 }, sessions: { idle_s: 3 } },
      });
    }, 180_000);
    afterAll(async () => {
      await rm(dir, { recursive: true, force: true });
      await world[Symbol.asyncDispose]();
      await nowhere[Symbol.asyncDispose]();
    });

    /** Olga, logged in with a library that says what `ssh` never would. */
    const logIn = async (): Promise<ssh2.Client> => {
      const client = new ssh2.Client();
      const privateKey = await readFile(await world.login('olga'));
      client.connect({ host: '127.0.0.1', port: world.port, username: 'web1', privateKey });
      await once(client, 'ready');
      return client;
    };
    const exec = (client: ssh2.Client, line: string) =>
      new Promise<ClientChannel>((resolve, reject) => {
        client.exec(line, (error, channel) => (error ? reject(error) : resolve(channel)));
      });

    test('a client’s signals are judged, and only what is allowed reaches the host', async () => {
      const client = await logIn();
      const channel = await exec(client, 'echo ready; cat; sleep 20');
      const [said] = (await once(channel, 'data')) as [Buffer]; // what `data` carries
      expect(said.toString()).toBe('ready\n');
      const session = await newestOf(world, 'olga');
      channel.signal('KILL');
      channel.signal('USR1');
      // The library sends only names that it knows.
      sendRaw(client, channelRequest('signal', 'RTMIN'));
      channel.signal('TERM');
      // It is judged when the input at the host has ended: the library would lose it.
      channel.signal('USR2');
      channel.end();
      const arrived = () => [...world.sshd.log().matchAll(/refusing to send signal (\w+)/g)].map(([, name]) => name);
      while (!arrived().includes('USR2')) await sleep(20);
      expect(arrived()).toEqual(['TERM', 'USR2']);
      client.end();
      const signals = (await entriesOf(world, session)).filter(({ command }) => /^signal |^RTMIN$/.test(command));
      expect(signals.map(({ command, effect }) => `${command}: ${effect}`)).toEqual(
        expect.arrayContaining([
          ...[
            'signal KILL: deny',
            'RTMIN: refused',
            'signal USR1: cancelled',
            'signal TERM: allow',
            'signal USR2: allow',
          ],
        ]),
      );
    });

    test('a signal before anything runs is refused, and the session goes on', async () => {
      const client = await logIn();
      sendRaw(client, channelOpen('session'));
      sendRaw(client, channelRequest('signal', 'TERM'));
      const channel = await exec(client, 'echo on');
      const [said] = (await once(channel, 'data')) as [Buffer]; // what `data` carries
      expect(said.toString()).toBe('on\n');
      const session = await newestOf(world, 'olga');
      const refusals = async () => (await entriesOf(world, session)).filter(({ type }) => type === 'refused');
      while ((await refusals()).length === 0) await sleep(20);
      const refused = await refusals();
      client.end();
      expect(refused.map(({ command, detail }) => [command, detail])).toEqual([
        ['TERM', { why: 'signal: nothing runs' }],
      ]);
    });

    test('who does not log in in time is disconnected, and told so', async () => {
      const client = new ssh2.Client();
      let told = '';
      client.connect({
        ...{ host: '127.0.0.1', port: world.port, username: 'web1', readyTimeout: 0 },
        // It is asked how to go on, and says nothing.
        authHandler: () => undefined,
        debug: (line) => (told ||= /DISCONNECT.*/.exec(line)?.[0] ?? ''),
      });
      await once(client, 'close');
      expect(told).toBe('DISCONNECT (11, "the login took too long")');
    });

    test('who does not even say a version is hung up on in time', async () => {
      const socket = connect({ host: '127.0.0.1', port: world.port });
      socket.on('error', () => undefined).resume();
      await once(socket, 'close');
      expect(socket.bytesWritten).toBe(0);
    });

    test('a session in which nothing runs ends after its time', async () => {
      const client = await logIn();
      const closed = once(client, 'close');
      const channel = await exec(client, 'echo done');
      channel.resume().stderr.resume();
      await once(channel, 'close');
      const session = await newestOf(world, 'olga');
      await closed;
      const ending = async () => (await entriesOf(world, session)).find(({ type }) => type === 'session.end');
      while (!(await ending())) await sleep(20);
      expect(JSON.stringify(await ending())).toContain('idle for too long');
    });

    test('a session in which something silent runs is not idle', async () => {
      const ran = await world.ssh('olga', ['web1@127.0.0.1', 'sleep 5; echo still here']);
      expect(ran).toEqual({ code: 0, out: 'still here\n', err: '' });
    });

    test('a line of more bytes than are read is not run', async () => {
      const fits = `echo ${'x'.repeat(1_024 - 5)}`;
      expect((await world.ssh('olga', ['web1@127.0.0.1', fits])).code).toBe(0);
      // Bytes, not characters.
      for (const line of [`${fits}x`, `echo ${'ü'.repeat(510)}`]) {
        const before = world.sshd.lines();
        const ran = await world.ssh('olga', ['web1@127.0.0.1', line]);
        expect(ran).toMatchObject({ code: 126, out: '' });
        expect(ran.err).toMatch(/^sallyport: not run: too-long: \d+ bytes, and at most 1024 are read\n$/);
        expect(world.sshd.lines()).toEqual(before);
      }
    });

    test('a host that never answers is given up on after its own connect_ms, and the client reads what to do', async () => {
      const ran = await world.ssh('olga', ['web2@127.0.0.1', 'id']);
      expect(ran).toMatchObject({ code: 255, out: '' });
      expect(ran.err).toMatch(
        /^sallyport: the target did not let the gateway in in time: .* try again later\nsallyport: hint: .*\nsallyport: session (\S+)\n$/,
      );
      const [, session = 'none'] = /session (\S+)\n$/.exec(ran.err) ?? [];
      const lines = world.rig.log.filter((line) => line.includes(session)).join('\n');
      expect(lines).toContain(`127.0.0.1:${nowhere.port} did not let the gateway in within 0.3 s`);
    });

    test('one registered key over the limit is not taken, those before it still log in', async () => {
      await world.login('olga');
      await world.login('ana');
      await world.login('otto');
      const one = await world.api('dora').ssh.register(publicKeyLine(publicHalf(newHostKey())));
      expect(!one.ok && one.problem.detail).toContain('too many registered keys');
      expect(await world.ssh('olga', ['web1@127.0.0.1', 'echo in'])).toMatchObject({ code: 0, out: 'in\n' });
    });
  },
);
