import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noSshd, sshdPath } from '../sshd.ts';
import { loginRefusals } from './auditor.ts';
import { startSshRig, type SshRig } from './rig.ts';

const cli = join(import.meta.dirname, '../../cli/main.ts');

describe.skipIf(sshdPath === undefined)(
  sshdPath === undefined ? `one-time codes of SSH (skipped: ${noSshd})` : 'one-time codes of SSH',
  () => {
    let world: SshRig;
    beforeAll(async () => {
      world = await startSshRig({ listen: { auth_attempts: 3 } });
    }, 180_000);
    afterAll(() => world[Symbol.asyncDispose]());
    /** Logs in with what a client library is given, and says who it is there. */
    const enter = async (given: ssh2.ConnectConfig) => {
      const client = new ssh2.Client();
      let said = '';
      client.on('error', ({ message }) => (said ||= message));
      const debug = (line: string) => (said ||= /DISCONNECT.*/.exec(line)?.[0] ?? '');
      client.connect({ host: '127.0.0.1', port: world.port, username: 'web1', readyTimeout: 0, debug, ...given });
      const end = new Promise<string>((resolve) => client.once('close', () => resolve(said)));
      const result = await Promise.race([
        end,
        new Promise<string>((resolve) => client.once('ready', () => resolve('in'))),
      ]);
      client.end();
      return result;
    };

    test('sallyport ssh code prints a password for ssh, and it is good for one login', async () => {
      const env = { ...process.env, SALLYPORT_TOKEN: await world.rig.token('olga') };
      const url = `http://127.0.0.1:${String(world.rig.gateway.addresses.admin.port)}`;
      const args = [cli, 'ssh', 'code', 'web1', '--gateway', url];
      const { stdout: code, stderr } = await promisify(execFile)(process.execPath, args, { env });
      expect(stderr).toMatch(/^a password for one login of olga to web1, until /);
      const askpass = join(world.dir, 'askpass');
      await writeFile(askpass, `#!/bin/sh\necho '${code.trim()}'\n`);
      await chmod(askpass, 0o700);
      const options = withoutBatchMode(world.options('/nonexistent'));
      const asking = { ...process.env, SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force', SSH_AUTH_SOCK: '' };
      const run = () =>
        promisify(execFile)(
          'ssh',
          [
            '-o',
            'PreferredAuthentications=password',
            '-o',
            'NumberOfPasswordPrompts=1',
            ...options,
            'web1@127.0.0.1',
            'echo in',
          ],
          { env: asking },
        );
      expect((await run()).stdout).toBe('in\n');
      await expect(run()).rejects.toThrow(
        /not taken: a one-time code that is unknown, used or over[^]*Permission denied/,
      );
      expect(await loginRefusals(world, 3)).toContain('a one-time code that is unknown, used or over');
      const asked = await world.api('otto').audit.query({ action: 'ssh.codes.issue' });
      expect(asked.ok && asked.value.map(({ identity, effect }) => `${identity} ${effect}`)).toContain('olga allow');
      // Neither the log nor the recordings know it.
      expect(JSON.stringify(asked)).not.toContain(code.trim());
    });

    test('who types it where a browser is asked for is in', async () => {
      const code = await world.code('olga');
      const client = new ssh2.Client();
      client.on('keyboard-interactive', (_name, _text, _language, [prompt], finish) => {
        expect(prompt?.prompt).toContain('type a one-time code');
        finish([code]);
      });
      client.connect({ host: '127.0.0.1', port: world.port, username: 'web1', tryKeyboard: true, readyTimeout: 0 });
      await once(client, 'ready');
      client.end();
      expect(await enter({ password: code })).toContain('authentication methods failed');
    });

    test('who types one that is not taken reads why, and is asked again', async () => {
      const client = new ssh2.Client();
      const code = await world.code('olga');
      const told: string[] = [];
      client.on('banner', (text) => told.push(text));
      let asked = 0;
      client.on('keyboard-interactive', (_name, _text, _language, _prompts, finish) => {
        finish([asked++ === 0 ? 'a guess' : code]);
      });
      // ssh asks three times; this client has to be told to.
      const ways = ['none', 'keyboard-interactive', 'keyboard-interactive'] as const;
      let way = 0;
      client.connect({
        ...{ host: '127.0.0.1', port: world.port, username: 'web1', tryKeyboard: true, readyTimeout: 0 },
        authHandler: (_left, _partial, next) => next(ways[way++] ?? 'none'),
      });
      await once(client, 'ready');
      client.end();
      const why = 'sallyport: not taken: a one-time code that is unknown, used or over; ';
      expect(told).toEqual([`${why}"sallyport ssh code web1" prints another\r\n`]);
    });

    test('a code is for its target, and an attempt elsewhere uses it up', async () => {
      const code = await world.code('olga');
      expect(await enter({ username: 'web2', password: code })).toContain('authentication methods failed');
      expect(await loginRefusals(world, 3)).toContain('a one-time code for another target');
      expect(await enter({ password: code })).toContain('authentication methods failed');
    });

    test('there is none for what is no SSH target, and guesses are counted', async () => {
      const none = await world.api('olga').ssh.code('db1');
      expect(!none.ok && none.problem.detail).toContain('there is no SSH target "db1"');
      let tries = 0;
      const guess = () => ({ type: 'password', username: 'web1', password: `guess ${String(tries++)}` }) as const;
      const said = await enter({ authHandler: (_left, _partial, next) => next(guess()) });
      expect(said).toContain('too many attempts to log in');
      expect(tries).toBe(3);
    });

    test('logging out takes codes back too', async () => {
      const code = await world.code('ana');
      expect(await world.api('ana').ssh.forget()).toMatchObject({ ok: true });
      expect(await enter({ password: code })).toContain('authentication methods failed');
    });
  },
);

/** ssh asks nobody in batch mode. */
function withoutBatchMode(options: readonly string[]): readonly string[] {
  return options.flatMap((option, i) => {
    if (option === 'BatchMode=yes' || (option === '-o' && options[i + 1] === 'BatchMode=yes')) return [];
    return option === '-i' || option === '/nonexistent' ? [] : [option];
  });
}
