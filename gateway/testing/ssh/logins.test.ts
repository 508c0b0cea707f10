import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { logInByDevice } from '../idp-login.ts';
import { runCli } from '../live-session.ts';
import { noSshd, sshdPath } from '../sshd.ts';
import { run, startSshRig, type SshRig } from './rig.ts';

const rules = `package rules.ssh

# METADATA
# title: A one-time code opens no shell
# custom: {id: T-001}
deny contains {"id": "T-001", "msg": "a one-time code opens no shell in production"} if {
  input.command.request == "shell"
  input.target.labels.env == "prod"
  input.principal.auth.method == "code"
}

# METADATA
# title: Says how somebody logged in
# custom: {id: T-002}
deny contains {"id": "T-002", "msg": $"logged in by {input.principal.auth.method}"} if input.command.name == "how"
`;

describe.skipIf(sshdPath === undefined)(
  sshdPath === undefined ? `ways to log in over SSH (skipped: ${noSshd})` : 'ways to log in over SSH',
  () => {
    let world: SshRig;
    beforeAll(async () => {
      world = await startSshRig({ rules });
    }, 180_000);
    afterAll(() => world[Symbol.asyncDispose]());
    const library = async (options: ssh2.ConnectConfig, prepare?: (client: ssh2.Client) => void) => {
      const client = new ssh2.Client();
      prepare?.(client);
      client.connect({ host: '127.0.0.1', port: world.port, username: 'web1', readyTimeout: 0, ...options });
      await once(client, 'ready');
      return client;
    };
    /** What it says before its end, and ends the connection. */
    const said = async (client: ssh2.Client, start: (opened: ssh2.ClientCallback) => unknown) => {
      const text = await new Promise<string>((resolve, reject) => {
        start((error, channel) => {
          if (error) return reject(error);
          let printed = '';
          channel.on('data', (chunk: Buffer) => (printed += chunk.toString()));
          channel.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
          return channel.on('close', () => resolve(printed));
        });
      });
      client.end();
      return text;
    };
    const exec = (client: ssh2.Client, line: string) => said(client, (opened) => client.exec(line, opened));
    const answerWith = (answer: (instructions: string) => Promise<string>) => (client: ssh2.Client) =>
      client.on('keyboard-interactive', (_name, instructions, _language, _prompts, finish) => {
        void answer(instructions).then((text) => finish([text]));
      });
    const inBrowser = answerWith(async (instructions) => {
      await logInByDevice(/Open (\S+)/.exec(instructions)?.[1] ?? '', 'olga');
      return '';
    });

    const sallyport = async (principal: string, ...args: readonly string[]) =>
      (await runCli(world.rig, principal, ['ssh', ...args])).ended;

    /** By each way in, what `how` answers. */
    const ways: Readonly<Record<string, () => Promise<string>>> = {
      certificate: async () => {
        const key = join(world.dir, 'certified');
        await sallyport('olga', 'login', '--key', key, '--no-agent');
        const certificate = ['-o', `CertificateFile=${key}-cert.pub`];
        return (await run('ssh', [...world.options(key), ...certificate, 'web1@127.0.0.1', 'how'])).err;
      },
      key: async () => (await world.ssh('olga', ['web1@127.0.0.1', 'how'])).err,
      code: async () => exec(await library({ password: await world.code('olga') }), 'how'),
      device: async () => exec(await library({ tryKeyboard: true }, inBrowser), 'how'),
    };

    test.each(Object.keys(ways))('rules and the log know a login by %s', async (method) => {
      expect(await ways[method]?.()).toContain(`logged in by ${method}`);
      const found = await world.api('otto').audit.query({ type: 'session.start', limit: 1 });
      expect(found.ok && found.value[0]).toMatchObject({ identity: 'olga', detail: { method } });
    });

    test('a key of somebody else is neither replaced nor removed, and known_hosts beside it stays as it is', async () => {
      const home = join(world.dir, 'own');
      await mkdir(home);
      const files = {
        id: 'PRIVATE',
        'id.pub': 'PUBLIC',
        known_hosts: 'example.com ssh-ed25519 AAAA',
        'two.pub': 'PUBLIC',
      };
      for (const [name, text] of Object.entries(files)) await writeFile(join(home, name), text);
      for (const command of ['login', 'logout'])
        for (const name of ['id', 'two']) {
          const refused = await sallyport('ana', command, '--key', join(home, name));
          expect(refused).toMatchObject({ code: 1, out: '' });
          expect(refused.err).toContain(
            'was not made by "sallyport ssh login", and would be lost\n  give --key a name',
          );
        }
      expect((await sallyport('ana', 'login', '--key', join(home, 'ours'))).code).toBe(0);
      expect((await sallyport('ana', 'login', '--key', join(home, 'ours'))).code).toBe(0);
      for (const [name, text] of Object.entries(files)) expect(await readFile(join(home, name), 'utf8')).toBe(text);
      expect((await sallyport('ana', 'logout', '--key', join(home, 'ours'))).code).toBe(0);
      expect((await readdir(home)).sort()).toEqual([...Object.keys(files), 'ours.known_hosts'].sort());
    });

    test('a directory that is made for a key is named', async () => {
      const said = (await sallyport('ana', 'login', '--key', join(world.dir, 'deep/er/id'))).err;
      expect(said).toContain(`made the directory ${join(world.dir, 'deep')}, for you alone\n`);
      expect((await sallyport('ana', 'login', '--key', join(world.dir, 'deep/er/id'))).err).not.toContain('made');
    });

    test('a code that is typed where a browser was asked for is a code', async () => {
      const typed = answerWith(() => world.code('olga'));
      expect(await exec(await library({ tryKeyboard: true }, typed), 'how')).toContain('logged in by code');
    });

    test('a one-time code opens no shell where a rule says so, and runs commands', async () => {
      const byCode = await library({ password: await world.code('olga') });
      expect(await said(byCode, (opened) => byCode.shell(opened))).toContain('a one-time code opens no shell');
      expect(await exec(await library({ password: await world.code('olga') }), 'echo here')).toBe('here\n');
      const byKey = await library({ privateKey: await readFile(await world.login('olga')) });
      const shell = (opened: ssh2.ClientCallback) =>
        byKey.shell((error, channel) => {
          opened(error, channel);
          channel.end('exit\n');
        });
      expect(await said(byKey, shell)).not.toContain('one-time code');
    });
  },
);
