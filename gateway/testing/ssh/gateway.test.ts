import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noSshd, sshdPath } from '../sshd.ts';
import { recordOf } from './auditor.ts';
import { approve, holdsIn, runHeld, shownHold } from './holds.ts';
import { startSshRig, type SshRig } from './rig.ts';

/** Rules of these tests, on top of the default pack. */
const rules = `package rules.ssh

limit contains {"id": "T-300", "msg": "a thousand bytes", "bytes": 1000} if input.command.name == "seq"

limit contains {"id": "T-301", "msg": "a thousand bytes in", "input_bytes": 1000} if input.command.name == "wc"

limit contains {"id": "T-302", "msg": "a second", "seconds": 1} if input.command.name == "sleep"

mask contains {"id": "T-201", "msg": "cards", "label": "detector:card", "method": "redact"} if input.command.name == "cat"

mask contains {"id": "T-202", "msg": "tickets", "label": "pattern:ACME-[0-9]+", "method": "redact"} if input.command.name == "tac"

mask contains {"id": "T-200", "msg": "names of hosts", "label": "pii.ssn", "method": "redact"} if input.command.name == "hostname"
`;

describe.skipIf(sshdPath === undefined)(sshdPath === undefined ? `SSH (skipped: ${noSshd})` : 'SSH', () => {
  let world: SshRig;
  beforeAll(async () => {
    world = await startSshRig({ rules });
  }, 180_000);
  afterAll(() => world[Symbol.asyncDispose]());

  test('what is allowed runs at the host: output, errors and exit code come back', async () => {
    expect(await world.ssh('olga', ['web1@127.0.0.1', 'echo out; echo err >&2; exit 7'])).toEqual({
      code: 7,
      out: 'out\n',
      err: 'err\n',
    });
  });

  test('what is denied runs nowhere, and the client reads why', async () => {
    const file = join(world.dir, 'made');
    const ran = await world.ssh('ana', ['web1@127.0.0.1', `touch ${file}`]);
    expect(ran).toMatchObject({ code: 126, out: '' });
    expect(ran.err).toMatch(/^sallyport: denied by policy: .*\nsallyport: hint: .*\nsallyport: request \w+ revision /s);
    expect(existsSync(file)).toBe(false);
  });

  test('one denied command of a line denies the line', async () => {
    const file = join(world.dir, 'made');
    const ran = await world.ssh('ana', ['web1@127.0.0.1', `uptime; ls / | xargs touch ${file}`]);
    expect(ran).toMatchObject({ code: 126, out: '' });
    expect(existsSync(file)).toBe(false);
  });

  test('an agent’s line whose commands cannot be known is denied', async () => {
    const ran = await world.ssh('ops-agent', ['web1@127.0.0.1', 'x=l; ${x}s /']);
    expect(ran.code).toBe(126);
    expect(ran.err).toContain('[SSH-002]');
  });

  test('input and output of any bytes pass unchanged, both ways', async () => {
    const bytes = randomBytes(5_000_000);
    const sum = createHash('sha256').update(bytes).digest('hex');
    const { code, out } = await world.ssh('olga', ['web1@127.0.0.1', 'tee >(sha256sum >&2)'], bytes);
    expect(code).toBe(0);
    expect(createHash('sha256').update(Buffer.from(out, 'latin1')).digest('hex')).toBe(sum);
  });

  test('two streams at once, more than their windows hold, lose nothing and mix nothing', async () => {
    const line = 'head -c 6000000 /dev/zero | tr "\\0" e >&2 & head -c 6000000 /dev/zero | tr "\\0" o; wait';
    const { code, out, err } = await world.ssh('olga', ['web1@127.0.0.1', line]);
    expect(code).toBe(0);
    expect(out === 'o'.repeat(6_000_000) && err === 'e'.repeat(6_000_000)).toBe(true);
  });

  test('the end by a signal is told as such', async () => {
    const { code } = await world.ssh('olga', ['web1@127.0.0.1', 'kill -TERM $$']);
    // What `ssh` ends with when the host says "by a signal".
    expect(code).toBe(255);
  });

  test('a terminal is passed on where it is asked for', async () => {
    const { out } = await world.ssh('olga', ['-tt', 'web1@127.0.0.1', 'tty']);
    expect(out).toMatch(/^\/dev\/pts\/\d+\r\n$/);
    expect((await world.ssh('olga', ['-T', 'web1@127.0.0.1', 'tty'])).out).toBe('not a tty\n');
  });

  test('a kind of terminal that is a path gets no terminal: libraries would read that file', async () => {
    for (const kind of ['../../tmp/evil', '/tmp/evil', '.evil', 'x;touch', 'x$(touch)']) {
      const asked = ['-tt', '-o', `SetEnv=TERM=${kind}`, 'web1@127.0.0.1', 'echo $TERM'];
      const err = 'PTY allocation request failed on channel 0\r\n';
      expect([kind, await world.ssh('olga', asked)]).toEqual([kind, { code: 255, out: '', err }]);
    }
    const fine = ['-tt', '-o', 'SetEnv=TERM=screen.xterm-256color', 'web1@127.0.0.1', 'echo $TERM'];
    expect((await world.ssh('olga', fine)).out).toBe('screen.xterm-256color\r\n');
  });

  test('variables on the list reach the host and policy, the others neither', async () => {
    const line = [
      '-o',
      'SetEnv=LC_TIME=C.UTF-8 LD_PRELOAD=/tmp/evil.so',
      'web1@127.0.0.1',
      'echo $LC_TIME:$LD_PRELOAD:',
    ];
    expect(await world.ssh('olga', line)).toEqual({ code: 0, out: 'C.UTF-8::\n', err: '' });
    const looks = ['-o', 'SetEnv=LC_TIME=C.UTF-8 LD_PRELOAD=/tmp/evil.so', 'web1@127.0.0.1', 'printenv LC_TIME'];
    expect(await world.ssh('ana', looks)).toMatchObject({ code: 0, out: 'C.UTF-8\n' });
  });

  test('a variable by which the host would read the line otherwise denies it', async () => {
    const ran = await world.ssh('olga', ['-o', 'SetEnv=LC_ALL=zh_CN.GBK', 'web1@127.0.0.1', 'echo hi']);
    expect(ran).toMatchObject({ code: 126, out: '' });
    expect(ran.err).toContain('[SSH-006]');
  });

  test('what prints more than policy lets it is ended, and the client is told', async () => {
    const { code, out, err } = await world.ssh('olga', ['web1@127.0.0.1', 'seq 1 100000000']);
    expect(code).toBe(126);
    expect(out.length).toBe(1_000);
    expect(err).toMatch(
      /^sallyport: ended by policy: it printed more than 1000 bytes\nsallyport: request \w+ revision /,
    );
  });

  test('what is given more than policy lets it is ended, and the client is told', async () => {
    const ran = await world.ssh('olga', ['web1@127.0.0.1', 'wc -c'], Buffer.alloc(1_001));
    expect(ran).toMatchObject({ code: 126, out: '' });
    expect(ran.err).toContain('ended by policy: it was given more than 1000 bytes');
    expect(await world.ssh('olga', ['web1@127.0.0.1', 'wc -c'], Buffer.alloc(1_000))).toEqual({
      code: 0,
      out: '1000\n',
      err: '',
    });
  });

  test('what runs for longer than policy lets it is ended, and the end is recorded', async () => {
    const ran = await world.ssh('olga', ['web1@127.0.0.1', 'echo begun; sleep 1000']);
    expect(ran.code).toBe(126);
    // A busy host may not have come as far in that second.
    expect(['', 'begun\n']).toContain(ran.out);
    expect(ran.err).toContain('ended by policy: it ran for more than 1 seconds');
  });

  test('what is found in both streams is masked before the client and the recording, wherever the host cuts it', async () => {
    const file = join(world.dir, 'customers');
    await writeFile(file, 'ana 4242424242424242\n\xff\xfe bo 4242424242424242', 'latin1');
    const ran = await world.ssh('olga', ['web1@127.0.0.1', `cat ${file}; cat ${file} >&2`]);
    expect(ran).toMatchObject({ code: 0, out: 'ana ***\n\xff\xfe bo ***' });
    expect(ran.err).toMatch(/^ana \*\*\*\n.. bo \*\*\*$/);
    // What comes in the same line is a part of the same stream.
    const piecewise = 'cat /dev/null; for d in 4242 4242 4242 4242; do printf %s $d; done; echo';
    expect(await world.ssh('olga', ['web1@127.0.0.1', piecewise])).toMatchObject({ code: 0, out: '***\n' });
  });

  test('a prompt without an end of line is seen before it is answered', async () => {
    const line = 'cat /dev/null; printf "Continue? "; read answer; echo "$answer"';
    const options = world.options(await world.login('olga'));
    const child = spawn('ssh', [...options, 'web1@127.0.0.1', line], { stdio: ['pipe', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    while (out !== 'Continue? ') await once(child.stdout, 'data');
    child.stdin.end('yes\n');
    await once(child, 'close');
    expect(out).toBe('Continue? yes\n');
  });

  test('an expression of a rule masks what it matches', async () => {
    const file = join(world.dir, 'tickets');
    await writeFile(file, 'see ACME-4711 and ACME-\n');
    const ran = await world.ssh('olga', ['web1@127.0.0.1', `tac ${file}`]);
    expect(ran).toEqual({ code: 0, out: 'see *** and ACME-\n', err: '' });
  });

  test('a mask that a stream cannot carry is a no before anything runs', async () => {
    const ran = await world.ssh('olga', ['web1@127.0.0.1', `touch ${join(world.dir, 'masked')}; hostname`]);
    expect(ran.code).toBe(126);
    expect(ran.err).toContain('bytes without columns');
    expect(existsSync(join(world.dir, 'masked'))).toBe(false);
  });

  test('a line that needs an approval waits, says so, and runs once it is given', async () => {
    const file = join(world.dir, 'approved');
    // Its one command is `touch "$one"`: what it is done to stands around it.
    const line = `for one in ${file}; do touch "$one"; done`;
    const { hold, over } = await runHeld(world, 'ops-agent', 'ssh', ['web1@127.0.0.1', line]);
    expect(existsSync(file)).toBe(false);
    const shown = await shownHold(world, hold);
    expect(shown.texts).toEqual([line]);
    await approve(world, shown);
    expect(await over).toBe(0);
    expect(existsSync(file)).toBe(true);
  });

  test('a variable that comes behind the line, while it waits for an approval, is refused', async () => {
    const client = new ssh2.Client();
    const privateKey = await readFile(await world.login('ops-agent'));
    client.connect({ host: '127.0.0.1', port: world.port, username: 'web1', privateKey });
    await once(client, 'ready');
    const channel = await new Promise<ssh2.ClientChannel>((resolve, reject) => {
      client.exec(`touch ${join(world.dir, 'late')}; printenv LC_TIME`, (error, opened) =>
        error ? reject(error) : resolve(opened),
      );
    });
    let [out, err] = ['', ''];
    channel.on('data', (chunk: Buffer) => (out += chunk.toString()));
    const asked = new Promise<string>((resolve) => {
      channel.stderr.on('data', (chunk: Buffer) => {
        err += chunk.toString();
        const [hold] = holdsIn(err);
        if (hold !== undefined) resolve(hold);
      });
    });
    const ended = once(channel, 'exit');
    const hold = await asked;
    // No client sends it so late, and the library has no call for it.
    const { _protocol: protocol } = client as unknown as {
      readonly _protocol: { env(id: number, name: string, value: string, wantReply: boolean): void };
    };
    const { outgoing } = channel as unknown as { readonly outgoing: { readonly id: number } };
    protocol.env(outgoing.id, 'LC_TIME', 'C.UTF-8', false);
    // When this one is over, whatever it is answered, the gateway has read what came before it.
    await new Promise((resolve) => {
      client.exec('id', (_error, other) => other.resume().once('exit', resolve));
    });
    await approve(world, await shownHold(world, hold));
    expect((await ended)[0]).toBe(1);
    expect(out).toBe('');
    client.end();
  });

  test.each([
    ['a subsystem', ['-s', 'web1@127.0.0.1', 'netconf'], 126, /no rule allows/],
    [
      'a connection through it',
      ['-W', '127.0.0.1:22', 'web1@127.0.0.1'],
      255,
      /prohibited: sallyport: denied by policy/,
    ],
    [
      'a target that is none',
      ['web2@127.0.0.1', 'id'],
      255,
      /no target "web2" for ssh\n.*hint: .*"sallyport target list".*\n.*session /,
    ],
    [
      'a login that the gateway has none for',
      ['nobody@web1@127.0.0.1', 'id'],
      255,
      /has no login "nobody".*\n.*hint: .*"sallyport target list".*\n.*session /,
    ],
    ['a line that does not parse', ['web1@127.0.0.1', 'echo "'], 126, /SSH-001/],
  ])('%s is refused with a reason', async (_, args, code, words) => {
    const ran = await world.ssh('ana', args);
    expect(ran.err).toMatch(words);
    expect(ran.code).toBe(code);
  });

  test('a forward of a port is refused, and what was to run runs', async () => {
    const ran = await world.ssh('ana', ['-R', '0:127.0.0.1:22', 'web1@127.0.0.1', 'uptime -V']);
    expect(ran.err).toContain('remote port forwarding failed');
    const { code } = await world.ssh('ana', [
      '-o',
      'ExitOnForwardFailure=yes',
      '-R',
      '0:127.0.0.1:22',
      'web1@127.0.0.1',
      'id',
    ]);
    expect(code).toBe(255);
  });

  test('who has no key that was registered does not get in', async () => {
    const file = join(world.dir, 'stranger');
    await writeFile(file, world.sshd.key, { mode: 0o600 });
    const child = spawn('ssh', [...world.options(file), 'web1@127.0.0.1', 'id']);
    let err = '';
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(255);
    expect(err).toContain('Permission denied');
  });

  test('session, decisions and streams are in log and recording', async () => {
    await world.ssh('olga', ['web1@127.0.0.1', 'echo recorded | cat; cat >&2'], 'a password');
    const otto = world.api('otto');
    const found = await otto.sessions.list({ principal: 'olga' });
    if (!found.ok) throw new Error(found.problem.detail);
    const [session] = found.value;
    expect(session).toMatchObject({ target: 'web1', protocol: 'ssh', client: { ip: '127.0.0.1' } });
    const { lines, shown, entries } = await recordOf(world, 'olga');
    expect(lines.join('\n')).toMatch(/"type":"bytes".*"stream":"stdout","text":"recorded\\n"/);
    expect(lines.join('\n')).toMatch(/"type":"input".*"bytes":10/);
    expect(shown).toContain('web1$ echo recorded\n');
    expect(shown).toContain('recorded\n');
    const types = entries.map(({ type, command }) => `${type} ${command}`.trim());
    expect(types).toContain('decision echo recorded');
    expect(types).toContain('session.start');
  });
});
