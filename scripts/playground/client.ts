import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Readable } from 'node:stream';
import pg from 'pg';
import { readFile } from 'node:fs/promises';
import { root } from './home.ts';
import type { World } from './world.ts';

/** A command as somebody would type it, and what came of it. */
export interface Ran {
  readonly shown: string;
  /** Standard output and standard error as they came. */
  readonly output: string;
  readonly exitCode: number;
}

/** The tour's hands: a real client, and the real command line. */
export interface Client {
  readonly name: string;
  /** How the command looks. */
  show(principal: string, statements: readonly string[]): string;
  /** Runs statements in one session. @param onOutput told of output as it comes */
  sql(principal: string, statements: readonly string[], onOutput?: (text: string) => void): Promise<Ran>;
}

/** The unchanged psql where it is installed, else a driver from npm. */
export function sqlClient(world: World): Client {
  const dirs = (process.env['PATH'] ?? '').split(delimiter);
  return dirs.some((dir) => existsSync(join(dir, 'psql'))) ? psqlClient(world) : driverClient(world);
}

function psqlClient(world: World): Client {
  const { host, port } = world.postgres;
  const conninfo = `host=${host} port=${String(port)} dbname=crm user=app sslmode=verify-full sslrootcert=${world.caFile}`;
  const show: Client['show'] = (principal, statements) =>
    [
      `PGPASSWORD=$(cat ${tokenOf(world, principal).file}) psql "${conninfo}"`,
      ...statements.map((s) => `-c "${s}"`),
    ].join(' \\\n    ');
  return {
    name: 'psql',
    show,
    sql: async (principal, statements, onOutput) => {
      const args = ['-X', conninfo, ...statements.flatMap((s) => ['-c', s])];
      const ran = await runChild('psql', args, { PGPASSWORD: tokenOf(world, principal).token }, onOutput);
      return { ...ran, shown: show(principal, statements) };
    },
  };
}

/** Where there is no psql: `pg` from npm, its answers printed as plainly as they come. */
function driverClient(world: World): Client {
  const show: Client['show'] = (principal, statements) =>
    `# pg (npm) as ${principal}\n    ${statements.join(';\n    ')};`;
  return {
    name: 'pg (npm)',
    show,
    sql: async (principal, statements, onOutput) => {
      let output = '';
      const add = (text: string): void => {
        output += `${text}\n`;
        onOutput?.(text);
      };
      const client = new pg.Client({
        ...world.postgres,
        user: 'app',
        database: 'crm',
        password: tokenOf(world, principal).token,
        ssl: { ca: await readFile(world.caFile, 'utf8') },
      });
      client.on('notice', (notice) => add(`NOTICE:  ${notice.message ?? ''}`));
      await client.connect();
      let exitCode = 0;
      for (const statement of statements) {
        try {
          const { rows, command, rowCount } = await client.query<{ readonly [column: string]: unknown }>(statement);
          for (const row of rows) add(Object.values(row).map(String).join(' | '));
          add(command === 'SELECT' ? `(${String(rowCount)} rows)` : `${command} ${String(rowCount)}`);
        } catch (error) {
          if (!(error instanceof pg.DatabaseError)) throw error;
          exitCode = 1;
          add(
            [
              `ERROR:  ${error.message}`,
              error.detail && `DETAIL:  ${error.detail}`,
              error.hint && `HINT:  ${error.hint}`,
            ]
              .filter(Boolean)
              .join('\n'),
          );
        }
      }
      await client.end();
      return { shown: show(principal, statements), output, exitCode };
    },
  };
}

/** `./scripts/sallyport ...` as a principal. */
export async function sallyport(world: World, principal: string | undefined, args: readonly string[]): Promise<Ran> {
  const env = {
    SALLYPORT_GATEWAY: world.admin,
    ...(principal === undefined ? {} : { SALLYPORT_TOKEN: tokenOf(world, principal).token }),
  };
  const ran = await runChild(join(root, 'scripts/sallyport'), args, env);
  return { ...ran, shown: commandLine(world, principal, args) };
}

/** How such a command looks. */
export function commandLine(world: World, principal: string | undefined, args: readonly string[]): string {
  const as = principal === undefined ? '' : `SALLYPORT_TOKEN=$(cat ${tokenOf(world, principal).file}) `;
  return `${as}./scripts/sallyport ${args.map(quoted).join(' ')}`;
}

export function tokenOf(world: World, principal: string): { readonly token: string; readonly file: string } {
  const found = world.tokens.get(principal);
  if (!found) throw new Error(`nobody here is called ${principal}`);
  return found;
}

/** As somebody would type it: in single quotes what a shell would read otherwise. */
export function quoted(arg: string): string {
  if (/^[\w./:@=-]+$/.test(arg)) return arg;
  return /[$`"\\]/.test(arg) ? `'${arg}'` : `"${arg}"`;
}

/** @param typed what is typed into it, and when it is ended if it has not ended by itself; nothing and never unless given */
export function runChild(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  onOutput?: (text: string) => void,
  typed?: { readonly keys: Readable; readonly timeoutMs: number },
): Promise<Omit<Ran, 'shown'>> {
  // No pager and no .psqlrc: the output is the client's own. LC_ALL=C: its words are those that we look for.
  const child = spawn(program, [...args], {
    env: { ...process.env, PAGER: 'cat', LC_ALL: 'C.UTF-8', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(typed && { timeout: typed.timeoutMs }),
  });
  // It may end with keys on their way to it.
  child.stdin.on('error', () => undefined);
  if (typed) typed.keys.pipe(child.stdin);
  else child.stdin.end();
  let output = '';
  const add = (text: string): void => {
    output += text;
    onOutput?.(text);
  };
  child.stdout.setEncoding('utf8').on('data', add);
  child.stderr.setEncoding('utf8').on('data', add);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ output, exitCode: code ?? 1 }));
  });
}
