import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { homedir, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { shellQuestion } from '../protocols/ssh/index.ts';
import { freePort } from './ports.ts';

/** A real OpenSSH server, alone in its own directory, on loopback, that lets one account in by a key: whoever runs the tests, unless told. */
export interface TestSshd extends AsyncDisposable {
  readonly port: number;
  /** Who may log in. */
  readonly user: string;
  /** The private key that lets them in, and its file. */
  readonly key: string;
  readonly keyFile: string;
  /** `ssh-ed25519 AAAA...`: what the server shows. */
  readonly hostKey: string;
  readonly dir: string;
  /** Every line that it was asked to run, one after the other, but for what the gateway itself asks; with `recordLines` only. */
  lines(): Buffer;
  /** What its sftp was sent, in all sessions; with `recordFiles` only. */
  asked(): Buffer;
  log(): string;
}

const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'sallyport/sshd');
const unpacked = join(cache, 'usr/sbin/sshd');
const libraries = join(cache, `usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`);
const wrapper = join(libraries, 'libnss_wrapper.so');
const isRoot = process.getuid?.() === 0;

/** The sshd that tests use: SALLYPORT_SSHD, the system's, or the one that `scripts/setup.sh` unpacked. */
export const sshdPath = [process.env['SALLYPORT_SSHD'] ?? '', '/usr/sbin/sshd', unpacked].find((path) =>
  existsSync(path),
);
/** The program behind its sftp; it is in sshd itself, too, but nobody sees there what it is sent. */
export const sftpServer = ['/usr/lib/openssh/sftp-server', join(cache, 'usr/lib/openssh/sftp-server')].find((path) =>
  existsSync(path),
);
/** Printed with tests that are skipped. */
export const noSshd = `no sshd: neither SALLYPORT_SSHD nor /usr/sbin/sshd nor ${unpacked}; run ./scripts/test or ./scripts/demo on Debian, or install openssh-server`;

/** Why no other account than root can be let in here, if it is so. */
export const rootOnly =
  isRoot && !existsSync(wrapper)
    ? `root runs the tests, and there is no ${wrapper} to tell sshd of another account; run ./scripts/test on Debian without openssh-server, or as another user`
    : undefined;

export interface SshdOptions {
  /** Notes every line before it runs. */
  readonly recordLines?: boolean;
  /** Notes every byte that its sftp is sent, before it has it. */
  readonly recordFiles?: boolean;
  /** More lines of sshd_config. */
  readonly settings?: readonly string[];
  /** Lets in an account of no rights, also where root runs the tests. It has a home of its own. @see rootOnly */
  readonly unprivileged?: boolean;
  /** Where it lives: kept when it is stopped. Default: a temporary directory. */
  readonly dir?: string;
  readonly port?: number;
}

