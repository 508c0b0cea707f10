import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { apiClient } from '../api/client.ts';
import type { GatewayRig } from './gateway-rig.ts';

const cli = join(import.meta.dirname, '../cli/main.ts');

export interface CliRun {
  /** Waits for it in what was printed. @throws when the command ends without it */
  sees(what: string): Promise<void>;
  readonly ended: Promise<{ readonly code: number | null; readonly out: string; readonly err: string }>;
}

/** `sallyport ARGS`, as a script of that principal runs it; or as somebody at a terminal: then `out` is without carriage returns. */
export async function runCli(
  rig: GatewayRig,
  principal: string,
  args: readonly string[],
  where: 'script' | 'terminal' = 'script',
): Promise<CliRun> {
  const env = { ...process.env, SALLYPORT_TOKEN: await rig.token(principal) };
  const gateway = ['--gateway', `http://127.0.0.1:${rig.gateway.addresses.admin.port}`];
  const line = [process.execPath, cli, ...args, ...gateway];
  const [program = '', ...rest] = where === 'script' ? line : ['script', '-qec', line.join(' '), '/dev/null'];
  const child = spawn(program, rest, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err, isOver] = ['', '', false];
  let more = Promise.withResolvers<void>();
  const wake = () => {
    more.resolve();
    more = Promise.withResolvers();
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += where === 'script' ? text : text.replaceAll('\r', '');
    wake();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const ended = new Promise<Awaited<CliRun['ended']>>((resolve) => {
    child.once('close', (code) => {
      isOver = true;
      wake();
      resolve({ code, out, err });
    });
  });
  const sees = async (what: string) => {
    while (!out.includes(what)) {
      if (isOver) throw new Error(`never printed ${what}: ${out}${err}`);
      await more.promise;
    }
  };
  return { sees, ended };
}

/** The admin API, as the rig's auditor. */
export function otto(rig: GatewayRig): ReturnType<typeof apiClient> {
  return apiClient({ url: `http://127.0.0.1:${rig.gateway.addresses.admin.port}`, token: () => rig.token('otto') });
}

/** The session that this principal has open. */
export async function openSession(rig: GatewayRig, principal: string): Promise<string> {
  const found = await otto(rig).sessions.list({ principal, open: true });
  const [session, another] = found.ok ? found.value : [];
  if (!session || another) throw new Error(`not one open session of ${principal}`);
  return session.id;
}

/** How it ended, once it has. */
export async function endOf(rig: GatewayRig, session: string): Promise<string | null> {
  const { sessions } = otto(rig);
  for (;;) {
    const shown = await sessions.show(session);
    if (!shown.ok) throw new Error(shown.problem.detail);
    if (shown.value.ended_at !== null) return shown.value.end_reason;
    await sleep(50);
  }
}
