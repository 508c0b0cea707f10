import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../ports.ts';
import { channelOpen, sendRaw, uint32 } from '../conformance/ssh-raw.ts';
import { noSshd, sshdPath } from '../sshd.ts';
import { linesOf } from './auditor.ts';
import { startSshRig, type SshRig } from './rig.ts';

/** One operator forwards to and from the host itself, but for one port, and to nothing else. */
const rulesWith = (closedPort: number) => `package rules.ssh

allow contains {"id": "T-500", "msg": "may forward"} if {
	input.principal.id == "olga"
	input.command.forward.kind in {"local", "remote"}
	input.command.forward.host_is in {"loopback", null}
}

deny contains {"id": "T-001", "msg": "not to the host itself"} if {
	input.command.forward.kind == "local"
	input.command.forward.host_is == "loopback"
	input.command.forward.port == ${closedPort}
}

allow contains {"id": "T-501", "msg": "may use the echo"} if {
	input.principal.id == "olga"
	input.command.subsystem == "echo"
}

mask contains {"id": "T-200", "msg": "cards", "label": "detector:card", "method": "redact"} if {
	endswith(input.command.forward.path, "masked")
}

limit contains {"id": "T-300", "msg": "a kilobyte", "bytes": 1000} if endswith(input.command.forward.path, "limited")
`;

