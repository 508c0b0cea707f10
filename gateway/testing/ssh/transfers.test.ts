import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noRsync, rsyncEnvironment, rsyncPath } from '../rsync.ts';
import { noSshd, sshdPath } from '../sshd.ts';
import { type Ran, startSshRig, type SshRig } from './rig.ts';

/** Nobody uploads but into the tree that is for it, whatever the tool; and downloads of rsync are no one's affair. */
const rules = `package rules.ssh

deny contains {"id": "T-100", "msg": "uploads go to incoming"} if {
	input.command.transfer.direction == "in"
	some path in input.command.transfer.paths
	not contains(path, "/incoming")
}

deny contains {"id": "T-101", "msg": "nothing is copied from the vault"} if {
	input.command.transfer.direction == "out"
	some path in input.command.transfer.paths
	contains(path, "/vault")
}
`;

describe.skipIf(sshdPath === undefined)(sshdPath === undefined ? `transfers (skipped: ${noSshd})` : 'transfers', () => {
  let world: SshRig;
  let remote: string;
  const variables = { ...process.env, ...rsyncEnvironment(), GIT_TERMINAL_PROMPT: '0', GIT_CONFIG_GLOBAL: '/dev/null' };
  beforeAll(async () => {
    const { PATH, LD_LIBRARY_PATH } = rsyncEnvironment();
    const settings = [
      `SetEnv PATH=${PATH} LD_LIBRARY_PATH=${LD_LIBRARY_PATH} GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0=*`,
    ];
    world = await startSshRig({ sshd: { settings }, rules });
    remote = join(world.dir, 'remote');
    for (const name of ['tree', 'incoming', 'vault']) await mkdir(join(remote, name), { recursive: true });
    await writeFile(join(remote, 'tree/file'), 'from the host');
    await writeFile(join(remote, 'vault/file'), 'hidden');
  }, 180_000);
  afterAll(() => world[Symbol.asyncDispose]());

  /** A program that opens its connections with `ssh` through the gateway. */
  const transfer = async (program: string, args: readonly string[], who = 'olga'): Promise<Ran> => {
    const ssh = ['ssh', ...world.options(await world.login(who))].join(' ');
    const env = { ...variables, RSYNC_RSH: ssh, GIT_SSH_COMMAND: ssh };
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })));
  };
  const at = (name: string) => `web1@127.0.0.1:${join(remote, name)}`;

  test.skipIf(rsyncPath === undefined)(
    rsyncPath === undefined
      ? `rsync (skipped: ${noRsync})`
      : 'rsync copies trees, both ways, and is judged by direction and path',
    async () => {
      const rsync = (...args: readonly string[]) => transfer('rsync', ['-a', ...args]);
      const local = join(world.dir, 'local');
      expect(await rsync(`${at('tree')}/`, local)).toMatchObject({ code: 0, err: '' });
      expect(await readFile(join(local, 'file'), 'utf8')).toBe('from the host');
      await writeFile(join(local, 'file'), 'to the host'.repeat(100_000));
      expect(await rsync(`${local}/`, at('incoming/'))).toMatchObject({ code: 0, err: '' });
      expect(await readFile(join(remote, 'incoming/file'), 'utf8')).toBe('to the host'.repeat(100_000));
      const up = await rsync(`${local}/`, at('tree/'));
      expect(up.code).not.toBe(0);
      expect(up.err).toContain('[T-100]');
      expect(await readFile(join(remote, 'tree/file'), 'utf8')).toBe('from the host');
      const down = await rsync(`${at('vault')}/`, join(world.dir, 'stolen'));
      expect(down.err).toContain('[T-101]');
      expect(existsSync(join(world.dir, 'stolen/file'))).toBe(false);
    },
  );

  test('git clones and pushes, and is judged by direction and path', async () => {
    const git = (...args: readonly string[]) => transfer('git', args);
    const here = (...args: readonly string[]) =>
      execFileSync('git', args, { env: variables, stdio: 'pipe' }).toString();
    for (const name of ['incoming/app.git', 'vault/app.git', 'tree/app.git'])
      here('init', '-q', '--bare', '-b', 'main', join(remote, name));
    const work = join(world.dir, 'work');
    expect(await git('clone', '-q', at('incoming/app.git'), work)).toMatchObject({ code: 0 });
    await writeFile(join(work, 'file'), 'committed');
    here('-C', work, 'add', 'file');
    here('-C', work, '-c', 'user.name=t', '-c', 'user.email=t@example.com', 'commit', '-qm', 'one');
    expect(await git('-C', work, 'push', '-q', 'origin', 'HEAD:main')).toMatchObject({ code: 0 });
    expect(here('-C', join(remote, 'incoming/app.git'), 'show', 'main:file')).toBe('committed');
    const again = join(world.dir, 'again');
    expect(await git('clone', '-q', at('incoming/app.git'), again)).toMatchObject({ code: 0 });
    expect(await readFile(join(again, 'file'), 'utf8')).toBe('committed');
    const stolen = await git('clone', '-q', at('vault/app.git'), join(world.dir, 'stolen-app'));
    expect(stolen.code).not.toBe(0);
    expect(stolen.err).toContain('[T-101]');
    const pushed = await git('-C', work, 'push', '-q', at('tree/app.git'), 'HEAD:main');
    expect(pushed.err).toContain('[T-100]');
    expect(here('-C', join(remote, 'tree/app.git'), 'branch', '--list')).toBe('');
  });

  test('the scp of before is judged by direction and path', async () => {
    await writeFile(join(world.dir, 'up'), 'uploaded');
    const scp = async (who: string, ...args: readonly string[]) =>
      transfer('scp', [...world.options(await world.login(who)), '-O', ...args], who);
    expect((await scp('olga', join(world.dir, 'up'), at('tree/up'))).err).toContain('[T-100]');
    expect((await scp('olga', at('vault/file'), join(world.dir, 'leak'))).err).toContain('[T-101]');
    expect((await scp('ana', join(world.dir, 'up'), at('incoming/up'))).err).toContain('no rule allows this');
    for (const name of ['leak', 'remote/tree/up', 'remote/incoming/up'])
      expect(existsSync(join(world.dir, name))).toBe(false);
  });
});
