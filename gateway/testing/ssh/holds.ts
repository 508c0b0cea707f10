import { type ChildProcess, spawn } from 'node:child_process';
import type { HoldView } from '../../api/views.ts';
import { valueOf } from '../../cli/connection.ts';
import type { SshRig } from './rig.ts';

type World = Pick<SshRig, 'api' | 'login' | 'options'>;

/** The holds that a client was told of, in order. @param text what it was told */
export function holdsIn(text: string): readonly string[] {
  return [...text.matchAll(/approvals approve (\w{26})/g)].map(([, hold = '']) => hold);
}

/** What Dora, an approver, is shown of a hold. @throws CliError with the problem */
export async function shownHold(world: World, hold: string): Promise<HoldView> {
  return valueOf(await world.api('dora').approvals.show(hold));
}

/** Dora approves what she was shown. @throws CliError with the problem */
export async function approve(world: World, { id, digest }: HoldView): Promise<void> {
  valueOf(await world.api('dora').approvals.approve(id, digest, 'fine'));
}

export interface HeldRun {
  readonly child: ChildProcess;
  readonly hold: string;
  /** The exit code; null where a signal ended it. */
  readonly over: Promise<number | null>;
  err(): string;
}

/** Runs one of OpenSSH's clients until it waits for an approval. @throws Error with its stderr when it ends before */
export async function runHeld(
  world: World,
  principal: string,
  program: 'ssh' | 'scp',
  args: readonly string[],
): Promise<HeldRun> {
  const options = world.options(await world.login(principal));
  const child = spawn(program, [...options, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let err = '';
  const asked = Promise.withResolvers<string>();
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
    const [hold] = holdsIn(err);
    if (hold !== undefined) asked.resolve(hold);
  });
  const over = new Promise<number | null>((resolve) => child.once('close', resolve));
  const hold = await Promise.race([asked.promise, over.then(() => Promise.reject(new Error(err)))]);
  return { child, hold, over, err: () => err };
}
