import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { expect } from 'vitest';
import { addPlainTarget } from '../behaviour/plain-target.ts';
import { type Rig, startRig } from '../rig.ts';

/**
 * What every driver does, whatever its language, and tells as JSON. Ana reads the shop, where labelled columns leave masked; Dora may do
 * everything on `plain`, the same database without labels, but for what a rule denies.
 */
export interface Walk {
  /** `select id, name from customers where id <= 2 order by id` */
  readonly selected: readonly (readonly [id: number, name: string])[];
  /** `select ssn, email, card_number from customers where id = $1`, three times, prepared where the driver can. */
  readonly masked: readonly (readonly string[])[];
  /** `select $1::int4 + 1, true, 1.5::float8, array[1,2]::int4[], '\x00ff'::bytea, date '2024-02-29'`, as the driver's own types. */
  readonly types: {
    readonly sum: number;
    readonly truth: boolean;
    readonly float: number;
    readonly list: readonly number[];
    readonly bytes: string;
    readonly date: string;
  };
  /** `update customers set city = 'x' where id = 1`: the fields of the driver's own error. */
  readonly denied: {
    readonly sqlstate: string;
    readonly message: string;
    readonly detail: string;
    readonly hint: string;
  };
  /** `select 1` on the same connection. */
  readonly afterDenial: number;
  /** SQLSTATEs in a transaction of Dora's: `delete from client_items` (no condition), then `select 1`. */
  readonly inTransaction: readonly string[];
  /** Rows of `client_items` after the rollback; the transaction had inserted one. */
  readonly afterRollback: number;
  /** SQLSTATE of a `select pg_sleep(30)` that the driver cancelled, and `select 1` on the same connection. */
  readonly cancelled: readonly [sqlstate: string, after: number];
  /** Payload of a NOTIFY on a channel that the driver listens to. */
  readonly notified: string;
  /** Rows that COPY FROM STDIN brought in, and what COPY TO STDOUT gave. */
  readonly copied?: readonly [rows: number, out: string];
  /** Rows of `generate_series(1, 1000)` through a cursor, in pieces. */
  readonly cursor?: number;
  /** `select 1`, `select 2`, `select 3`, sent together. */
  readonly pipelined?: readonly number[];
}

export interface ClientRig extends AsyncDisposable {
  readonly rig: Rig;
  /** What a driver that is a program of its own is told. */
  readonly env: { readonly [name: string]: string };
  /** Past the gateway. */
  readonly admin: pg.Client;
}

export async function startClientRig(): Promise<ClientRig> {
  const rig = await startRig();
  await addPlainTarget(rig);
  const admin = new pg.Client({ connectionString: rig.postgres.url.replace(/postgres$/, 'crm') });
  await admin.connect();
  await admin.query(
    "create table client_items (id int primary key, name text); insert into client_items values (1, 'one')",
  );
  const env = {
    SALLYPORT_PORT: String(rig.port),
    SALLYPORT_CA: rig.caFile,
    SALLYPORT_ANA: await rig.token('ana'),
    SALLYPORT_DORA: await rig.token('dora'),
  };
  return {
    rig,
    env,
    admin,
    [Symbol.asyncDispose]: async () => {
      await admin.end();
      await rig[Symbol.asyncDispose]();
    },
  };
}

