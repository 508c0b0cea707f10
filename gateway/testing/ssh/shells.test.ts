import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseCast } from '../asciicast.ts';
import { playCast } from '../clients/asciinema-play.ts';
import { provided } from '../clients/walk.ts';
import { endOf } from '../live-session.ts';
import { noSshd, sshdPath } from '../sshd.ts';
import { entriesOf, linesOf, newestOf, replayed } from './auditor.ts';
import { approve, shownHold } from './holds.ts';
import { startSshRig, type SshRig } from './rig.ts';
import { Typist } from './typist.ts';

/** Rules of these tests, on top of the default pack. */
const rules = `package rules.ssh

approve contains {
	"id": "T-500", "msg": "somebody has to know", "groups": ["approvers"], "quorum": 1, "ttl_s": 600, "scope": "once",
} if {
	input.command.request == "shell"
	input.principal.id == "ben"
}

allow contains {"id": "T-501", "msg": "may have one"} if {
	input.command.request == "shell"
	input.principal.id == "ben"
}
`;

const cli = join(import.meta.dirname, '../../cli/main.ts');
const name = sshdPath === undefined ? `shells over SSH (skipped: ${noSshd})` : 'shells over SSH';

describe.skipIf(sshdPath === undefined)(name, () => {
  let world: SshRig;
  beforeAll(async () => {
    world = await startSshRig({
      rules,
      config: { recordings: { max_terminal_bytes: 200_000 } },
    });
  });
  afterAll(() => world[Symbol.asyncDispose]());

  /** Somebody at a terminal, with a shell that has told its prompt. */
  const atShell = async (size = { cols: 80, rows: 24 }): Promise<Typist> => {
    const typist = await Typist.open(world, 'olga', size);
    typist.type("PS1=rea''dy\\>\\  PS2=mo''re\\>\\ \r");
    await typist.sees(/ready> $/);
    return typist;
  };
  /** Lines of a recording, once it has all of them. */
  const recorded = async (session: string) => {
    await endOf(world.rig, session);
    return linesOf(world, session);
  };
  const sallyport = async (args: readonly string[]) => {
    const gateway = ['--gateway', `http://127.0.0.1:${world.rig.gateway.addresses.admin.port}`];
    const env = { ...process.env, SALLYPORT_TOKEN: await world.rig.token('otto') };
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [cli, ...args, ...gateway], { env });
    return stdout + stderr;
  };

  test('who may have a shell has one: keys, sizes, Ctrl-C and the exit code, as without the gateway', async () => {
    const typist = await atShell({ cols: 91, rows: 31 });
    expect(await typist.runs('stty size', /31 91/)).toContain('31 91');
    typist.resize({ cols: 120, rows: 40 });
    await typist.runs('stty size', /40 120/);
    // Behind the echo of the line the shell may be about to start it, and would take the interrupt itself.
    typist.type('sh -c \'echo run""ning; exec sleep 600\'\r');
    await typist.sees(/running\r\n/);
    typist.type('\u0003');
    await typist.sees(/\^C\r\n.*ready> $/);
    typist.type('exit 7\r');
    expect(await typist.exit).toEqual({ code: 7, signal: undefined });
  });

  test.each([
    ['a reader', 'ana', /no rule allows this/],
    ['an agent', 'ops-agent', /agents run commands and work on files over SSH: no shell \[SSH-004\]/],
  ])('%s has none, and reads why', async (_who, principal, why) => {
    const ran = await world.ssh(principal, ['-tt', 'web1@127.0.0.1']);
    expect(ran).toMatchObject({ code: 126, out: '' });
    expect(ran.err).toMatch(why);
    const decided = await entriesOf(world, await newestOf(world, principal), { type: 'decision' });
    expect(decided.map(({ action, effect }) => `${action} ${effect}`)).toContain('shell deny');
  });

  test('a shell without a terminal, which shows nothing of what it is told, is denied', async () => {
    const ran = await world.ssh('olga', ['-T', 'web1@127.0.0.1'], 'id\n');
    expect(ran).toMatchObject({ code: 126, out: '' });
    expect(ran.err).toContain('[SSH-011]');
  });

  test('OpenSSH’s own client at a terminal of its own', async () => {
    const key = await world.login('olga');
    const command = ['ssh', '-tt', ...world.options(key), 'web1@127.0.0.1'].join(' ');
    const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'ignore'] });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stdin.write("PS1=rea''dy\\>\\ \r");
    while (!out.endsWith('ready> ')) await Promise.race([once(child.stdout, 'data'), once(child, 'close')]);
    child.stdin.write('tty; exit 9\r');
    const [code] = (await once(child, 'close')) as [number]; // what `close` carries
    expect(out).toMatch(/\/dev\/pts\/\d+\r\n/);
    expect(code).toBe(9);
  });

  test('what was on the screen is on record, with its times and sizes, and what was typed unseen is not', async () => {
    const typist = await atShell();
    const secret = 'correct-horse-battery';
    typist.type('read -rsp "Password: " p; echo "${#p} letters"\r');
    await typist.sees(/Password: $/);
    typist.type(`${secret}\r`);
    await typist.sees(/21 letters\r\n/);
    typist.resize({ cols: 100, rows: 30 });
    await typist.runs('stty size', /30 100/);
    typist.type('\u001b[31mnothing\u0015exit\r');
    await typist.exit;
    const session = await newestOf(world, 'olga');
    const lines = await recorded(session);
    const recording = lines.join('\n');
    expect(recording).not.toContain(secret);
    expect(recording).toContain('21 letters');
    // Nor by a digest, from which it could be guessed: all the rest of what was typed is in the output.
    const input = lines.find((line) => line.includes('"type":"input"')) ?? '{}';
    expect(input).toMatch(/^\{"type":"input","t":[\d.]+,"command":1,"bytes":\d+\}$/);

    const file = join(world.dir, 'shell.cast');
    expect(await sallyport(['sessions', 'export', session, '--cast', file])).toMatch(/shell\.cast: \d+ events/);
    const cast = parseCast(readFileSync(file, 'utf8'));
    expect(cast.header).toMatchObject({ term: { cols: 80, rows: 24, type: 'xterm-256color' }, command: 'shell' });
    expect(cast.output).toContain('Password: ');
    expect(cast.events.filter(([, code]) => code === 'r').map(([, , data]) => data)).toEqual(['100x30']);
    expect(cast.events.at(-1)?.slice(1)).toEqual(['x', '0']);
    const read = await world.api('otto').audit.query({ session, type: 'recording.read' });
    expect(read.ok && read.value.length).toBe(2);

    const shown = await replayed(lines, true);
    expect(shown).toContain('-- a terminal of 80 columns and 24 rows\n');
    expect(shown).toContain('Password: 21 letters\r\n');
  });

  test('asciinema’s own player plays what is exported, sizes and all', async (context) => {
    const player = await provided('asciinema-player.sh');
    if ('missing' in player) return context.skip(player.missing);
    const typist = await atShell({ cols: 90, rows: 28 });
    await typist.runs("printf '\\e[1;32m%s\\e[0m \\346\\274\\242 \\360\\237\\230\\200\\n' colours", /mcolours/);
    typist.resize({ cols: 132, rows: 43 });
    await typist.runs('stty size', /43 132/);
    typist.type('exit 5\r');
    await typist.exit;
    const session = await newestOf(world, 'olga');
    await endOf(world.rig, session);
    const file = join(world.dir, 'played.cast');
    await sallyport(['sessions', 'export', session, '--cast', file]);
    const text = readFileSync(file, 'utf8');
    const cast = parseCast(text);
    const played = await playCast(player.path, text);
    expect(played.sizes).toEqual([
      { cols: 90, rows: 28 },
      { cols: 132, rows: 43 },
    ]);
    expect(played.output).toBe(cast.output);
    expect(played.output).toContain('\u001b[1;32mcolours\u001b[0m 漢 😀\r\n');
    expect(played.duration).toBeCloseTo(cast.events.reduce((sum, [interval]) => sum + interval, 0));
    await expect(playCast(player.path, text.replace('"version":3', '"version":4'))).rejects.toThrow('v4');
  });

  test('a session without a terminal has none to export', async () => {
    await world.ssh('olga', ['web1@127.0.0.1', 'echo plain']);
    const session = await newestOf(world, 'olga');
    await endOf(world.rig, session);
    await expect(sallyport(['sessions', 'export', session, '--cast', '-'])).rejects.toThrow(
      'nothing in this session had a terminal',
    );
  });

  test('a shell waits for its approval, in the size that the terminal has by then', async () => {
    const typist = await Typist.open(world, 'ben', { cols: 80, rows: 24 });
    const [, hold = ''] = await typist.sees(/approvals approve (\w{26})/);
    typist.resize({ cols: 132, rows: 50 });
    typist.type('stty size; exit\r');
    await approve(world, await shownHold(world, hold));
    await typist.sees(/50 132\r\n/);
    await typist.exit;
  });

  test('a shell in which nothing happens ends, and says why; one that prints goes on', async () => {
    await using short = await startSshRig({ config: { sessions: { idle_s: 2 } } });
    const typist = await Typist.open(short, 'olga', { cols: 80, rows: 24 });
    typist.type('for i in 1 2 3 4 5 6; do echo "tick $i"; sleep 1; done\r');
    await typist.sees(/tick 6/);
    await typist.sees(/sallyport: idle for too long\r\n$/);
    expect((await typist.exit).code).toBe(255);
  });

  test('a shell whose recording is full ends, and says why; all that it printed is on record', async () => {
    const typist = await atShell();
    typist.type('yes 0123456789 | head -c 1000000\r');
    await typist.sees(/sallyport: the recording of this terminal is full after 200000 bytes\r\n$/);
    expect((await typist.exit).code).toBe(255);
    const lines = await recorded(await newestOf(world, 'olga'));
    const kept = lines.map((line) => JSON.parse(line) as { type: string; text?: string });
    const printed = kept.filter(({ type }) => type === 'bytes').map(({ text = '' }) => text);
    const said = typist.output.slice(0, typist.output.indexOf('sallyport: the recording'));
    expect(printed.join('')).toBe(said);
    expect(lines.join('\n')).not.toContain('"type":"omitted"');
  });

  test('a client that does not read stops what is printed, and loses nothing', async () => {
    const typist = await Typist.open(world, 'olga', { cols: 80, rows: 24 });
    typist.type('seq 1 20000; exit\r');
    typist.pause();
    // Time passes: nothing is read, and so nothing may come.
    await sleep(500);
    typist.resume();
    await typist.exit;
    const all = Array.from({ length: 20_000 }, (_, i) => `${i + 1}\r\n`).join('');
    expect(typist.output.includes(all)).toBe(true);
  });

  test('the loss of the host ends the shell, and not well', async () => {
    const typist = await atShell();
    const pid = /(\d+) pts/.exec(await typist.runs('echo "$PPID pts"', /\d+ pts/))?.[1] ?? '';
    process.kill(Number(pid), 'SIGKILL');
    expect((await typist.exit).code).toBe(255);
    expect(typist.output).toMatch(/connection to the target lost/);
    expect(await endOf(world.rig, await newestOf(world, 'olga'))).toContain('upstream-lost');
  });

  test('who hangs up leaves no shell behind', async () => {
    const typist = await atShell();
    const pid = Number(/(\d+) shell/.exec(await typist.runs('echo "$$ shell"', /\d+ shell/))?.[1]);
    typist.hangUp();
    while (await isAlive(pid)) await sleep(50);
    expect(await endOf(world.rig, await newestOf(world, 'olga'))).toContain('client gone');
  });
});

async function isAlive(pid: number): Promise<boolean> {
  return (await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')) !== '';
}
