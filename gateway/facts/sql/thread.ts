import { Worker } from 'node:worker_threads';
import type { SqlAnalysis } from './lineage/analysis.ts';
import { idle, type Answer, type FromThread, type Job, type ToThread } from './worker-messages.ts';

/** Published code is JavaScript beside JavaScript. */
const workerUrl = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);

/** Longest time a thread may take to load its grammars. */
const startMs = 30_000;

export interface ThreadEvents {
  /** It can take work, again or for the first time. */
  free(): void;
  answer(id: number, analysis: SqlAnalysis, alike: boolean): void;
  /** It is gone. `unanswered` were not the cause and can be asked again. */
  gone(unanswered: readonly Job[]): void;
}

/** One worker thread, and what it has not answered yet. */
export class Thread {
  readonly #worker: Worker;
  readonly #events: ThreadEvents;
  readonly #progress = new Int32Array(new SharedArrayBuffer(4));
  readonly #jobs = new Map<number, Job>();
  #state: 'starting' | 'free' | 'busy' | 'gone' = 'starting';
  #at: number = idle;
  #since = Date.now();

  constructor(events: ThreadEvents, first: readonly ToThread[]) {
    this.#events = events;
    this.#progress[0] = idle;
    this.#worker = new Worker(workerUrl, {
      workerData: this.#progress.buffer,
      // Chains of 150,000 terms fit; see the size cap in analyzer.ts.
      resourceLimits: { stackSizeMb: 32 },
    });
    this.#worker.on('message', (message: FromThread) => this.#take(message));
    this.#worker.on('error', (error: Error) => this.#blame('crashed', error.message));
    this.#worker.on('exit', () => this.#blame('crashed', 'the parser thread ended'));
    for (const message of first) this.#worker.postMessage(message);
  }

  get free(): boolean {
    return this.#state === 'free';
  }

  post(message: ToThread): void {
    if (this.#state !== 'gone') this.#worker.postMessage(message);
  }

  give(jobs: readonly Job[]): void {
    this.#state = 'busy';
    this.#since = Date.now();
    this.#worker.ref();
    for (const job of jobs) this.#jobs.set(job.id, job);
    this.#worker.postMessage({ kind: 'batch', jobs } satisfies ToThread);
  }

  /** Ends the thread when one job has taken longer than `deadlineMs`. */
  check(deadlineMs: number): void {
    const at = Atomics.load(this.#progress, 0);
    if (this.#state === 'free' || at !== this.#at) {
      this.#at = at;
      this.#since = Date.now();
      return;
    }
    const limit = at === idle ? startMs : deadlineMs;
    if (Date.now() - this.#since >= limit) this.#blame('deadline', `parsing took longer than ${limit} ms`);
  }

  async end(): Promise<void> {
    this.#state = 'gone';
    await this.#worker.terminate();
  }

  #take(message: FromThread): void {
    if (this.#state === 'gone') return;
    switch (message.kind) {
      case 'ready':
        break;
      case 'answers':
      case 'broken':
        // worker.ts wrote it.
        for (const [id, analysis, alike] of JSON.parse(message.answers) as readonly Answer[]) {
          this.#jobs.delete(id);
          this.#events.answer(id, analysis, alike);
        }
        break;
      default:
        message satisfies never;
    }
    if (message.kind === 'broken') this.#leave();
    else {
      this.#state = 'free';
      // A thread without work keeps no process alive.
      this.#worker.unref();
      this.#events.free();
    }
  }

  /** The job that was being worked on gets the blame; the others are innocent. */
  #blame(why: 'crashed' | 'deadline', message: string): void {
    if (this.#state === 'gone') return;
    const culprit = Atomics.load(this.#progress, 0);
    if (this.#jobs.delete(culprit)) this.#events.answer(culprit, { ok: false, why, message }, false);
    this.#leave();
  }

  #leave(): void {
    this.#state = 'gone';
    void this.#worker.terminate();
    this.#events.gone([...this.#jobs.values()]);
  }
}
