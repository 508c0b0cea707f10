import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { logInByDevice } from '../../gateway/testing/idp-login.ts';
import { root } from './markdown.ts';

export interface Ran {
  readonly exitCode: number;
  /** Standard output and standard error, as they came. */
  readonly output: string;
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Somebody who logs in where the command asks for a browser. */
  readonly person?: string | undefined;
  /** Let it run on once this text has come. */
  readonly until?: string | undefined;
}

const longestMs = 240_000;

/** The terminal in which a page's examples run, one after the other: a directory, a home and an environment of their own. */
export class Scene implements AsyncDisposable {
  readonly dir: string;
  /** What the page's names stand for here, such as `gateway.example.com`. Longest first. */
  readonly #names: readonly (readonly [string, string])[];
  readonly #programs: readonly string[];
  readonly #running = new Map<string, { readonly child: ChildProcess; readonly done: Promise<Ran> }>();

  private constructor(dir: string, names: readonly (readonly [string, string])[], programs: readonly string[]) {
    this.dir = dir;
    this.#programs = programs;
    this.#names = names.toSorted(([a], [b]) => b.length - a.length);
  }

  /**
   * @param files put into the directory before anything runs
   * @param programs directories of programs that this machine may not have
   */
  static async open(
    names: readonly (readonly [string, string])[],
    files: Readonly<Record<string, string>>,
    programs: readonly string[] = [],
  ): Promise<Scene> {
    const dir = await mkdtemp(join(tmpdir(), 'sallyport-docs-'));
    await mkdir(join(dir, '.home/.local/bin'), { recursive: true });
    // Past set-up: no example may install anything in the middle of a test run.
    const command = `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'gateway/cli/main.ts')}' "$@"\n`;
    await writeFile(join(dir, '.home/.local/bin/sallyport'), command, { mode: 0o755 });
    await symlink(join(root, 'node_modules'), join(dir, 'node_modules'));
    for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text, { mode: 0o600 });
    return new Scene(dir, names, programs);
  }

  /** A text of the page as it has to read here. */
  here(text: string): string {
    return this.#names.reduce((now, [name, meaning]) => now.replaceAll(name, meaning), text);
  }

  /** Runs a block as a terminal would: what it exports, and where it changes to, holds for the next one. */
  async shell(text: string, name: string, options: RunOptions = {}): Promise<Ran> {
    const keep = 'trap \'export -p > "$SCENE/.exports"; pwd > "$SCENE/.pwd"\' EXIT';
    const before =
      '[ ! -f "$SCENE/.exports" ] || . "$SCENE/.exports"; [ ! -f "$SCENE/.pwd" ] || cd "$(cat "$SCENE/.pwd")"';
    const own = Object.entries(options.env ?? {}).map(([key, value = '']) => `export ${key}='${value}'`);
    const passing = own.length > 0 || options.until !== undefined;
    const script = [before, ...own, passing ? '' : keep, 'set -euo pipefail', this.here(text)].join('\n');
    return this.#run('bash', ['-c', script], name, options);
  }

  async program(program: string, args: readonly string[], name: string): Promise<Ran> {
    return this.#run(program, args, name, {});
  }

  /** What an example that was left running has said when it is over. */
  async outcome(name: string): Promise<Ran> {
    const running = this.#running.get(name);
    if (!running) throw new Error(`nothing called ${name} runs`);
    return running.done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { child } of this.#running.values()) {
      // Its whole group: bash and what it started.
      if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
    }
    await rm(this.dir, { recursive: true, force: true });
  }

  async #run(program: string, args: readonly string[], name: string, options: RunOptions): Promise<Ran> {
    const child = spawn(program, [...args], { cwd: this.dir, env: this.#env(), detached: true });
    let output = '';
    let loggedIn = false;
    const seen = Promise.withResolvers<void>();
    const take = (chunk: string): void => {
      output += chunk;
      if (options.until !== undefined && output.includes(this.here(options.until))) seen.resolve();
      const url = /^Open (\S+)$/m.exec(output)?.[1];
      if (options.person === undefined || url === undefined || loggedIn) return;
      loggedIn = true;
      logInByDevice(url, options.person).catch(seen.reject);
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    child.stdin.end();
    const timer = setTimeout(() => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'), longestMs);
    const done = once(child, 'close').then(() => {
      clearTimeout(timer);
      return { exitCode: child.exitCode ?? 1, output };
    });
    if (options.until === undefined) return done;
    clearTimeout(timer);
    this.#running.set(name, { child, done });
    const early = await Promise.race([seen.promise, done]);
    return early ?? { exitCode: 0, output };
  }

  #env(): NodeJS.ProcessEnv {
    const home = join(this.dir, '.home');
    return {
      SCENE: this.dir,
      HOME: home,
      // Node and OPA were fetched before: they are not the page's affair.
      XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'] ?? join(process.env['HOME'] ?? homedir(), '.cache'),
      TMPDIR: tmpdir(),
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      PATH: [join(home, '.local/bin'), process.env['PATH'], ...this.#programs].join(delimiter),
      LC_ALL: 'C.UTF-8',
      PAGER: 'cat',
      PSQLRC: '/dev/null',
    };
  }
}
