import { rmSync } from 'node:fs';
import { chmod, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError, exitCodes } from '../exit.ts';

/** Written last: a directory that has it is whole. */
export const configName = 'sallyport.yaml';

/** @throws CliError when something is in `dir`, with what to do */
export async function refuseUsed(dir: string): Promise<void> {
  const there = await readdir(dir).catch((error: NodeJS.ErrnoException): readonly string[] => {
    if (error.code === 'ENOENT') return [];
    throw new CliError(exitCodes.refused, `${dir} cannot be read as a directory: ${error.message}`);
  });
  if (there.length === 0) return;
  const unfinished = there.includes('keys') && !there.includes(configName);
  throw unfinished
    ? new CliError(
        exitCodes.refused,
        `${dir} has keys and no ${configName}: an init that was killed left it unfinished`,
        'no gateway has run with it: remove the directory, or give another --dir',
      )
    : new CliError(exitCodes.refused, `${dir} is not empty`, 'init writes over nothing: give another --dir');
}

/**
 * Has `fill` write into a directory that was new or empty. When it fails, or somebody interrupts it, all of it is taken away
 * again, so that the same command can be given once more; only what kills the process leaves something behind.
 */
export async function filling<T>(dir: string, fill: () => Promise<T>): Promise<T> {
  await refuseUsed(dir);
  const made = await mkdir(dir, { recursive: true, mode: 0o700 });
  await chmod(dir, 0o700);
  const undo = (): void => {
    if (made !== undefined) return rmSync(made, { recursive: true, force: true });
    for (const part of partsOf) rmSync(join(dir, part), { recursive: true, force: true });
  };
  const interrupted = (signal: NodeJS.Signals): void => {
    undo();
    for (const each of signals) process.off(each, interrupted);
    process.kill(process.pid, signal);
  };
  for (const signal of signals) process.on(signal, interrupted);
  try {
    return await fill();
  } catch (error) {
    undo();
    throw error;
  } finally {
    for (const signal of signals) process.off(signal, interrupted);
  }
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** What `init` puts into its directory. Where the directory was there before, nothing else in it is ours to take away. */
const partsOf = ['keys', 'tls', 'policy', 'policies', 'policy-tests', 'credentials.json', configName] as const;
