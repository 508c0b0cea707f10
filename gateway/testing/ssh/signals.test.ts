import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import ssh2, { type ClientChannel } from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { settled } from '../settled.ts';
import { noSshd, rootOnly, sshdPath } from '../sshd.ts';
import { newestOf } from './auditor.ts';
import { startSshRig, type SshRig } from './rig.ts';

/** Rules of these tests, on top of the default pack. */
const rules = `package rules.ssh

deny contains {"id": "T-600", "msg": "no core dumps"} if input.command.signal == "QUIT"

limit contains {"id": "T-601", "msg": "a second", "seconds": 1} if "stubborn" in input.command.argv
`;
/** Goes on until it is told not to, and says what it was told. @param answers what it does at which signal */
const program = (answers: Readonly<Record<string, string>>) => {
  const traps = Object.entries(answers).map(([name, answer]) => `trap '${answer}' ${name}; `);
  return `${traps.join('')}echo ready; while :; do sleep 0.05; done`;
};
const skipped = sshdPath === undefined ? noSshd : rootOnly;

// sshd delivers no signal to what it runs for root.
describe.skipIf(skipped !== undefined)(
  skipped === undefined ? 'signals over SSH' : `signals over SSH (skipped: ${skipped})`,
  () => {
    let world: SshRig;
    let client: ssh2.Client;
    beforeAll(async () => {
      world = await startSshRig({ sshd: { unprivileged: true }, rules });
      client = new ssh2.Client();
      const privateKey = await readFile(await world.login('olga'));
      client.connect({ host: '127.0.0.1', port: world.port, username: 'web1', privateKey });
      await once(client, 'ready');
    }, 180_000);
    afterAll(async () => {
      client.end();
      await world[Symbol.asyncDispose]();
    });

    /** Runs it until it is ready. */
    const start = async (line: string) => {
      const channel = await new Promise<ClientChannel>((resolve, reject) => {
        client.exec(line, (error, opened) => (error ? reject(error) : resolve(opened)));
      });
      let [out, err] = ['', ''];
      channel.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
      const closed = once(channel, 'close');
      const ended = new Promise<{ readonly code: number | null; readonly signal: string | undefined }>((resolve) => {
        channel.once('exit', (code: number | null, signal?: string) => resolve({ code, signal }));
      });
      await new Promise<void>((resolve) => {
        channel.on('data', (chunk: Buffer) => {
          out += chunk.toString();
          if (out.includes('ready\n')) resolve();
        });
      });
      const end = async () => {
        const exit = await ended;
        await closed;
        return { ...exit, out, err };
      };
      return { channel, end };
    };
    const signals = async () => {
      const found = await world.api('otto').audit.query({ identity: 'olga', action: 'signal' });
      if (!found.ok) throw new Error(found.problem.detail);
      return found.value.map(({ command, effect, findings }) => `${command}: ${effect} ${findings.join(' ')}`);
    };

    test.each(['HUP', 'INT', 'TERM', 'KILL', 'USR1'])('SIG%s ends what runs, and the client hears so', async (name) => {
      const { channel, end } = await start('echo ready; exec sleep 600');
      channel.signal(name);
      expect(await end()).toEqual({ code: null, signal: `SIG${name}`, out: 'ready\n', err: '' });
      expect(await signals()).toContain(`signal ${name}: allow SSH-506`);
    });

    test.each(['HUP', 'INT', 'TERM', 'USR2'])('what catches SIG%s decides how it ends', async (name) => {
      const { channel, end } = await start(program({ [name]: 'echo caught; exit 7' }));
      channel.signal(name);
      expect(await end()).toMatchObject({ code: 7, out: 'ready\ncaught\n' });
    });

    test('a signal that policy denies does not arrive, those behind it do, and both are in the log', async () => {
      const { channel, end } = await start(program({ QUIT: 'echo quit', TERM: 'echo done; exit 0' }));
      channel.signal('QUIT');
      channel.signal('TERM');
      expect(await end()).toMatchObject({ code: 0, out: 'ready\ndone\n' });
      expect((await signals()).find((entry) => entry.startsWith('signal QUIT'))).toMatch(/: deny .*T-600/);
    });

    test('what ignores the end of its connection is killed when a limit ends it', async () => {
      const { end } = await start(
        `: stubborn; trap '' HUP INT TERM PIPE; echo $$; echo ready; while :; do sleep 1; done`,
      );
      const { out, err } = await end();
      expect(err).toContain('ended by policy: it ran for more than 1 seconds');
      const pid = Number(/^\d+/.exec(out)?.[0]);
      expect(pid).toBeGreaterThan(1);
      while (isAlive(pid)) await sleep(20);
    });

    test('what ignores the end of its connection is killed when the token ends', { timeout: 120_000 }, async () => {
      const options = world.options(await world.briefly('olga', 20));
      const line = `trap '' HUP INT TERM PIPE; echo $$; while :; do sleep 1; done`;
      const ssh = spawn('ssh', [...options, 'web1@127.0.0.1', line], { stdio: ['ignore', 'pipe', 'pipe'] });
      let err = '';
      ssh.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
      const closed = once(ssh, 'close');
      const [begun] = (await once(ssh.stdout, 'data')) as [Buffer]; // what `data` carries
      const pid = Number(begun.toString());
      expect(pid).toBeGreaterThan(1);
      expect((await closed)[0]).toBe(255);
      expect(err).toContain('session ended: the token has expired; log in again');
      while (isAlive(pid)) await sleep(20);
      const ended = { end_reason: 'session ended: the token has expired; log in again' };
      // What ran may be dead before the session is written down as over.
      await expect
        .poll(() => world.api('otto').sessions.list({ principal: 'olga', open: false }), settled)
        .toMatchObject({ ok: true, value: [ended] });
    });

    test('what was on its way to the host in the moment its session ended is killed there', async () => {
      const other = new ssh2.Client();
      const privateKey = await readFile(await world.login('olga'));
      other.connect({ host: '127.0.0.1', port: world.port, username: 'web1', privateKey });
      await once(other, 'ready');
      const exec = (line: string) =>
        new Promise<ClientChannel | undefined>((resolve) => other.exec(line, (_, opened) => resolve(opened)));
      const asking = await exec('echo $PPID');
      if (!asking) throw new Error('nothing runs');
      const atHost = Number(await text(asking));
      expect(atHost).toBeGreaterThan(1);
      const session = await newestOf(world, 'olga');
      const line = 'exec sleep 4711.25';
      // The host's sshd takes its time.
      process.kill(atHost, 'SIGSTOP');
      try {
        const closed = once(other, 'close');
        void exec(line);
        const released = async () => {
          const found = await world.api('otto').audit.query({ identity: 'olga', session, type: 'decision' });
          return found.ok && found.value.some(({ command }) => command === line);
        };
        while (!(await released())) await sleep(20);
        await world.api('olga').sessions.kill(session, 'wrong host');
        await closed;
      } finally {
        process.kill(atHost, 'SIGCONT');
      }
      while (isAlive(atHost)) await sleep(20);
      while (await runs('sleep\0' + '4711.25\0')) await sleep(20);
    });

    test('Ctrl-C in ssh’s terminal is SIGINT to what runs in it', async () => {
      const options = world.options(await world.login('olga'));
      const line = program({ INT: 'echo caught; exit 7' });
      const ssh = spawn('ssh', ['-tt', '-q', ...options, 'web1@127.0.0.1', line], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      let out = '';
      ssh.stdout.on('data', (chunk: Buffer) => {
        out += chunk.toString();
        if (out.endsWith('ready\r\n')) ssh.stdin.write('\u0003');
      });
      const [code] = (await once(ssh, 'close')) as [number | null]; // what `close` carries
      expect({ code, out: out.replaceAll('\r', '') }).toEqual({ code: 7, out: 'ready\n^Ccaught\n' });
    });
  },
);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Whether a process has this command line, as the system keeps it. */
async function runs(commandLine: string): Promise<boolean> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')));
  return lines.includes(commandLine);
}
