import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../ports.ts';
import { noSshd, sshdPath } from '../sshd.ts';
import { startSshRig, type SshRig } from './rig.ts';

const page = readFileSync(new URL('../../../docs/how-to/connect-an-editor.md', import.meta.url), 'utf8');

/** What VS Code's Remote-SSH gives the shell on standard input, in small: it starts a server on a free port of the host, says which, and stays as long as that input does. */
const script = `uname -s
cd "$HOME" || exit 1
exec "${process.execPath}" -e '
  const server = require("net").createServer((socket) => socket.pipe(socket));
  server.listen(0, "127.0.0.1", () => console.log("listeningOn==" + server.address().port + "=="));
  process.stdin.on("end", () => process.exit()).resume();
'
`;

describe.skipIf(sshdPath === undefined)(
  sshdPath === undefined ? `editors over SSH (skipped: ${noSshd})` : 'editors over SSH',
  () => {
    let world: SshRig;
    const children: ChildProcess[] = [];
    beforeAll(async () => {
      world = await startSshRig({
        rules: /```rego\n(.*?)```/s.exec(page)?.[1] ?? '',
        target: { labels: { env: 'dev' } },
        principals: [{ name: 'edda', kind: 'human', groups: ['readers', 'editors'] }],
      });
    }, 180_000);
    afterEach(() => {
      for (const child of children.splice(0)) child.kill();
    });
    afterAll(() => world[Symbol.asyncDispose]());

    /** As Remote-SSH does it: `ssh -T -D PORT HOST bash`, and the script. */
    async function edit(who: string) {
      const socks = await freePort();
      const args = [
        ...world.options(await world.login(who)),
        '-T',
        '-D',
        `127.0.0.1:${socks}`,
        'web1@127.0.0.1',
        'bash',
      ];
      const child = spawn('ssh', args, { stdio: 'pipe' });
      children.push(child);
      let [out, err] = ['', ''];
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
      child.stdin.on('error', () => undefined);
      child.stdin.write(script);
      const over = once(child, 'close').then(([code]) => code as number | null); // what `close` carries
      return { socks, child, over, out: () => out, err: () => err };
    }
    const decisions = async (who: string) => {
      const read = await world.api('otto').audit.query({ identity: who, type: 'decision', limit: 100 });
      if (!read.ok) throw new Error(read.problem.detail);
      return read.value.map(({ command, effect }) => `${effect} ${command}`);
    };

    test('with the page’s rules the script runs, and its server is reached through the SOCKS port, and nothing else is', async () => {
      const editor = await edit('edda');
      const port = async (): Promise<number> => {
        for (;;) {
          const found = /listeningOn==(\d+)==/.exec(editor.out())?.[1];
          if (found !== undefined) return Number(found);
          if (editor.child.exitCode !== null) throw new Error(editor.err());
          await sleep(20);
        }
      };
      const server = await port();
      for (const message of ['one', 'two']) {
        const socket = await throughSocks(editor.socks, '127.0.0.1', server);
        if (!socket) throw new Error(editor.err());
        socket.write(message);
        const [back] = (await once(socket, 'data')) as [Buffer]; // what `data` carries
        expect(back.toString()).toBe(message);
        socket.destroy();
      }
      for (const [host, other] of [
        ['127.0.0.1', 22],
        ['169.254.169.254', 80],
        ['db.internal', 5432],
      ] as const)
        expect(await throughSocks(editor.socks, host, other)).toBeUndefined();
      expect(editor.err()).toMatch(
        /administratively prohibited: sallyport: denied by policy: no rule allows forward local/,
      );
      expect(await decisions('edda')).toEqual(
        expect.arrayContaining([
          ...['allow bash', `allow forward local 127.0.0.1:${server}`, 'deny forward local 127.0.0.1:22'],
          ...['deny forward local 169.254.169.254:80', 'deny forward local db.internal:5432'],
        ]),
      );
      editor.child.stdin.end();
      editor.child.kill();
      await editor.over;
    });

    test.each([
      ['a reader has neither', 'ana'],
      ['an agent has neither', 'ops-agent'],
    ])('%s', async (_, who) => {
      const editor = await edit(who);
      expect(await editor.over).toBe(126);
      expect(editor.out()).toBe('');
      expect(editor.err()).toMatch(/^sallyport: denied by policy: /);
    });

    test('an operator of the default pack has the script, and no way to what it starts', async () => {
      const editor = await edit('olga');
      while (!editor.out().includes('==\n')) await sleep(20);
      const server = Number(/==(\d+)==/.exec(editor.out())?.[1]);
      expect(await throughSocks(editor.socks, '127.0.0.1', server)).toBeUndefined();
      expect(await decisions('olga')).toEqual(
        expect.arrayContaining(['allow bash', `deny forward local 127.0.0.1:${server}`]),
      );
      editor.child.kill();
      await editor.over;
    });
  },
);

/** A connection by SOCKS 5 (RFC 1928), without a login; undefined where it is refused. */
async function throughSocks(socks: number, host: string, port: number): Promise<Socket | undefined> {
  const socket = connect(socks, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const answered = async () => ((await Promise.race([once(socket, 'data'), once(socket, 'close')])) as [unknown])[0]; // what `data` carries
  socket.write(Buffer.from([5, 1, 0]));
  await answered();
  const name = Buffer.from(host);
  socket.write(Buffer.concat([Buffer.from([5, 1, 0, 3, name.length]), name, Buffer.from([port >> 8, port & 255])]));
  const reply = await answered();
  if (Buffer.isBuffer(reply) && reply[1] === 0) return socket;
  socket.destroy();
  return undefined;
}