/** @throws Error when there is no sshd: see `sshdPath` */
export async function startSshd(options: SshdOptions = {}): Promise<TestSshd> {
  if (sshdPath === undefined) throw new Error(noSshd);
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'sallyport-sshd-')));
  const port = options.port ?? (await freePort());
  const file = (name: string) => join(dir, name);
  for (const name of ['host', 'id'])
    if (!existsSync(file(name)))
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', file(name)]);
  await writeFile(file('authorized_keys'), readFileSync(file('id.pub')), { mode: 0o600 });
  await writeFile(file('lines'), '');
  await writeFile(
    file('run'),
    `#!/bin/sh\nprintf '%s\\n' "$SSH_ORIGINAL_COMMAND" >> ${file('lines')}\nexec bash -c "$SSH_ORIGINAL_COMMAND"\n`,
  );
  await chmod(file('run'), 0o700);
  await writeFile(file('asked'), '');
  await writeFile(file('files'), `#!/bin/sh\ntee -a ${file('asked')} | ${sftpServer ?? 'false'}\n`);
  await chmod(file('files'), 0o700);
  const account = options.unprivileged && isRoot ? await strangerAt(dir) : undefined;
  // Shells read what is in the home of the account: that of whoever runs the tests has programs of theirs, which say things and take turns.
  const home = account?.home ?? file('home');
  await mkdir(home, { recursive: true });
  const settings = [
    // The first value of a setting counts.
    ...(options.settings ?? []),
    `SetEnv HOME=${home}`,
    ...[`Port ${port}`, 'ListenAddress 127.0.0.1', `HostKey ${file('host')}`, 'PidFile none', 'UsePAM no'],
    ...['StrictModes no', 'PasswordAuthentication no', 'PermitRootLogin prohibit-password', 'LogLevel VERBOSE'],
    ...[`AuthorizedKeysFile ${file('authorized_keys')}`, 'AcceptEnv LANG LC_*', 'MaxSessions 100', 'MaxStartups 100'],
    ...[
      `Subsystem sftp ${options.recordFiles ? file('files') : 'internal-sftp'}`,
      ...(options.recordLines ? [`ForceCommand ${file('run')}`] : []),
    ],
  ];
  await writeFile(file('config'), `${settings.join('\n')}\n`);
  const user = account?.name ?? userInfo().username;
  const server = spawn(sshdPath, ['-D', '-e', '-f', file('config')], {
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', ...(await wrapped(dir, account)) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  let exited = false;
  server.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const over = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  void over.then(() => (exited = true));
  while (!(await answers(port))) {
    if (exited) throw new Error(`sshd did not start: ${said}`);
    await sleep(50);
  }
  const [type = '', base64 = ''] = readFileSync(file('host.pub'), 'utf8').split(' ');
  return {
    port,
    user,
    key: readFileSync(file('id'), 'utf8'),
    keyFile: file('id'),
    hostKey: `${type} ${base64}`,
    dir,
    lines: () => Buffer.from(readFileSync(file('lines'), 'latin1').replaceAll(`${shellQuestion}\n`, ''), 'latin1'),
    asked: () => readFileSync(file('asked')),
    log: () => said,
    [Symbol.asyncDispose]: async () => {
      server.kill('SIGTERM');
      await over;
      if (options.dir === undefined) await rm(dir, { recursive: true, force: true });
    },
  };
}

interface Account {
  readonly name: string;
  readonly id: number;
  readonly home: string;
}

/** An account that exists for sshd alone, and may read what sshd reads in its name. */
async function strangerAt(dir: string): Promise<Account> {
  if (rootOnly !== undefined) throw new Error(rootOnly);
  const account = { name: 'deploy', id: 65_532, home: join(dir, 'home') };
  await mkdir(account.home, { recursive: true });
  await chown(account.home, account.id, account.id);
  await chmod(dir, 0o711);
  await chmod(join(dir, 'authorized_keys'), 0o644);
  return account;
}

/** As root, sshd wants an account of its own: where there is none, a library tells it of one. */
async function wrapped(dir: string, account: Account | undefined): Promise<{ readonly [name: string]: string }> {
  const own = sshdPath === unpacked ? { LD_LIBRARY_PATH: libraries } : {};
  if (!isRoot) return own;
  // Where Debian's sshd locks itself in before a login.
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  if (!account && /^sshd:/m.test(readFileSync('/etc/passwd', 'utf8'))) return own;
  if (!existsSync(wrapper))
    throw new Error('sshd runs as root here and there is no account sshd: install openssh-server');
  const accounts = ['root:x:0:0:root:/root:/bin/bash', 'sshd:x:65533:65533::/run/sshd:/usr/sbin/nologin'];
  if (account) accounts.push(`${account.name}:x:${account.id}:${account.id}::${account.home}:/bin/bash`);
  const groups = ['root:x:0:', 'sshd:x:65533:', 'tty:x:5:', ...(account ? [`${account.name}:x:${account.id}:`] : [])];
  await writeFile(join(dir, 'passwd'), `${accounts.join('\n')}\n`);
  await writeFile(join(dir, 'group'), `${groups.join('\n')}\n`);
  return {
    ...own,
    LD_PRELOAD: wrapper,
    NSS_WRAPPER_PASSWD: join(dir, 'passwd'),
    NSS_WRAPPER_GROUP: join(dir, 'group'),
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
