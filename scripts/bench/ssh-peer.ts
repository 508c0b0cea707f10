import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ssh2 from 'ssh2';
import { newHostKey, publicHalf, publicKeyLine } from '../../gateway/protocols/ssh/index.ts';
import type { TestSshd } from '../../gateway/testing/sshd.ts';
import type { OpenGateway } from './world.ts';

/** One way to the same host. */
export interface SshPeer {
  /** For OpenSSH's client: options, and where to. */
  readonly options: readonly string[];
  readonly destination: string;
  readonly port: number;
  readonly user: string;
  readonly privateKey: string;
}

// Newer clients hide when keys are typed by sending them late.
const plain = ['-o', 'IgnoreUnknown=ObscureKeystrokeTiming', '-o', 'ObscureKeystrokeTiming=no'];

function peer(port: number, user: string, keyFile: string, privateKey: string): SshPeer {
  const known = ['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR'];
  const key = ['-i', keyFile, '-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes', '-o', `Port=${String(port)}`];
  return {
    options: ['-F', 'none', ...key, ...known, ...plain],
    destination: `${user}@127.0.0.1`,
    port,
    user,
    privateKey,
  };
}

/** Straight to the host, as the gateway logs in there. */
export function directPeer({ port, user, keyFile, key }: TestSshd): SshPeer {
  return peer(port, user, keyFile, key);
}

/** Through the gateway, as somebody who may do everything there. */
export async function gatewayPeer({ api, dir, sshPort = 0 }: OpenGateway): Promise<SshPeer> {
  const key = newHostKey();
  const registered = await api('olga').ssh.register(publicKeyLine(publicHalf(key)));
  if (!registered.ok) throw new Error(registered.problem.detail);
  const keyFile = join(dir, 'olga');
  await writeFile(keyFile, key, { mode: 0o600 });
  return peer(sshPort, 'web1', keyFile, await readFile(keyFile, 'utf8'));
}

/** A connection of a client that does nothing else. */
export async function openSshSession({ port, user, privateKey }: SshPeer): Promise<SshSession> {
  const client = new ssh2.Client();
  const ready = once(client, 'ready');
  client.connect({ host: '127.0.0.1', port, username: user, privateKey, readyTimeout: 0 });
  await ready;
  return {
    run: async (line) => {
      const channel = await new Promise<ssh2.ClientChannel>((resolve, reject) =>
        client.exec(line, (error, opened) => (error ? reject(error) : resolve(opened))),
      );
      channel.resume().stderr.resume();
      // `exit` may have been told before anybody could listen: in the packet that says that it runs.
      const how: readonly unknown[] = await once(channel, 'close');
      if (how[0] !== 0) throw new Error(`${line}: exit code ${String(how[0])}`);
    },
    end: async () => {
      const closed = once(client, 'close');
      client.end();
      await closed;
    },
  };
}

export interface SshSession {
  /** @throws Error unless it ends with 0 */
  run(line: string): Promise<void>;
  end(): Promise<void>;
}

/** `ssh HOST LINE`, a connection of its own. @throws Error unless it ends with 0 */
export async function runOnce({ options, destination }: SshPeer, line: string): Promise<void> {
  await promisify(execFile)('ssh', [...options, destination, line]);
}

/** Reads what a line prints with OpenSSH's client. @throws Error unless it is as many bytes */
export async function readBytes({ options, destination }: SshPeer, line: string, bytes: number): Promise<void> {
  const script = 'set -o pipefail; "$@" | wc -c';
  const { stdout } = await promisify(execFile)('bash', ['-c', script, 'bash', 'ssh', ...options, destination, line]);
  if (Number(stdout) !== bytes) throw new Error(`${line}: ${stdout.trim()} bytes, not ${String(bytes)}`);
}

/** Copies a file to the host or from there with OpenSSH's `scp`, which speaks sftp. */
export async function copyFile({ options, destination }: SshPeer, from: string, to: string): Promise<void> {
  const at = (place: string) => place.replace(/^HOST:/, `${destination}:`);
  await promisify(execFile)('scp', [...options, at(from), at(to)]);
}

/** Types keys at `cat` in a terminal, each when the one before was echoed. @returns milliseconds for each */
export async function typeKeys({ options, destination }: SshPeer, keys: number): Promise<readonly number[]> {
  const child = spawn('ssh', ['-tt', ...options, destination, 'cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const times: number[] = [];
  const echo = async (key: string): Promise<void> => {
    const answered = once(child.stdout, 'data');
    child.stdin.write(key);
    const [bytes] = (await answered) as [Buffer];
    if (bytes.toString() !== key) throw new Error(`typed ${key}, echoed ${bytes.toString()}`);
  };
  await echo('s'); // the terminal is there
  for (let i = 0; i < keys; i++) {
    const started = performance.now();
    await echo('k');
    times.push(performance.now() - started);
  }
  const closed = once(child, 'close');
  child.stdin.write('\n\u0004'); // the end of the input, typed
  child.stdout.resume();
  await closed;
  return times;
}
