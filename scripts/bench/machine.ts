import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';

/** What a figure is worth depends on where it was taken. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly postgres: string;
  /** Load average of the minute before the run: above 0, somebody else was working too. */
  readonly loadBefore: number;
}

export function describeMachine(loadBefore: number, postgres: string): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown processor',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.version,
    postgres,
    loadBefore,
  };
}

export function loadNow(): number {
  return Math.round((loadavg()[0] ?? 0) * 100) / 100;
}

const pageBytes = 4096;

/** Resident memory of a process in bytes, asked of the kernel; undefined where there is no `/proc`. */
function residentBytes(pid: number): number | undefined {
  try {
    const pages = Number(readFileSync(`/proc/${String(pid)}/statm`, 'utf8').split(' ')[1]);
    return Number.isInteger(pages) ? pages * pageBytes : undefined;
  } catch {
    return undefined;
  }
}

/** Samples a process's resident memory until disposed of. Peaks shorter than 10 ms can go unseen. */
export class ResidentPeak implements Disposable {
  readonly #pid: number;
  readonly #timer: NodeJS.Timeout;
  #peak = 0;

  constructor(pid: number) {
    this.#pid = pid;
    this.#timer = setInterval(() => this.#sample(), 10);
    this.#sample();
  }

  /** Highest so far, in bytes. */
  get peak(): number {
    this.#sample();
    return this.#peak;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #sample(): void {
    this.#peak = Math.max(this.#peak, residentBytes(this.#pid) ?? 0);
  }
}
