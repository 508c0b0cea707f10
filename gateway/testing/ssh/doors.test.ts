import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newHostKey, publicHalf, publicKeyLine } from '../../protocols/ssh/index.ts';
import { logInByDevice } from '../idp-login.ts';
import { noSshd, sshdPath } from '../sshd.ts';
import { run, startSshRig, type SshRig } from './rig.ts';

const cli = join(import.meta.dirname, '../../cli/main.ts');

describe.skipIf(sshdPath === undefined)(
  sshdPath === undefined ? `doors of SSH (skipped: ${noSshd})` : 'doors of SSH',
  () => {
    let world: SshRig;
    beforeAll(async () => {
      world = await startSshRig({
        target: { host_keys: [] },
        listen: { auth_attempts: 3, channels: 2 },
      });
    }, 180_000);
    afterAll(() => world[Symbol.asyncDispose]());
    const sallyport = async (args: readonly string[], principal = 'olga') => {
      const env = { ...process.env, SALLYPORT_TOKEN: await world.rig.token(principal) };
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [cli, ...args], { env });
      return stdout + stderr;
    };

    test('a host is refused until its key is trusted, and when it shows another', async () => {
      const before = await world.ssh('olga', ['web1@127.0.0.1', 'id -u']);
      expect(before.code).toBe(255);
      expect(before.err).toContain('sallyport target trust');
      const wrong = sallyport(['target', 'trust', 'web1', '-c', world.rig.configFile, '--fingerprint', 'SHA256:other']);
      await expect(wrong).rejects.toThrow('nothing was recorded');
      const said = await sallyport(['target', 'trust', 'web1', '-c', world.rig.configFile]);
      expect(said).toMatch(/shows the ssh-ed25519 key SHA256:\S+, and may show no other from now on/);
      expect(await world.ssh('olga', ['web1@127.0.0.1', 'id -u'])).toMatchObject({ code: 0 });

      const file = join(world.rig.dir, 'state/trusted-hosts');
      const trusted = await readFile(file, 'utf8');
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      const other = publicKeyLine(publicHalf(newHostKey()));
      await writeFile(file, trusted.replace(/ssh-ed25519 \S+/, other));
      expect(await world.ssh('olga', ['web1@127.0.0.1', 'id -u'])).toMatchObject({ code: 255, out: '' });
      await writeFile(file, trusted);
    });

    test('the gateway’s own key stays, and nobody else may read it', async () => {
      const file = join(world.rig.dir, 'state/ssh-host-key');
      expect((await stat(file)).mode & 0o777).toBe(0o600);
    });

    test('sallyport ssh login makes a key that logs in, and knows the gateway by its own', async () => {
      const { admin } = world.rig.gateway.addresses;
      const key = join(world.dir, 'mine/id');
      const said = await sallyport(['ssh', 'login', '--gateway', `http://127.0.0.1:${admin.port}`, '--key', key]);
      expect(said).toMatch(/olga may log in with the key SHA256:\S+ until/);
      expect((await stat(key)).mode & 0o777).toBe(0o600);
      const config = join(world.dir, 'ssh_config');
      const lines = ['ssh', 'config', 'web1', '--host', '127.0.0.1', '--port', String(world.port), '--key', key];
      await writeFile(config, await sallyport(lines));
      const ran = await run('ssh', ['-F', config, '-o', 'BatchMode=yes', 'web1.sallyport', 'echo here']);
      expect(ran).toEqual({ code: 0, out: 'here\n', err: '' });
    });

    test('who has no key logs in in a browser, and is who they are there', async () => {
      const client = new ssh2.Client();
      client.on('keyboard-interactive', (_name, instructions, _language, _prompts, finish) => {
        const url = /Open (\S+)/.exec(instructions)?.[1] ?? '';
        void logInByDevice(url, 'olga').then(() => finish(['']));
      });
      client.connect({ host: '127.0.0.1', port: world.port, username: 'web1', tryKeyboard: true });
      await once(client, 'ready');
      const output = await new Promise<string>((resolve, reject) => {
        client.exec('echo by browser', (error, channel) => {
          if (error) return reject(error);
          let text = '';
          channel.on('data', (chunk: Buffer) => (text += chunk.toString()));
          channel.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
          return channel.on('close', () => resolve(text));
        });
      });
      client.end();
      expect(output).toBe('by browser\n');
      const found = await world.api('otto').sessions.list({ principal: 'olga' });
      expect(found.ok && found.value[0]?.client.application).toContain('ssh2js');
    });

    test('after so many attempts the connection ends', async () => {
      const keys = [1, 2, 3, 4, 5].map((n) => join(world.dir, `key${n}`));
      for (const file of keys) await writeFile(file, newHostKey(), { mode: 0o600 });
      const good = await world.login('olga');
      const identities = [...keys, good].flatMap((file) => ['-i', file]);
      const ran = await run('ssh', [...identities, ...world.options(keys[0] ?? ''), 'web1@127.0.0.1', 'id']);
      expect(ran.code).toBe(255);
      expect(ran.err).toContain('too many attempts to log in');
      const refused = await world.api('otto').audit.query({ type: 'login.refused' });
      expect(
        refused.ok && refused.value.some(({ detail }) => JSON.stringify(detail).includes('an unknown key SHA256:')),
      ).toBe(true);
    });

    test('one channel over the limit is refused, the others go on', async () => {
      const client = new ssh2.Client();
      client.connect({
        host: '127.0.0.1',
        port: world.port,
        username: 'web1',
        privateKey: await readFile(await world.login('olga')),
      });
      await once(client, 'ready');
      const ask = (line: string) =>
        new Promise<string>((resolve) => {
          client.exec(line, (error, channel) => {
            if (error) return resolve(`no: ${error.message}`);
            let text = '';
            channel.on('data', (chunk: Buffer) => (text += chunk.toString()));
            channel.stdin.end('go\n');
            return channel.on('close', () => resolve(text));
          });
        });
      const answers = await Promise.all([ask('cat; sleep 1'), ask('cat; sleep 1'), ask('cat')]);
      client.end();
      expect(answers.slice(0, 2)).toEqual(['go\n', 'go\n']);
      expect(answers[2]).toContain('Channel open failure');
    });

    test('no weak algorithm is offered', async () => {
      const weak = [
        ['-o', 'KexAlgorithms=diffie-hellman-group14-sha1'],
        ['-o', 'Ciphers=aes128-cbc'],
        // GCM and ChaCha20 need no MAC.
        ['-o', 'Ciphers=aes128-ctr', '-o', 'MACs=hmac-sha1'],
        ['-o', 'HostKeyAlgorithms=ssh-rsa'],
      ];
      for (const options of weak) {
        const ran = await world.ssh('olga', [...options, 'web1@127.0.0.1', 'id']);
        expect(ran).toMatchObject({ code: 255, out: '' });
        expect(ran.err).toContain('no matching');
      }
    });
  },
);
