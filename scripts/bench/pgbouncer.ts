import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { serverAccount } from '../../gateway/testing/postgres-binaries.ts';
import { freePort } from '../../gateway/testing/ports.ts';
import type { Peer } from './peer.ts';

/** The well-known pooler, in C: what a proxy for PostgreSQL can cost at best. */
export interface Pgbouncer extends AsyncDisposable {
  readonly peer: Peer;
}

export function findPgbouncer(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const folders = [...(env['PATH'] ?? '').split(delimiter), '/usr/sbin'];
  return folders.map((folder) => join(folder, 'pgbouncer')).find((path) => existsSync(path));
}

/**
 * Pools by session, as the gateway does: one server connection for each client's session, prepared statements and all.
 * It believes every client, so its own logins cost nothing.
 */
export async function startPgbouncer(path: string, dir: string, upstream: Peer): Promise<Pgbouncer> {
  const account = await serverAccount(); // it refuses to run as root
  await mkdir(dir, { mode: 0o700 });
  const file = join(dir, 'pgbouncer.ini');
  const port = await freePort();
  await writeFile(file, settings(upstream, port), { mode: 0o600 });
  if (account) for (const each of [dir, file]) await chown(each, account.uid, account.gid);
  await chmod(join(dir, '..'), 0o711);

  const server = spawn(path, ['-q', file], { ...account, cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  server.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-10_000)));
  const exited = once(server, 'exit');
  const abandon = (): void => void server.kill('SIGKILL');
  process.once('exit', abandon);
  server.once('exit', () => process.off('exit', abandon));
  while (!(await answers(port))) {
    if (server.exitCode !== null) throw new Error(`PgBouncer did not start:\n${said}`);
    await sleep(50);
  }
  return {
    peer: { ...upstream, port },
    [Symbol.asyncDispose]: async () => {
      server.kill('SIGTERM');
      await exited;
    },
  };
}

function settings({ port: upstream, user, password, database }: Peer, port: number): string {
  return `[databases]
${database} = host=127.0.0.1 port=${String(upstream)} dbname=${database} user=${user} password=${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${String(port)}
unix_socket_dir =
auth_type = any
pool_mode = session
default_pool_size = 100
max_client_conn = 1000
ignore_startup_parameters = extra_float_digits
`;
}

async function answers(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
