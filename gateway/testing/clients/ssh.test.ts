import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { noSshd, rootOnly, sshdPath } from '../sshd.ts';
import { startSshRig, type SshRig } from '../ssh/rig.ts';
import { built, type Provided, provided, runProgram } from './walk.ts';
import { expectSftpWalk } from './sftp-walk.ts';
import { expectSshWalk } from './ssh-walk.ts';

describe.skipIf(sshdPath === undefined)(
  sshdPath === undefined ? `SSH clients (skipped: ${noSshd})` : 'SSH clients',
  () => {
    let world: SshRig;
    let dir: string;
    let env: NodeJS.ProcessEnv;
    let python: Provided;
    let go: Provided;
    let goFiles: Provided;
    beforeAll(async () => {
      dir = await mkdtemp(join(tmpdir(), 'sallyport-ssh-clients-'));
      [python, [go, goFiles], world] = await Promise.all([
        provided('python/venv.sh', 'ssh-requirements.txt'),
        built('xcryptossh', dir).then(async (first) => [first, await built('pkgsftp', dir)] as const),
        startSshRig({ sshd: { unprivileged: rootOnly === undefined } }),
      ]);
      env = {
        SALLYPORT_PORT: String(world.port),
        SALLYPORT_KNOWN_HOSTS: world.knownHosts,
        SALLYPORT_OLGA: await world.login('olga'),
        SALLYPORT_ANA: await world.login('ana'),
      };
    }, 300_000);
    afterAll(async () => {
      await rm(dir, { recursive: true, force: true });
      await world[Symbol.asyncDispose]();
    });

    const signals = async () => {
      const audited = await world.api('otto').audit.query({ identity: 'olga', action: 'signal' });
      if (!audited.ok) throw new Error(audited.problem.detail);
      return audited.value.map(({ command, effect }) => `${command}: ${effect}`);
    };
    const told = async (program: string, args: readonly string[]) => {
      const { code, stdout, stderr } = await runProgram(program, args, { env });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return stdout;
    };
    const python3 = (library: string, ...more: readonly string[]) => [
      join(import.meta.dirname, 'python/ssh_walk.py'),
      library,
      ...more,
    ];

    test.for(['paramiko', 'asyncssh'])('%s walks', { timeout: 120_000 }, async (library, context) => {
      if ('missing' in python) return context.skip(python.missing);
      expectSshWalk(await told(python.path, python3(library)));
    });

    test('Go’s x/crypto/ssh walks', { timeout: 120_000 }, async (context) => {
      if ('missing' in go) return context.skip(go.missing);
      expectSshWalk(await told(go.path, []));
    });

    // Paramiko sends none.
    test.for(['asyncssh', 'Go’s x/crypto/ssh'])(
      'INT, TERM and KILL of %s end what runs, and it hears so',
      { timeout: 120_000 },
      async (library, context) => {
        if (rootOnly !== undefined) return context.skip(rootOnly);
        const isPython = library === 'asyncssh';
        const program = isPython ? python : go;
        if ('missing' in program) return context.skip(program.missing);
        const before = await signals();
        const ended = JSON.parse(
          await told(program.path, isPython ? python3(library, 'signals') : ['signals']),
        ) as unknown;
        expect(ended).toEqual({ INT: 'INT', TERM: 'TERM', KILL: 'KILL' });
        const judged = ['signal INT: allow', 'signal TERM: allow', 'signal KILL: allow'];
        expect((await signals()).toSorted()).toEqual([...before, ...judged].toSorted());
      },
    );

    /** Through an empty directory of the host. @returns what a denial said, where the library keeps that */
    const filesWalk = async (library: string, program: string, ...args: readonly string[]) => {
      // The host's login may be another one than ours.
      const remote = await mkdtemp(join(tmpdir(), 'sallyport-ssh-files-'));
      await chmod(remote, 0o777);
      const local = join(dir, `${library}-local`);
      await mkdir(local);
      onTestFinished(() => rm(remote, { recursive: true }));
      const { code, stdout, stderr } = await runProgram(program, args, {
        env: { ...env, SALLYPORT_DIR: remote, SALLYPORT_LOCAL: local },
      });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const audited = await world.api('otto').audit.query({ identity: 'ana', type: 'decision', limit: 20 });
      const denied = audited.ok && audited.value.find(({ command }) => command === `remove ${remote}/sub/moved`);
      expect(denied).toMatchObject({ effect: 'deny' });
      return expectSftpWalk(stdout);
    };

    test.for(['paramiko', 'asyncssh'])(
      '%s walks through files by sftp',
      { timeout: 120_000 },
      async (library, context) => {
        if ('missing' in python) return context.skip(python.missing);
        const told = await filesWalk(library, python.path, join(import.meta.dirname, 'python/sftp_walk.py'), library);
        expect(told).toMatch(/^denied by policy: .* request [0-9A-Z]{26} revision /);
      },
    );

    test('Go’s pkg/sftp walks through files', { timeout: 120_000 }, async (context) => {
      if ('missing' in goFiles) return context.skip(goFiles.missing);
      await filesWalk('pkgsftp', goFiles.path);
    });
  },
);
