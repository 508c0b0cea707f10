import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, Socket } from 'node:net';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { offered } from '../../protocols/ssh/algorithms.ts';
import { connectSshUpstream, parsePublicKey } from '../../protocols/ssh/index.ts';
import { provided } from '../clients/walk.ts';
import { noSshd, sshdPath } from '../sshd.ts';
import { run, startSshRig, type SshRig } from './rig.ts';

const never = new AbortController().signal;

describe.skipIf(sshdPath === undefined)(
  sshdPath === undefined ? `the transport of SSH (skipped: ${noSshd})` : 'the transport of SSH',
  () => {
    let world: SshRig;
    let newest: Awaited<ReturnType<typeof provided>>;
    beforeAll(async () => {
      [world, newest] = await Promise.all([startSshRig(), provided('openssh-new.sh')]);
    }, 300_000);
    afterAll(() => world[Symbol.asyncDispose]());

    test('the newest OpenSSH agrees on a post-quantum key exchange and has nothing to warn of', async (context) => {
      if ('missing' in newest) return context.skip(newest.missing);
      const options = world.options(await world.login('olga'));
      const loud = await run(newest.path, [...options, '-v', 'web1@127.0.0.1', 'echo in']);
      expect(loud).toMatchObject({ code: 0, out: 'in\n' });
      expect(loud.err).toContain('kex: algorithm: mlkem768x25519-sha256');
      const quiet = await run(newest.path, [...options, 'web1@127.0.0.1', 'echo in']);
      expect(quiet).toEqual({ code: 0, out: 'in\n', err: '' });
    });

    test('what is typed goes to the host at once, and waits for no acknowledgement', async () => {
      const { sshd } = world;
      const hostKey = parsePublicKey(sshd.hostKey);
      if (typeof hostKey === 'string') throw new Error(hostKey);
      const target = {
        host: '127.0.0.1',
        port: sshd.port,
        hostKeys: [hostKey],
        connectTimeoutMs: 60_000,
        keepAliveMs: 0,
      };
      const undelayed = vi.spyOn(Socket.prototype, 'setNoDelay');
      using upstream = await connectSshUpstream(target, { user: sshd.user, secret: { key: sshd.key } }, never);
      const sockets = undelayed.mock.contexts.filter((_, i) => undelayed.mock.calls[i]?.[0] === true);
      undelayed.mockRestore();
      expect(upstream.lost.aborted).toBe(false);
      expect(sockets.map((socket) => (socket as Socket).remotePort)).toContain(sshd.port);
    });

    test.each((offered.kex as readonly string[]).map((name) => [name]))(
      'a client that knows no key exchange but %s logs in and runs something',
      async (name) => {
        const client = new ssh2.Client();
        const privateKey = await readFile(await world.login('olga'));
        const agreed = new Promise<string>((resolve) => client.once('handshake', ({ kex }) => resolve(kex)));
        const kex = [name] as never; // ssh2's types do not know our patch
        client.connect({ host: '127.0.0.1', port: world.port, username: 'web1', privateKey, algorithms: { kex } });
        await once(client, 'ready');
        expect(await agreed).toBe(name);
        const said = await new Promise<string>((resolve, reject) =>
          client.exec('echo in', (error, channel) =>
            error ? reject(error) : channel.once('data', (bytes: Buffer) => resolve(bytes.toString())),
          ),
        );
        client.end();
        expect(said).toBe('in\n');
      },
    );

    test('a version line that comes byte by byte is read', async () => {
      const socket = connect({ host: '127.0.0.1', port: world.port, noDelay: true });
      let answered = Buffer.alloc(0);
      socket.on('data', (bytes: Buffer) => (answered = Buffer.concat([answered, bytes])));
      await once(socket, 'data');
      for (const byte of Buffer.from('SSH-2.0-slow\r\n')) {
        socket.write(Buffer.of(byte));
        // Each in a segment of its own: the kernel sends what it has when the loop turns.
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      const version = Buffer.byteLength('SSH-2.0-Sallyport\r\n');
      while (answered.length <= version + 5) await once(socket, 'data');
      socket.destroy();
      // Behind the packet's lengths: KEXINIT.
      expect(answered[version + 5]).toBe(20);
    });
  },
);