describe.skipIf(sshdPath === undefined)(
  sshdPath === undefined ? `forwards over SSH (skipped: ${noSshd})` : 'forwards over SSH',
  () => {
    let world: SshRig;
    let echo: Server;
    let echoPort: number;
    let closedPort: number;
    const children: ChildProcess[] = [];
    beforeAll(async () => {
      closedPort = await freePort();
      echo = createServer({ allowHalfOpen: true }, (socket) => void socket.pipe(socket));
      echo.listen(0, '127.0.0.1');
      await once(echo, 'listening');
      const address = echo.address();
      echoPort = typeof address === 'object' && address ? address.port : 0;
      world = await startSshRig({
        rules: rulesWith(closedPort),
        sshd: {
          settings: ['Subsystem echo /bin/cat', 'AllowStreamLocalForwarding yes', 'GatewayPorts clientspecified'],
        },
        listen: { forwards: 5 },
      });
    }, 180_000);
    afterAll(async () => {
      for (const child of children) child.kill();
      echo.close();
      await world[Symbol.asyncDispose]();
    });

    /** OpenSSH's client with its forwards in place, and no command. */
    async function forwarding(principal: string, args: readonly string[], ready: () => Promise<boolean>) {
      const options = [...world.options(await world.login(principal)), '-o', 'ExitOnForwardFailure=yes', '-N'];
      const child = spawn('ssh', [...options, ...args, 'web1@127.0.0.1'], { stdio: ['ignore', 'ignore', 'pipe'] });
      children.push(child);
      let err = '';
      child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
      while (!(await ready()) && child.exitCode === null) await sleep(20);
      return {
        child,
        err: () => err,
        async end() {
          child.kill();
          if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
        },
      };
    }

    const listens = (port: number | string) => async () => {
      const socket = typeof port === 'string' ? connect(port) : connect(port, '127.0.0.1');
      try {
        await once(socket, 'connect');
        return true;
      } catch {
        return false;
      } finally {
        socket.destroy();
      }
    };

    /** What comes back of it, after the half of the connection was ended. */
    async function echoed(socket: Socket, bytes: Buffer): Promise<Buffer> {
      const back: Buffer[] = [];
      socket.on('data', (chunk: Buffer) => back.push(chunk)).on('error', () => undefined);
      socket.end(bytes);
      await new Promise((resolve) => socket.once('close', resolve));
      return Buffer.concat(back);
    }

    /** The log's decisions about forwards, newest first, and their sessions. */
    async function decisions(text: string) {
      const read = await world.api('otto').audit.query({ type: 'decision', limit: 200 });
      if (!read.ok) throw new Error(read.problem.detail);
      return read.value.filter(({ command }) => command === text);
    }

    async function recorded(session: string): Promise<string> {
      return (await linesOf(world, session)).join('');
    }

    test('a local forward carries any bytes both ways, and the recording has their number and digest alone', async () => {
      const local = await freePort();
      const forward = await forwarding('olga', ['-L', `${local}:127.0.0.1:${echoPort}`], listens(local));
      const bytes = randomBytes(3_000_000);
      expect((await echoed(connect(local, '127.0.0.1'), bytes)).equals(bytes)).toBe(true);
      await forward.end();
      const [decision] = await decisions(`forward local 127.0.0.1:${echoPort}`);
      expect(decision).toMatchObject({ action: 'forward', effect: 'allow', findings: ['T-500'] });
      const session = decision?.session ?? '';
      while (!(await recorded(session)).includes('"type":"close"')) await sleep(50);
      const text = await recorded(session);
      const digest = createHash('sha256').update(bytes).digest('hex');
      expect(text).toContain(`"type":"input"`);
      expect(text.match(new RegExp(digest, 'g'))).toHaveLength(2);
      expect(text).toContain('3000000 bytes in, 3000000 bytes out');
      expect(text).not.toMatch(/"type":"bytes"/);
    });

    test('a connection through the gateway to another sshd: ProxyJump', async () => {
      const config = join(world.dir, 'jump');
      const identity = await world.login('olga');
      await writeFile(
        config,
        `Host inner\n HostName 127.0.0.1\n Port ${world.sshd.port}\n User ${world.sshd.user}\n IdentityFile ${world.sshd.keyFile}\n` +
          ` StrictHostKeyChecking no\n UserKnownHostsFile /dev/null\n LogLevel ERROR\n ProxyJump door\n` +
          `Host door\n HostName 127.0.0.1\n Port ${world.port}\n User web1\n IdentityFile ${identity}\n StrictHostKeyChecking no\n` +
          ` UserKnownHostsFile /dev/null\n LogLevel ERROR\nHost *\n IdentitiesOnly yes\n BatchMode yes\n`,
      );
      const child = spawn('ssh', ['-F', config, 'inner', 'echo through; cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
      let out = '';
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
      child.stdin.end('and back');
      expect((await once(child, 'close'))[0]).toBe(0);
      expect(out).toBe('through\nand back');
    });

    test('a remote forward listens at the host, and what connects there reaches the client', async () => {
      const remote = await freePort();
      const forward = await forwarding('olga', ['-R', `127.0.0.1:${remote}:127.0.0.1:${echoPort}`], listens(remote));
      const bytes = randomBytes(300_000);
      expect((await echoed(connect(remote, '127.0.0.1'), bytes)).equals(bytes)).toBe(true);
      await forward.end();
      // One for the place, and one for each connection.
      expect((await decisions(`forward remote 127.0.0.1:${remote}`)).length).toBeGreaterThanOrEqual(2);
      while (await listens(remote)()) await sleep(20);
    });

    test('sockets in the file system, both ways', async () => {
      const [far, near, back] = ['far', 'near', 'back'].map((name) => join(world.dir, name)) as [
        string,
        string,
        string,
      ];
      const server = createServer({ allowHalfOpen: true }, (socket) => void socket.pipe(socket)).listen(far);
      await once(server, 'listening');
      const forward = await forwarding(
        'olga',
        ['-L', `${near}:${far}`, '-R', `${back}:${far}`],
        async () => existsSync(near) && existsSync(back),
      );
      for (const path of [near, back])
        expect((await echoed(connect(path), Buffer.from('hello'))).toString()).toBe('hello');
      await forward.end();
      server.close();
      expect(await decisions(`forward local ${far}`)).not.toEqual([]);
      expect(await decisions(`forward remote ${back}`)).not.toEqual([]);
    });

    test.each([
      [
        'an address that no rule allows',
        '192.0.2.1:80',
        /no rule allows forward local 192\.0\.2\.1:80 .*how-to: Forward/,
      ],
    ])('%s is refused, with the reason on the client’s terminal, and logged', async (_, place, words) => {
      const ran = await world.ssh('olga', ['-W', place, 'web1@127.0.0.1']);
      expect(ran.code).toBe(255);
      expect(ran.err).toMatch(words);
    });

    test('another spelling of an address is the same address', async () => {
      for (const host of ['2130706433', '0x7f.1', '127.1', '[::ffff:127.0.0.1]', 'LOCALHOST.']) {
        const ran = await world.ssh('olga', ['-W', `${host}:${closedPort}`, 'web1@127.0.0.1']);
        expect(`${host} ${ran.err}`).toMatch(/T-001/);
      }
      expect((await decisions(`forward local 127.0.0.1:${closedPort}`)).map(({ effect }) => effect)).toEqual(
        Array(4).fill('deny'),
      );
      expect(await decisions(`forward local localhost:${closedPort}`)).toHaveLength(1);
    });

    test('0.0.0.0 and :: lead to the host itself, and a rule about loopback means them too', async () => {
      for (const host of ['0.0.0.0', '0', '[::ffff:0.0.0.0]', '[::]', 'localhost.localdomain']) {
        const ran = await world.ssh('olga', ['-W', `${host}:${closedPort}`, 'web1@127.0.0.1']);
        expect(`${host} ${ran.err}`).toMatch(/T-001/);
      }
      const { out } = await world.ssh('olga', ['-W', `0.0.0.0:${echoPort}`, 'web1@127.0.0.1'], 'it is here');
      expect(out).toBe('it is here');
    });

    test('agents forward nothing', async () => {
      const ran = await world.ssh('ops-agent', ['-W', `127.0.0.1:${echoPort}`, 'web1@127.0.0.1']);
      expect(ran.err).toContain('SSH-004');
    });

    test('where nobody listens the client hears that the host does not connect, and the record has it', async () => {
      const port = await freePort();
      const ran = await world.ssh('olga', ['-W', `127.0.0.1:${port}`, 'web1@127.0.0.1']);
      expect(ran.err).toContain('cannot connect to the target');
    });

    test('a mask cannot be carried, so the forward is denied', async () => {
      const path = join(world.dir, 'masked');
      const near = join(world.dir, 'near-masked');
      const forward = await forwarding('olga', ['-L', `${near}:${path}`], async () => existsSync(near));
      expect(await echoed(connect(near), Buffer.from('x'))).toEqual(Buffer.alloc(0));
      expect(forward.err()).toMatch(/policy masks the result/);
      await forward.end();
    });

    test('a limit of bytes ends the connection', async () => {
      const [path, near] = [join(world.dir, 'limited'), join(world.dir, 'near-limited')];
      const server = createServer((socket) => void socket.end(Buffer.alloc(100_000))).listen(path);
      await once(server, 'listening');
      const forward = await forwarding('olga', ['-L', `${near}:${path}`], async () => existsSync(near));
      expect((await echoed(connect(near), Buffer.from('x'))).length).toBeLessThanOrEqual(1_000);
      await forward.end();
      server.close();
    });

    test('more than a limit at once are refused, and the others go on', async () => {
      const local = await freePort();
      const forward = await forwarding('olga', ['-L', `${local}:127.0.0.1:${echoPort}`], listens(local));
      const held = await Promise.all(
        Array.from({ length: 5 }, async () => {
          const socket = connect(local, '127.0.0.1');
          socket.write('x');
          await once(socket, 'data');
          return socket;
        }),
      );
      expect(await echoed(connect(local, '127.0.0.1'), Buffer.from('x'))).toEqual(Buffer.alloc(0));
      expect(forward.err()).toContain('more than 5 forwards at once');
      for (const socket of held) expect((await echoed(socket, Buffer.from('y'))).toString()).toBe('y');
      await forward.end();
    });

    test('a subsystem that a rule names is carried as bytes, and no other', async () => {
      expect(await world.ssh('olga', ['-s', 'web1@127.0.0.1', 'echo'], 'hello')).toEqual({
        code: 0,
        out: 'hello',
        err: '',
      });
      expect(await world.ssh('olga', ['-s', 'web1@127.0.0.1', 'netconf'])).toMatchObject({ code: 126, out: '' });
      expect((await decisions('subsystem netconf'))[0]).toMatchObject({ effect: 'deny', action: 'subsystem' });
    });

    test('-D: each place that is asked for by SOCKS is judged by itself', async () => {
      const socks = await freePort();
      const forward = await forwarding('olga', ['-D', `127.0.0.1:${socks}`], listens(socks));
      // SOCKS 4 (a request in one piece, with an address) is what ssh answers as well as 5.
      const by = async (port: number): Promise<string | undefined> => {
        const socket = connect(socks, '127.0.0.1').on('error', () => undefined);
        socket.write(Buffer.from([4, 1, port >> 8, port & 255, 127, 0, 0, 1, 0]));
        const [reply] = (await Promise.race([once(socket, 'data'), once(socket, 'close')])) as [unknown]; // what `data` carries
        if (!Buffer.isBuffer(reply)) return undefined;
        const back = reply[1] === 0x5a ? (await echoed(socket, Buffer.from('x'))).toString() : '';
        socket.destroy();
        return `${reply[1]} ${back}`;
      };
      expect(await by(echoPort)).toBe('90 x');
      expect(await by(closedPort)).not.toBe('90 x');
      expect(forward.err()).toMatch(/sallyport: denied by policy: not to the host itself \[T-001\]/);
      expect(await by(echoPort)).toBe('90 x');
      await forward.end();
    });

    test('-w: a network device is judged, and not carried, and what else was asked for goes on', async (context) => {
      const before = (await decisions('forward tunnel')).length;
      const asked = async () => (await decisions('forward tunnel')).slice(0, -before || undefined);
      const client = new ssh2.Client();
      const privateKey = await readFile(await world.login('olga'), 'utf8');
      client.connect({ host: '127.0.0.1', port: world.port, username: 'web1', privateKey });
      await once(client, 'ready');
      // OpenSSH's PROTOCOL, section 2.3: a tunnel of layer 3, any unit.
      sendRaw(client, channelOpen('tun@openssh.com', uint32(1, 0x7fffffff)));
      while ((await asked()).length === 0) await sleep(50);
      expect((await asked()).map(({ effect, action }) => [effect, action])).toEqual([['deny', 'forward']]);
      client.end();
      const ran = await world.ssh('olga', ['-w', 'any:any', 'web1@127.0.0.1', 'echo on']);
      expect(ran).toMatchObject({ code: 0, out: 'on\n' });
      if (/Tunnel device open failed/.test(ran.err))
        return context.skip('ssh -w: no network device can be made here; only its message was sent');
      expect(ran.err).toContain('sallyport does not carry it');
      while ((await asked()).length < 2) await sleep(50);
      expect((await asked()).every(({ effect }) => effect === 'deny')).toBe(true);
    });

    test('-Y: what runs has no display, and the client says that it got none', async () => {
      const options = world.options(await world.login('olga'));
      const child = spawn('ssh', [...options, '-Y', 'web1@127.0.0.1', 'echo ">$DISPLAY<"'], {
        env: { ...process.env, DISPLAY: '127.0.0.1:99' },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let [out, err] = ['', ''];
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
      expect((await once(child, 'close'))[0]).toBe(0);
      expect(out).toBe('><\n');
      expect(err).toContain('X11 forwarding request failed');
      while ((await decisions('forward x11')).length === 0) await sleep(50);
      expect((await decisions('forward x11')).every(({ effect }) => effect === 'deny')).toBe(true);
    });

    test('the key agent and X11 are judged, and not carried', async () => {
      const socket = join(world.dir, 'agent');
      children.push(spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' }));
      while (!(await listens(socket)())) await sleep(20);
      const options = world.options(await world.login('olga'));
      const env = { ...process.env, SSH_AUTH_SOCK: socket };
      const line = 'echo ">$SSH_AUTH_SOCK<"';
      const child = spawn('ssh', [...options, '-A', 'web1@127.0.0.1', line], {
        env,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let out = '';
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
      await once(child, 'close');
      expect(out).toBe('><\n');
      const client = new ssh2.Client();
      const privateKey = await readFile(await world.login('olga'), 'utf8');
      client.connect({ host: '127.0.0.1', port: world.port, username: 'web1', privateKey });
      await once(client, 'ready');
      // What nobody waits for is written down a little later.
      const before = (await decisions('forward x11')).length;
      await new Promise((resolve) => client.exec('true', { x11: true }, resolve));
      const asked = async () => [
        ...(await decisions('forward agent')),
        ...(await decisions('forward x11')).slice(0, -before || undefined),
      ];
      while ((await asked()).length < 2) await sleep(50);
      expect((await asked()).map(({ effect, action }) => [effect, action])).toEqual(Array(2).fill(['deny', 'forward']));
      client.end();
    });
  },
);
