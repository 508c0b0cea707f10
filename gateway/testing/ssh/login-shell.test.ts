import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { shellQuestion } from '../../protocols/ssh/index.ts';
import { noSshd, sshdPath, startSshd, type TestSshd } from '../sshd.ts';
import { startSshRig, type SshRig } from './rig.ts';

/** What hosts have in the place of a login's shell: each is run with the line that was asked for. */
const readers = {
  dash: 'exec sh -c "$SSH_ORIGINAL_COMMAND"',
  program: 'cat',
  greeting: 'echo "sallyport reads this"; echo "welcome to $SSH_ORIGINAL_COMMAND"',
  broken: 'exit 1',
  silent: 'exec sleep 600',
  fish: 'exec fish -c "$SSH_ORIGINAL_COMMAND"',
  tcsh: 'exec tcsh -c "$SSH_ORIGINAL_COMMAND"',
} as const;
/** To shells of the POSIX family an echo of one word. */
const hidden = { fish: "echo '\\'';id #'", tcsh: 'echo "\\`id\\`"' } as const;
const isHere = (program: string) => spawnSync(program, ['-c', 'true']).status === 0;
const refused = /^sallyport: not run: shell: what reads lines at the host is no shell that the gateway can read/;

describe.skipIf(sshdPath === undefined)(
  sshdPath === undefined ? `the shell that reads lines (skipped: ${noSshd})` : 'the shell that reads lines',
  () => {
    let world: SshRig;
    const hosts: TestSshd[] = [];
    beforeAll(async () => {
      const targets: object[] = [];
      for (const [name, reader] of Object.entries(readers)) {
        const host = await startSshd({ settings: [`ForceCommand ${reader}`] });
        hosts.push(host);
        const target = {
          ...{ name, protocol: 'ssh', host: '127.0.0.1', port: host.port, shell: 'bash' },
          ...{ host_keys: [host.hostKey], logins: { [host.user]: { key: { file: host.keyFile } } } },
        };
        targets.push(target, { ...target, name: `${name}-unasked`, ask_shell: false });
      }
      world = await startSshRig({ sshd: { recordLines: true }, targets });
    }, 180_000);
    afterAll(async () => {
      await world[Symbol.asyncDispose]();
      for (const host of hosts) await host[Symbol.asyncDispose]();
    });

    /** What the host of `web1` was asked to run in all, the gateway's question included. */
    const asked = () => readFileSync(join(world.sshd.dir, 'lines'), 'utf8').split('\n').slice(0, -1);

    test('is asked for once in a connection, before its first line', async () => {
      const before = asked().length;
      const client = new ssh2.Client();
      const privateKey = await readFile(await world.login('olga'));
      client.connect({ host: '127.0.0.1', port: world.port, username: 'web1', privateKey });
      await once(client, 'ready');
      const run = (line: string) =>
        new Promise<void>((resolve, reject) => {
          client.exec(line, (error, channel) => {
            if (error) return reject(error);
            channel.resume().once('close', () => resolve());
          });
        });
      await Promise.all([run('true 1'), run('true 2')]);
      await run('true 3');
      client.end();
      const lines = asked().slice(before);
      expect(lines[0]).toBe(shellQuestion);
      expect(lines.slice(1).sort()).toEqual(['true 1', 'true 2', 'true 3']);
    });

    test.each(['program', 'greeting', 'broken'])(
      'that is none (%s) has no line, and the client reads why',
      async (name) => {
        const ran = await world.ssh('olga', [`${name}@127.0.0.1`, 'id']);
        expect(ran).toMatchObject({ code: 126, out: '' });
        expect(ran.err).toMatch(refused);
        const found = await world.api('otto').audit.query({ identity: 'olga', target: name });
        if (!found.ok) throw new Error(found.problem.detail);
        const entry = found.value.find(({ type }) => type === 'refused');
        expect(entry).toMatchObject({ command: 'id', effect: 'refused' });
        expect(entry?.detail['why']).toMatch(/^shell: /);
      },
    );

    test.each(['fish', 'tcsh'] as const)(
      '%s: its lines are not those that were judged, and none runs',
      async (name) => {
        // Without it bash says that there is none, and that is no answer either.
        const ran = await world.ssh('olga', [`${name}@127.0.0.1`, hidden[name]]);
        expect(ran).toMatchObject({ code: 126, out: '' });
        expect(ran.err).toMatch(refused);
      },
    );

    test.each((['fish', 'tcsh'] as const).filter(isHere))(
      '%s runs what stands in quotes, where nobody asks',
      async (name) => {
        const { out } = await world.ssh('olga', [`${name}-unasked@127.0.0.1`, hidden[name]]);
        expect(out).toContain('uid=');
      },
    );

    test('that does not say in time has no line either', async () => {
      const { code, out, err } = await world.ssh('olga', ['silent@127.0.0.1', 'id']);
      expect({ code, out }).toEqual({ code: 126, out: '' });
      expect(err).toContain('not run: shell: the host did not say in 10 s which shell reads its lines');
    });

    test('is read with more doubt where it is not the bash of the configuration', async () => {
      const line = "echo $'a\\'; id; echo '";
      expect((await world.ssh('ops-agent', ['dash@127.0.0.1', line])).err).toContain('dialect');
      expect((await world.ssh('ops-agent', ['dash-unasked@127.0.0.1', line])).err).not.toContain('dialect');
      expect(await world.ssh('olga', ['dash@127.0.0.1', 'echo fine'])).toEqual({ code: 0, out: 'fine\n', err: '' });
    });

    test('is not asked for where the configuration says that a program reads all lines', async () => {
      const ran = await world.ssh('olga', ['program-unasked@127.0.0.1', 'echo never read'], 'what cat was given\n');
      expect(ran).toEqual({ code: 0, out: 'what cat was given\n', err: '' });
    });
  },
);
