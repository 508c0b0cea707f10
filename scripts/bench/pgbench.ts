import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { median } from './statistics.ts';
import type { Peer } from './peer.ts';

const run = promisify(execFile);

/** `pgbench` of Debian's and Ubuntu's PostgreSQL, or the first on PATH; undefined where there is none. */
export function findPgbench(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const versioned = ['18', '17', '16', '15'].map((major) => `/usr/lib/postgresql/${major}/bin`);
  const folders = [...versioned, ...(env['PATH'] ?? '').split(delimiter)];
  return folders.map((folder) => join(folder, 'pgbench')).find((path) => existsSync(path));
}

export interface Load {
  readonly mode: 'prepared' | 'simple';
  readonly clients: number;
  readonly seconds: number;
  /** Transactions of each client, instead of as many as there is time for. */
  readonly each?: number;
  /** A script of pgbench's own language; `-S`, its built-in one, unless given. */
  readonly script?: string;
}

export interface Throughput {
  /** Transactions per second, logins not counted. */
  readonly perSecond: number;
  readonly transactions: number;
}

export interface Pgbench {
  throughput(peer: Peer, load: Load): Promise<Throughput>;
  /** Median of the transactions' latencies, in milliseconds. */
  medianLatencyMs(peer: Peer, load: Load): Promise<number>;
}

/** @throws Error with what pgbench said when it fails: a refused statement is no result */
export function openPgbench(path: string, signal: AbortSignal): Pgbench {
  const start = async (peer: Peer, load: Load, more: readonly string[]): Promise<string> => {
    const { stdout } = await run(path, [...flagsOf(peer, load), ...more, peer.database], {
      env: { PGPASSWORD: peer.password, PGSSLMODE: 'disable', PGGSSENCMODE: 'disable', LC_ALL: 'C' },
      maxBuffer: 16 << 20,
      signal,
    });
    return stdout;
  };
  return {
    throughput: async (peer, load) => parseThroughput(await start(peer, load, [])),
    medianLatencyMs: async (peer, load) => {
      const dir = await mkdtemp(join(tmpdir(), 'sallyport-bench-'));
      try {
        await start(peer, load, ['--log', `--log-prefix=${join(dir, 'log')}`]);
        const logs = await Promise.all((await readdir(dir)).map((name) => readFile(join(dir, name), 'utf8')));
        return median(parseLatencies(logs.join('')));
      } finally {
        await rm(dir, { recursive: true, force: true });
      }
    },
  };
}

/** @throws Error when the report names no throughput */
export function parseThroughput(report: string): Throughput {
  const perSecond = /^tps = ([\d.]+) /m.exec(report)?.[1];
  const transactions = /^number of transactions actually processed: (\d+)/m.exec(report)?.[1];
  if (perSecond === undefined || transactions === undefined) throw new Error(`pgbench names no throughput:\n${report}`);
  return { perSecond: Number(perSecond), transactions: Number(transactions) };
}

/**
 * Milliseconds, one for each transaction. A line is `client_id transaction_no time_us script_no ...`:
 * postgresql.org/docs/current/pgbench.html, "Per-Transaction Logging"
 */
export function parseLatencies(log: string): readonly number[] {
  return log
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const us = Number(line.split(' ')[2]);
      if (!Number.isFinite(us)) throw new Error(`not a line of pgbench's log: ${line}`);
      return us / 1000;
    });
}

function flagsOf(peer: Peer, { mode, clients, seconds, each, script }: Load): readonly string[] {
  return [
    ...['-h', '127.0.0.1', '-p', String(peer.port), '-U', peer.user],
    ...(script === undefined ? ['-S'] : ['-f', script]),
    ...['-n', '-M', mode, '-c', String(clients), '-j', '1'],
    ...(each === undefined ? ['-T', String(seconds)] : ['-t', String(each)]),
  ];
}
