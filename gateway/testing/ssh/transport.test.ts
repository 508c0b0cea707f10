import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, Socket } from 'node:net';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { sshString } from '../conformance/ssh-raw.ts';
import { offered } from '../../protocols/ssh/algorithms.ts';
import { connectSshUpstream, parsePublicKey } from '../../protocols/ssh/index.ts';
import { provided } from '../clients/walk.ts';
import { noSshd, sshdPath } from '../sshd.ts';
import { kexInit, messages, openBareClient } from './key-exchange.ts';
import { run, startSshRig, type SshRig } from './rig.ts';

const mlKem = 'mlkem768x25519-sha256';
const publicBytes = 1_184;
const ciphers = offered.cipher as readonly string[]; // a list, as it is written there

const never = new AbortController().signal;

describe.skipIf(sshdPath === undefined)(
  sshdPath === undefined ? `the transport of SSH (skipped: ${noSshd})` : 'the transport of SSH',
  () => {
    let world: SshRig;
    let newest: Awaited<ReturnType<typeof provided>>;
    beforeAll(async () => {
      [world, newest] = await Promise.all([
        startSshRig({
          // The host begins key exchanges too, in the middle of everything.
          sshd: { settings: ['RekeyLimit 1M', 'LogLevel DEBUG1'] },
        }),
        provided('openssh-new.sh'),
      ]);
    }, 300_000);
    afterAll(() => world[Symbol.asyncDispose]());

    test('the newest OpenSSH agrees on a post-quantum key exchange and has nothing to warn of', async (context) => {
      if ('missing' in newest) return context.skip(newest.missing);
      const options = world.options(await world.login('olga'));
      const loud = await run(newest.path, [...options, '-v', 'web1@127.0.0.1', 'echo in']);
      expect(loud).toMatchObject({ code: 0, out: 'in\n' });
      expect(loud.err).toContain('kex: algorithm: mlkem768x25519-sha256');
      const quiet = await run(newest.path, [...options, 'web1@127.0.0.1', 'echo in']);
      // An sshd that runs as root sends the client what it logs itself at DEBUG1, in the child that becomes the command.
      const said = quiet.err.replaceAll(/^debug1: .*\r?\n/gm, '');
      expect({ ...quiet, err: said }).toEqual({ code: 0, out: 'in\n', err: '' });
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
        sizes: { windowBytes: 2_097_152, packetBytes: 32_768 },
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
      const version = answered.indexOf('\n') + 1;
      expect(answered.toString('latin1', 0, version)).toMatch(/^SSH-2\.0-Sallyport .*\r\n$/);
      while (answered.length <= version + 5) await once(socket, 'data');
      socket.destroy();
      // Behind the packet's lengths: KEXINIT.
      expect(answered[version + 5]).toBe(20);
    });

    test('ssh-audit finds nothing to fail', async (context) => {
      const audit = await provided('ssh-audit.sh');
      if ('missing' in audit) return context.skip(audit.missing);
      const { code, out } = await run(audit.path, ['-jj', '-p', String(world.port), '127.0.0.1']);
      const found = JSON.parse(out) as { readonly cves: readonly unknown[]; readonly recommendations: object }; // ssh-audit's own form
      expect(out).toContain(mlKem);
      expect(found.cves).toEqual([]);
      expect(found.recommendations).toEqual({});
      // Neither failures nor warnings.
      expect(code).toBe(0);
    });

    // OpenSSH's clients are answered by what they have, so they are told what we have after they have spoken.
    test.each([
      ['that is told first', 'bare'],
      ['that speaks first', 'OpenSSH_9.9'],
    ])(
      'strict key exchange: what a client %s slips in before it ends the connection (Terrapin, CVE-2023-48795)',
      async (_who, software) => {
        using client = await openBareClient(world.port, software);
        client.send(Buffer.concat([Buffer.of(messages.ignore), sshString('slipped in')]));
        client.send(kexInit('curve25519-sha256', 'kex-strict-c-v00@openssh.com'));
        const said = await client.said();
        expect(said.map(([type]) => type)).toEqual([messages.kexInit, messages.disconnect]);
      },
    );

    test('strict key exchange is offered to everybody', async () => {
      for (const software of ['bare', 'OpenSSH_9.9']) {
        using client = await openBareClient(world.port, software);
        client.send(kexInit('curve25519-sha256'));
        const [offer] = await client.said((payloads) => payloads.length > 0);
        expect(offer?.toString('latin1')).toContain('kex-strict-s-v00@openssh.com');
      }
    });

    test('a message of a key exchange before the algorithms are agreed on ends the connection', async () => {
      for (const software of ['bare', 'OpenSSH_9.9']) {
        using client = await openBareClient(world.port, software);
        client.send(Buffer.concat([Buffer.of(messages.ecdhInit), sshString(Buffer.alloc(32, 9))]));
        const said = await client.said();
        expect(said.map(([type]) => type)).not.toContain(messages.ecdhReply);
      }
      expect((await world.ssh('olga', ['web1@127.0.0.1', 'echo in'])).out).toBe('in\n');
    });

    test('OpenSSH gets the cipher that the gateway likes best, for itself and after every rekey', async () => {
      const often = ['-v', '-o', 'RekeyLimit=1M'];
      const { code, err } = await world.ssh('olga', [...often, 'web1@127.0.0.1', 'head -c 8000000 /dev/zero']);
      expect(code).toBe(0);
      const agreed = [...err.matchAll(/kex: (?:server->client|client->server) cipher: (\S+)/g)].map(([, name]) => name);
      expect(agreed.length).toBeGreaterThan(8);
      expect(new Set(agreed)).toEqual(new Set(ciphers.slice(0, 1)));
    });

    test('a client that calls itself OpenSSH and waits is shown all that there is', async () => {
      using client = await openBareClient(world.port, 'OpenSSH_9.9');
      const [offer] = await client.said((payloads) => payloads.length > 0);
      expect(offer?.[0]).toBe(messages.kexInit);
      for (const name of ciphers) expect(offer?.toString('latin1')).toContain(name);
    });

    test.each(ciphers.map((name) => [name]))(
      'under %s nothing is lost either way, however often keys are exchanged',
      async (name) => {
        const content = randomBytes(8 * 1024 * 1024);
        const options = ['-v', '-o', 'RekeyLimit=1M', '-c', name];
        const { code, out, err } = await world.ssh('olga', [...options, 'web1@127.0.0.1', 'cat'], content);
        expect(code).toBe(0);
        expect(Buffer.from(out, 'latin1').equals(content)).toBe(true);
        expect(err).toContain(`cipher: ${name}`);
        expect(err.match(/SSH2_MSG_KEXINIT sent/g)?.length).toBeGreaterThan(4);
      },
    );

    test.each([
      ['nothing', Buffer.alloc(0)],
      ['a byte too few', Buffer.alloc(publicBytes + 31, 1)],
      ['a byte too many', Buffer.alloc(publicBytes + 33, 1)],
      ['the length of the other side', Buffer.alloc(1_088 + 32, 1)],
      ['numbers past the modulus', Buffer.alloc(publicBytes + 32, 0xff)],
      ['the point zero', Buffer.alloc(publicBytes + 32)],
      ['a low order point', Buffer.concat([Buffer.alloc(publicBytes), Buffer.of(1), Buffer.alloc(31)])],
    ])('a post-quantum key exchange with %s comes to nothing', async (_what, data) => {
      using client = await openBareClient(world.port);
      client.send(kexInit(mlKem));
      client.send(Buffer.concat([Buffer.of(messages.ecdhInit), sshString(data)]));
      const said = await client.said();
      expect(said.map(([type]) => type)).toEqual([messages.kexInit, messages.disconnect]);
    });

    test('a key exchange that is sound is answered: what was refused above was refused for its data', async () => {
      const { generateKeyPairSync } = await import('node:crypto');
      const tail = (type: 'ml-kem-768' | 'x25519', length: number) =>
        generateKeyPairSync(type as 'x25519')
          .publicKey.export({ type: 'spki', format: 'der' })
          .subarray(-length);
      using client = await openBareClient(world.port);
      client.send(kexInit(mlKem));
      const data = Buffer.concat([tail('ml-kem-768', publicBytes), tail('x25519', 32)]);
      client.send(Buffer.concat([Buffer.of(messages.ecdhInit), sshString(data)]));
      const said = await client.said((payloads) => payloads.length > 1);
      expect(said[1]?.[0]).toBe(messages.ecdhReply);
    });

    test('keys are exchanged again and again under load, both ways, begun by client and host, and nothing is lost', async () => {
      const content = randomBytes(64 * 1024 * 1024);
      const digest = createHash('sha256').update(content).digest('hex');
      const file = `${world.sshd.dir}/rekeyed`;
      const often = ['-v', '-o', 'RekeyLimit=1M'];
      // The gateway begins none at the host: whatever is more than one for each connection, the host began.
      const begunByHost = () => world.sshd.log().match(/SSH2_MSG_KEXINIT sent/g)?.length ?? 0;
      const before = begunByHost();
      const up = await world.ssh('olga', [...often, 'web1@127.0.0.1', `cat > ${file}`], content);
      expect(up.code).toBe(0);
      const down = await world.ssh('olga', [...often, 'web1@127.0.0.1', `cat ${file}`]);
      expect(down.code).toBe(0);
      expect(createHash('sha256').update(Buffer.from(down.out, 'latin1')).digest('hex')).toBe(digest);
      for (const { err } of [up, down]) expect(err.match(/SSH2_MSG_KEXINIT sent/g)?.length).toBeGreaterThan(20);
      expect(begunByHost() - before).toBeGreaterThan(20);
    });
  },
);
