import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { SallyportError } from '../../contract/errors.ts';

/** The one OPA that checks, tests and compiles policies: what it was measured with is what ships. */
export const opaVersion = '1.22.0';

/** Longest run of OPA. */
const limitMs = 120_000;

/** How `opa test` begins: a test may take all of the run's time. OPA's own limit of five seconds fails tests where a machine is busy. */
export const testCommand = ['test', '--format', 'json', '--timeout', `${String(limitMs)}ms`] as const;

/**
 * Where an OPA of the right version is: `SALLYPORT_OPA`, then PATH, then the cache that set-up fills. Nothing is downloaded.
 * @param env the process's environment, handed in by whoever may read it
 * @throws SallyportError `opa-unavailable` with everything that was tried
 */
export async function findOpa(env: Readonly<Record<string, string | undefined>>): Promise<string> {
  const tried: string[] = [];
  for (const path of candidates(env)) {
    const found = await versionOf(path);
    if (found === opaVersion) return path;
    tried.push(found === undefined ? `${path} (cannot be run)` : `${path} (version ${found})`);
  }
  throw new SallyportError(
    'opa-unavailable',
    `OPA ${opaVersion} was not found. Tried: ${tried.join(', ')}. Set SALLYPORT_OPA to its path.`,
  );
}

/** What OPA wrote to standard output. @throws SallyportError `opa-failed` with what it wrote to standard error */
export async function runOpa(opa: string, args: readonly string[], where: Where = {}): Promise<string> {
  const run = await execute(opa, args, where);
  if (run.ok) return run.stdout;
  throw opaFailed(args[0] ?? '', run);
}

export interface FailedRun {
  readonly ok: false;
  readonly stdout: string;
  readonly stderr: string;
  readonly error: Error;
}

export type OpaRun = { readonly ok: true; readonly stdout: string } | FailedRun;

/** For callers to whom a failure is none of the answers. */
export function opaFailed(command: string, { stdout, stderr, error }: FailedRun): SallyportError {
  const said = stderr.trim() || stdout.trim() || error.message;
  return new SallyportError('opa-failed', `opa ${command}: ${said}`, { cause: error });
}

/** `cwd`: OPA writes file names into what it compiles, so relative ones make a build that can be repeated elsewhere. */
export interface Where {
  readonly cwd?: string;
  readonly signal?: AbortSignal | undefined;
}

/** Runs OPA and answers with what came of it, for callers to whom a failure is an answer (`opa test`). */
export function execute(opa: string, args: readonly string[], { cwd, signal }: Where = {}): Promise<OpaRun> {
  const options = { maxBuffer: 64 << 20, timeout: limitMs, ...(cwd ? { cwd } : {}), ...(signal ? { signal } : {}) };
  return new Promise((resolve) => {
    execFile(opa, [...args], options, (error, stdout, stderr) => {
      resolve(error === null ? { ok: true, stdout } : { ok: false, stdout, stderr, error });
    });
  });
}

function candidates(env: Readonly<Record<string, string | undefined>>): string[] {
  const named = env['SALLYPORT_OPA'];
  // A path that somebody named is meant: falling back to another binary would hide the mistake.
  if (named) return [named];
  const onPath = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const cache = env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache');
  return [...onPath.map((folder) => join(folder, 'opa')), join(cache, 'sallyport', `opa-${opaVersion}`, 'opa')];
}

async function versionOf(path: string): Promise<string | undefined> {
  const run = await execute(path, ['version']);
  return run.ok ? /^Version: (\S+)$/m.exec(run.stdout)?.[1] : undefined;
}
