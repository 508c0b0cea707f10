import { execFile, execFileSync, spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noSshd, sshdPath } from '../sshd.ts';
import { loginRefusals } from './auditor.ts';
import { run, startSshRig, type SshRig } from './rig.ts';

const cli = join(import.meta.dirname, '../../cli/main.ts');

describe.skipIf(sshdPath === undefined)(
  sshdPath === undefined ? `certificates of SSH (skipped: ${noSshd})` : 'certificates of SSH',
  () => {
    let world: SshRig;
    let dir: string;
    let gateway: readonly string[];
    beforeAll(async () => {
      dir = await mkdtemp(join(tmpdir(), 'sallyport-ssh-certificates-'));
      const trusted = join(dir, 'trusted-authorities');
      const principals = join(dir, 'principals');
      const { username: user } = userInfo();
      await writeFile(trusted, '');
      await writeFile(principals, `${user}\nolga\n`);
      world = await startSshRig({
        sshd: { settings: [`TrustedUserCAKeys ${trusted}`, `AuthorizedPrincipalsFile ${principals}`] },
        target: { logins: { [user]: { certificate: true } } },
      });
      gateway = ['--gateway', `http://127.0.0.1:${String(world.rig.gateway.addresses.admin.port)}`];
      const ca = await sallyport(['ssh', 'ca', '-c', world.rig.configFile, '--json']);
      const shown = JSON.parse(ca.out) as { readonly known_hosts: string; readonly trusted_user_ca_keys: string }; // as ssh-ca.ts writes it
      await writeFile(trusted, `${shown.trusted_user_ca_keys}\n`);
      await writeFile(join(dir, 'authority'), `${shown.known_hosts}\n`);
    }, 180_000);
    afterAll(async () => {
      await rm(dir, { recursive: true, force: true });
      await world[Symbol.asyncDispose]();
    });
    const sallyport = async (args: readonly string[], { principal = 'olga', agent = '' } = {}) => {
      const env = { ...process.env, SALLYPORT_TOKEN: await world.rig.token(principal), SSH_AUTH_SOCK: agent };
      const { stdout: out, stderr: err } = await promisify(execFile)(process.execPath, [cli, ...args], { env });
      return { out, err };
    };
    const logIn = async (name: string, principal?: string) => {
      const key = join(dir, name);
      await sallyport(['ssh', 'login', ...gateway, '--key', key, '--no-agent'], principal ? { principal } : {});
      return { key, options: optionsOf(key) };
    };
    /** As `sallyport ssh config` writes them: a key that an agent holds is not there as a file. */
    const optionsOf = (key: string) => [
      ...world.options(key).filter((option) => option !== '-i' && option !== key),
      ...['-o', `IdentityFile=${key}`, '-o', `CertificateFile=${key}-cert.pub`],
    ];
    /** The same through ssh, and the kinds of keys that the server said it would take. A certificate is offered before its key. */
    const enter = async (options: readonly string[], env = process.env) => {
      const args = [...options, '-v', 'web1@127.0.0.1', 'echo in'];
      const ran = await promisify(execFile)('ssh', args, { env }).catch(
        (error: { code: number; stderr: string }) => error,
      );
      return {
        in: !('code' in ran),
        taken: [...ran.stderr.matchAll(/Server accepts key: .* (\w+(-CERT)?) SHA256/g)].map(([, kind]) => kind),
      };
    };

    test('a certificate of sallyport ssh login logs in, for as long as the token', async () => {
      const { key, options } = await logIn('mine');
      expect(await enter(options)).toEqual({ in: true, taken: ['ED25519-CERT'] });
      const shown = execFileSync('ssh-keygen', ['-L', '-f', `${key}-cert.pub`]).toString();
      expect(shown).toContain('Key ID: "olga"');
      expect(shown).toContain('login@sallyport');
    });

    test('the gateway is known by its authority alone, under its name', async () => {
      const { key } = await logIn('mine');
      const only = ['-o', `UserKnownHostsFile=${join(dir, 'authority')}`, '-o', 'StrictHostKeyChecking=yes'];
      // The first value of an option counts.
      const known = await run('ssh', [
        ...only,
        '-o',
        'HostKeyAlias=sallyport',
        ...optionsOf(key),
        'web1@127.0.0.1',
        'id -u',
      ]);
      expect(known).toMatchObject({ code: 0, err: '' });
      const other = await run('ssh', [
        ...only,
        '-o',
        'HostKeyAlias=other',
        ...optionsOf(key),
        'web1@127.0.0.1',
        'id -u',
      ]);
      expect(other).toMatchObject({ code: 255, out: '' });
    });

    test.each([
      ['rsa', 'RSA-CERT'],
      ['ecdsa', 'ECDSA-CERT'],
    ])('a certificate over a key of type %s logs in', async (type, shown) => {
      const key = join(dir, type);
      execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', key]);
      const registered = await world.api('olga').ssh.register(await readFile(`${key}.pub`, 'utf8'));
      if (!registered.ok) throw new Error(registered.problem.detail);
      await writeFile(`${key}-cert.pub`, registered.value.certificate);
      expect(await enter(optionsOf(key))).toEqual({ in: true, taken: [shown] });
    });

    test('who logged out is out, with key and certificate, and others are not', async () => {
      const mine = await logIn('mine', 'ana');
      const copy = join(dir, 'copy');
      for (const end of ['', '.pub', '-cert.pub'])
        await writeFile(`${copy}${end}`, await readFile(`${mine.key}${end}`), { mode: 0o600 });
      await logIn('theirs');
      const { err } = await sallyport(['ssh', 'logout', ...gateway, '--key', mine.key], { principal: 'ana' });
      expect(err).toMatch(/^1 keys of ana log nobody in any more/);
      expect(existsSync(mine.key)).toBe(false);
      expect(await enter(optionsOf(copy))).toEqual({ in: false, taken: [] });
      expect(await loginRefusals(world, 5)).toMatch(
        /an unknown key SHA256:|a certificate of a login that is over: SHA256:/,
      );
      expect(await enter(optionsOf(join(dir, 'theirs')))).toEqual({ in: true, taken: ['ED25519-CERT'] });
    });

    test('operators take back anybody’s keys, others only their own', async () => {
      await logIn('mine', 'ana');
      const key = join(dir, 'mine');
      await expect(
        sallyport(['ssh', 'logout', ...gateway, '--principal', 'olga'], { principal: 'ana' }),
      ).rejects.toThrow('denied by policy');
      await sallyport(['ssh', 'logout', ...gateway, '--principal', 'ana']);
      expect(await enter(optionsOf(key))).toEqual({ in: false, taken: [] });
    });

    test('of one key only the newest certificate is taken', async () => {
      const { key, options } = await logIn('renewed');
      const registered = await world.api('olga').ssh.register(await readFile(`${key}.pub`, 'utf8'));
      if (!registered.ok) throw new Error(registered.problem.detail);
      // The key itself is registered still.
      expect(await enter(options)).toEqual({ in: true, taken: ['ED25519'] });
      await writeFile(`${key}-cert.pub`, registered.value.certificate);
      expect(await enter(options)).toEqual({ in: true, taken: ['ED25519-CERT'] });
    });

    test('a certificate of another authority is refused, be it that for hosts', async () => {
      const { key, options } = await logIn('forged');
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, 'stranger')]);
      for (const authority of [join(dir, 'stranger'), join(world.rig.dir, 'state/ssh-upstream-ca-key')]) {
        execFileSync('ssh-keygen', ['-q', '-s', authority, '-I', 'olga', '-n', 'olga', `${key}.pub`]);
        expect(await enter(options)).toEqual({ in: true, taken: ['ED25519'] });
      }
    });

    test('the host lets the gateway in by certificate, and its log names the principal and the session', async () => {
      const { options } = await logIn('mine');
      expect(await enter(options)).toEqual({ in: true, taken: ['ED25519-CERT'] });
      const found = await world.api('otto').sessions.list({ principal: 'olga', limit: 1 });
      const session = found.ok ? found.value[0]?.id : undefined;
      expect(world.sshd.log()).toContain(`ID olga ${String(session)}`);
      expect((await stat(join(world.rig.dir, 'state/ssh-upstream-ca-key'))).mode & 0o777).toBe(0o600);
    });

    test('no host takes a client’s certificate, even if it trusts the wrong authority', async () => {
      const { key } = await logIn('mine');
      const trusted = join(dir, 'trusted-authorities');
      const before = await readFile(trusted, 'utf8');
      const authority = (await readFile(join(dir, 'authority'), 'utf8')).replace(/^@cert-authority \S+ /, '');
      await writeFile(trusted, before + authority);
      const enterHost = async () => {
        const options = [
          ...['-F', 'none', '-i', key, '-o', `CertificateFile=${key}-cert.pub`, '-o', 'BatchMode=yes'],
          ...['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-p', String(world.sshd.port)],
        ];
        return run('ssh', [...options, `${world.sshd.user}@127.0.0.1`, 'echo in']);
      };
      expect(await enterHost()).toMatchObject({ code: 255, out: '' });
      // The same without the demand that only a gateway understands: that alone is what keeps the other out.
      const sign = ['-q', '-s', join(world.rig.dir, 'state/ssh-ca-key'), '-I', 'olga', '-n', 'olga', `${key}.pub`];
      execFileSync('ssh-keygen', sign);
      expect(await enterHost()).toMatchObject({ code: 0, out: 'in\n' });
      await writeFile(trusted, before);
    });

    test('with an agent the private key is in no file, and is renewed when the agent has lost it', async () => {
      const agent = join(dir, 'agent');
      const held = spawn('ssh-agent', ['-D', '-a', agent], { stdio: 'ignore' });
      try {
        while (!existsSync(agent)) await sleep(20);
        const key = join(dir, 'in-agent');
        const login = ['ssh', 'login', ...gateway, '--key', key];
        expect((await sallyport(login, { agent })).err).toContain('which the key agent holds');
        expect(existsSync(key)).toBe(false);
        const env = { ...process.env, SSH_AUTH_SOCK: agent };
        const list = () => execFileSync('ssh-add', ['-L'], { env }).toString();
        expect(list()).toMatch(
          /^ssh-ed25519 \S+ sallyport olga\nssh-ed25519-cert-v01@openssh\.com \S+ sallyport olga\n$/,
        );
        const entered = { in: true, taken: ['ED25519-CERT'] };
        expect(await enter(optionsOf(key), env)).toEqual(entered);

        const first = await readFile(`${key}-cert.pub`, 'utf8');
        expect(await sallyport([...login, '--if-needed', '--quiet'], { agent })).toEqual({ out: '', err: '' });
        expect(await readFile(`${key}-cert.pub`, 'utf8')).toBe(first);
        execFileSync('ssh-add', ['-D'], { env, stdio: 'ignore' });
        expect(await sallyport([...login, '--if-needed', '--quiet'], { agent })).toEqual({ out: '', err: '' });
        expect(await readFile(`${key}-cert.pub`, 'utf8')).not.toBe(first);
        expect(await enter(optionsOf(key), env)).toEqual(entered);
        // One more login takes the place of the one before.
        await sallyport(login, { agent });
        expect(list().trim().split('\n')).toHaveLength(2);
        await sallyport(['ssh', 'logout', ...gateway, '--key', key], { agent });
        expect(() => list()).toThrow('Command failed'); // no identities
      } finally {
        held.kill();
      }
    });

    test('with the lines of ssh config --renew nobody has to log in first', async () => {
      const key = join(dir, 'key of mine');
      const bin = join(dir, 'sallyport');
      await writeFile(bin, `#!/bin/sh\nexec '${process.execPath}' '${cli}' "$@"\n`);
      await chmod(bin, 0o755);
      const lines = ['--host', '127.0.0.1', '--port', String(world.port), '--key', key, '--renew', gateway[1] ?? ''];
      const file = join(dir, 'ssh_config');
      await writeFile(file, (await sallyport(['ssh', 'config', 'web1', ...lines])).out);
      const env = {
        ...process.env,
        PATH: `${dir}:${process.env['PATH'] ?? ''}`,
        SALLYPORT_TOKEN: await world.rig.token('olga'),
        SSH_AUTH_SOCK: '',
      };
      const ssh = () =>
        promisify(execFile)('ssh', ['-F', file, '-o', 'BatchMode=yes', 'web1.sallyport', 'echo in'], { env });
      expect(await ssh()).toEqual({ stdout: 'in\n', stderr: '' });
      const first = await readFile(`${key}-cert.pub`, 'utf8');
      expect(await ssh()).toEqual({ stdout: 'in\n', stderr: '' });
      expect(await readFile(`${key}-cert.pub`, 'utf8')).toBe(first);
    });
  },
);