/** Compares what a driver told with what is in the database. */
export async function expectWalk(walk: Walk, admin: pg.Client): Promise<void> {
  const { rows: named } = await admin.query({
    text: 'select id, name from customers where id <= 2 order by id',
    rowMode: 'array',
  });
  expect(walk.selected).toEqual(named);

  const { rows: clear } = await admin.query<[string, string, string]>({
    text: 'select ssn, email, card_number from customers where id = 1',
    rowMode: 'array',
  });
  const [ssn = '', email = '', card = ''] = clear[0] ?? [];
  expect(walk.masked).toHaveLength(3);
  for (const row of walk.masked) {
    expect(row[0]).toBe(`***-**-${ssn.slice(-4)}`);
    expect(row[1]).toMatch(/^[^@]+@[^@]+$/);
    expect(row[1]).not.toBe(email);
    expect(row[2]).not.toBe(card);
    expect(row[2]?.slice(-4)).toBe(card.slice(-4));
    expect(row).toEqual(walk.masked[0]);
  }
  for (const value of [ssn, email, card]) expect(JSON.stringify(walk)).not.toContain(value);

  expect(walk.types).toEqual({ sum: 42, truth: true, float: 1.5, list: [1, 2], bytes: '00ff', date: '2024-02-29' });
  expect(walk.denied.sqlstate).toBe('42501');
  expect(walk.denied.message).toContain('denied');
  expect(walk.denied.detail).toMatch(/^request [0-9A-Z]{26} revision /);
  expect(walk.afterDenial).toBe(1);
  expect(walk.inTransaction).toEqual(['42501', '25P02']);
  expect(walk.afterRollback).toBe(1);
  expect(walk.cancelled).toEqual(['57014', 1]);
  expect(walk.notified).toBe('hello');
  if (walk.copied) expect(walk.copied).toEqual([3, '11,a\n12,b\n13,\n']);
  if (walk.cursor !== undefined) expect(walk.cursor).toBe(1000);
  if (walk.pipelined) expect(walk.pipelined).toEqual([1, 2, 3]);
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. @param interruptWhen sends SIGINT once this appears in what it says; '' at once when it has started */
export function runProgram(
  program: string,
  args: readonly string[],
  options: {
    readonly env?: NodeJS.ProcessEnv;
    readonly cwd?: string;
    readonly input?: string;
    readonly interrupt?: Promise<unknown>;
    readonly interruptWhen?: RegExp;
    readonly timeoutMs?: number;
  } = {},
): Promise<Ran> {
  const { env, cwd, input, interrupt, interruptWhen, timeoutMs = 250_000 } = options;
  const child = spawn(program, [...args], {
    env: { ...process.env, ...env },
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    ...(cwd === undefined ? {} : { cwd }),
  });
  let stdout = '';
  let stderr = '';
  let interrupted = false;
  const listen = (): void => {
    if (interrupted || !interruptWhen?.test(stdout + stderr)) return;
    interrupted = true;
    child.kill('SIGINT');
  };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    listen();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    listen();
  });
  void interrupt?.then(() => child.kill('SIGINT'));
  child.stdin.end(input ?? '');
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

export type Provided = { readonly path: string } | { readonly missing: string };

/** The path that a set-up script of this folder prints, or why there is none here. */
export async function provided(script: string, ...args: readonly string[]): Promise<Provided> {
  try {
    const { stdout } = await promisify(execFile)(join(import.meta.dirname, script), args, { timeout: 120_000 });
    return { path: stdout.trim() };
  } catch (error) {
    return { missing: `${script} gave none: ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** A Go program of this folder, built. Modules come from the module proxy by the checksums in go.sum, once. */
export async function built(folder: string, into: string): Promise<Provided> {
  const missing = await unusable('go', 'version');
  if (missing !== undefined) return { missing };
  const path = join(into, folder);
  const { code, stderr } = await runProgram('go', ['build', '-mod=readonly', '-o', path, '.'], {
    cwd: join(import.meta.dirname, folder),
    env: { CGO_ENABLED: '0' },
  });
  return code === 0 ? { path } : { missing: `${folder} does not build: ${stderr}` };
}

/** Why a program cannot be used, or undefined when it can. */
export async function unusable(program: string, ...args: readonly string[]): Promise<string | undefined> {
  try {
    await promisify(execFile)(program, args, { timeout: 250_000 });
    return undefined;
  } catch (error) {
    return `${program} cannot be run: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Resolves when the server runs something that matches; for cancelling what has really begun. */
export async function running(admin: pg.Client, pattern: string): Promise<void> {
  for (let tries = 0; tries < 8_000; tries++) {
    const { rows } = await admin.query(
      "select 1 from pg_stat_activity where state = 'active' and query like $1 and pid <> pg_backend_pid()",
      [pattern],
    );
    if (rows.length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`nothing like ${pattern} ran`);
}
