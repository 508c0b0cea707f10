import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noSshd, sshdPath } from '../sshd.ts';
import { type Ran, run, startSshRig, type SshRig } from './rig.ts';

/** What is typed on a terminal once `ready` is there. */
const typed: [name: string, line: string, keys: string][] = [
  ['a line, and the end of input', 'echo ready; cat', 'typed\n\u0004'],
  ['Ctrl-C', 'trap "echo interrupted; exit 9" INT; echo ready; read x', '\u0003'],
  ['Ctrl-C that nobody catches', 'echo ready; exec cat', '\u0003'],
  ['a password, without echo', 'stty -echo; echo ready; read x; stty echo; echo "${#x} letters"', 'secret\n'],
];

/** Each is run twice with OpenSSH's own client, past the gateway and through it: nobody may tell the difference. */
type Case = [name: string, options: string[], line: string, input?: string | Buffer];
const cases: Case[] = [
  ['success', [], 'true'],
  ['an exit code', [], 'exit 3'],
  ['the highest exit code', [], 'exit 255'],
  ['a program that is not there', [], 'no-such-program-here'],
  ['a program that may not be run', [], '/etc/hostname'],
  ['the end by a signal', [], 'kill -KILL $$'],
  ['the end of a child by a signal', [], '(kill -TERM $BASHPID); echo $?'],
  ['output and errors', [], 'echo out; echo err >&2; exit 1'],
  ['no output at all', [], 'exec >&- 2>&-; exit 5'],
  ['output of what goes on in the background', [], '(sleep 0.3; echo late) & echo now'],
  ['words in quotes, and letters of all kinds', [], `printf '%s|' "a  b" 'c"d' $'\\t' é 漢 😀`],
  ['a line of several lines', [], 'echo one\necho two\n'],
  ['a long line', [], `echo ${'x'.repeat(16_000)}`],
  ['no input', ['-n'], 'cat; echo done'],
  ['the end of input', [], 'cat; echo done', ''],
  ['input', [], 'cat; echo done', 'some input\n'],
  ['input that nobody reads to its end', [], 'head -c 1', Buffer.alloc(3_000_000, 'x')],
  ['input that nobody reads at all', [], 'exit 4', Buffer.alloc(3_000_000, 'x')],
  ['much of both, with new keys in the middle', ['-o', 'RekeyLimit=1M'], 'cat', Buffer.alloc(6_000_000, 'y')],
  // A client that hears nothing leaves after four seconds; after two, a busy machine alone would have it leave.
  [
    'signs of life while nothing happens',
    ['-o', 'ServerAliveInterval=1', '-o', 'ServerAliveCountMax=3'],
    'sleep 5.5; echo on',
  ],
  ['no terminal', ['-T'], 'test -t 0 || test -t 1; echo $?'],
  ['a terminal', ['-tt'], 'test -t 0 && test -t 1 && test -t 2; echo $?; exit 6'],
  ['the size and kind of a terminal', ['-tt'], 'stty size; echo $TERM; stty -a | grep -o "intr = [^;]*"'],
  ['errors on a terminal', ['-tt'], 'echo err >&2; no-such-program-here'],
  ['a variable that the host takes', ['-o', 'SetEnv=LC_TIME=C.UTF-8'], 'echo $LC_TIME'],
  ['ciphers of one’s own choice', ['-c', 'chacha20-poly1305@openssh.com'], 'echo chacha'],
];

describe.skipIf(sshdPath === undefined)(
  sshdPath === undefined ? `as with OpenSSH direct (skipped: ${noSshd})` : 'as with OpenSSH direct',
  () => {
    let world: SshRig;
    let direct: readonly string[];
    beforeAll(async () => {
      world = await startSshRig();
      const { sshd } = world;
      const known = join(world.dir, 'known_hosts');
      await writeFile(known, `[127.0.0.1]:${sshd.port} ${sshd.hostKey}\n`);
      direct = [
        ...['-F', 'none', '-i', sshd.keyFile, '-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes'],
        ...['-o', `Port=${sshd.port}`, '-o', `UserKnownHostsFile=${known}`, '-o', 'GlobalKnownHostsFile=/dev/null'],
      ];
    });
    afterAll(() => world[Symbol.asyncDispose]());

    test.each(cases)('%s', async (_, options, line, input) => {
      const past = await run('ssh', [...direct, ...options, `${world.sshd.user}@127.0.0.1`, line], input);
      const through = await world.ssh('olga', [...options, 'web1@127.0.0.1', line], input);
      expect(through).toEqual(past);
    });

    test.each([
      ['unset', ['-u', 'TERM']],
      ['empty', ['TERM=']],
      ['screen', ['TERM=screen']],
    ])('a terminal whose kind is %s where the client runs', async (_, how) => {
      const kind = (options: readonly string[]) => run('env', [...how, 'ssh', ...options, '-tt', 'echo "$TERM"']);
      const past = await kind([...direct, `${world.sshd.user}@127.0.0.1`]);
      const through = await kind([...world.options(await world.login('olga')), 'web1@127.0.0.1']);
      expect(through).toEqual(past);
    });

    test.each(typed)('%s, typed on a terminal', async (_, line, keys) => {
      const past = await type([...direct, `${world.sshd.user}@127.0.0.1`], line, keys);
      const through = await type([...world.options(await world.login('olga')), 'web1@127.0.0.1'], line, keys);
      expect(past.out).toContain('ready');
      expect(through).toEqual(past);
    });

    test('the same table is no comparison of two failures', async () => {
      const ran = await run('ssh', [...direct, `${world.sshd.user}@127.0.0.1`, 'echo out; echo err >&2; exit 3']);
      expect(ran).toEqual({ code: 3, out: 'out\n', err: 'err\n' });
    });

    test('commands share one connection by ControlMaster, and a denied one harms no other', async () => {
      const path = join(world.dir, 'master');
      const options = [...world.options(await world.login('ana')), '-o', `ControlPath=${path}`];
      const master = spawn('ssh', [...options, '-M', '-N', 'web1@127.0.0.1'], { stdio: 'ignore' });
      const ended = once(master, 'exit');
      const shared = (...args: readonly string[]): Promise<Ran> =>
        run('ssh', ['-F', 'none', '-o', `ControlPath=${path}`, '-o', 'ControlMaster=no', ...args]);
      while ((await shared('-O', 'check', 'web1@127.0.0.1')).code !== 0) await sleep(50);
      const lines = ['echo 1', 'touch /tmp/sallyport-never', 'echo 2; sleep 0.2; echo 2', 'false'];
      const ran = await Promise.all(lines.map((line) => shared('web1@127.0.0.1', line)));
      expect(ran.map(({ code, out }) => ({ code, out }))).toEqual([
        { code: 0, out: '1\n' },
        { code: 126, out: '' },
        { code: 0, out: '2\n2\n' },
        { code: 1, out: '' },
      ]);
      expect(ran[1]?.err).toMatch(/^sallyport: denied by policy: /);
      const sessions = await world.api('otto').sessions.list({ principal: 'ana' });
      if (!sessions.ok) throw new Error(sessions.problem.detail);
      expect(sessions.value).toHaveLength(1);
      await shared('-O', 'exit', 'web1@127.0.0.1');
      await ended;
    });
  },
);

/** The client's input stays open: its end would hang up the terminal at the host. */
function type(to: readonly string[], line: string, keys: string): Promise<Ran> {
  const child = spawn('ssh', ['-tt', ...to, line], { stdio: ['pipe', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    const before = out.includes('ready');
    out += chunk.toString();
    if (!before && out.includes('ready')) child.stdin.write(keys);
  });
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })));
}
