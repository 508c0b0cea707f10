import { Worker } from 'node:worker_threads';
import type { Decision } from '../../contract/decision.ts';
import { SallyportError } from '../../contract/errors.ts';
import { Projection } from '../engine/projection.ts';
import { entrypointOf } from '../engine/entrypoints.ts';
import type { Entrypoint } from '../../contract/command.ts';
import { Recent } from '../engine/recent.ts';
import type { Candidate } from '../trial.ts';
import { decisionFrom, type FromThread, type Opened, type Question, type ThreadData } from './messages.ts';

export interface ThreadOptions {
  readonly candidates: readonly Candidate[];
  readonly nowMs: number;
  /** Questions that may wait, at most. */
  readonly maxWaiting: number;
  /** The part of one processor that the thread may take: 0.1 is a tenth. */
  readonly share: number;
  readonly maxEvaluationMs: number;
  /** Without a sign of life for so long it is taken for hung. */
  readonly maxSilenceMs: number;
  readonly took: (seconds: number) => void;
  readonly fault: (what: string) => void;
  /** It judges no more. What waited is answered with undefined before. */
  readonly stopped: (why: string) => void;
}

/** @param decision undefined when there will be no answer */
export type Answered = (decision: Decision | undefined) => void;

/** Published code is JavaScript beside JavaScript. */
const workerUrl = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);
const maxBatch = 64;
/** Characters of inputs that may wait. */
const maxWaitingLength = 16 << 20;
const rememberedDecisions = 256;

/**
 * Bundles on trial, in a thread of their own: nothing that they do holds up this one. Questions wait in a bounded queue, and go in
 * batches, as often as the thread's share of the time allows.
 */
export class TrialThread implements AsyncDisposable {
  readonly opened: Opened;
  readonly #projections = new Map<Entrypoint, Projection>();
  readonly #options: ThreadOptions;
  readonly #worker: Worker;
  readonly #progress: Int32Array;
  /** Answers repeat: equal ones become one object, so that what is made of them is made once. */
  readonly #decisions = new Recent<Decision>(rememberedDecisions);
  readonly #watch: NodeJS.Timeout;
  #waiting: (readonly [Question, Answered])[] = [];
  #length = 0;
  #asked: readonly (readonly [Question, Answered])[] = [];
  #seen = 0;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  /** @throws SallyportError why the bundles cannot judge */
  static async open(options: ThreadOptions, signal: AbortSignal): Promise<TrialThread> {
    const { candidates, nowMs, maxEvaluationMs, maxSilenceMs } = options;
    const progress = new SharedArrayBuffer(4);
    const data: ThreadData = { candidates, nowMs, maxEvaluationMs, progress };
    const worker = new Worker(workerUrl, { workerData: data });
    worker.unref(); // a thread without work keeps no process alive
    const first = Promise.withResolvers<FromThread>();
    worker.once('message', first.resolve);
    worker.once('error', first.reject);
    worker.once('exit', () => first.reject(new Error('its thread ended')));
    const late = setTimeout(() => first.reject(new Error(`no sign of life in ${maxSilenceMs} ms`)), maxSilenceMs);
    const given = () => first.reject(new Error('the gateway closes'));
    signal.addEventListener('abort', given);
    try {
      const said = await first.promise;
      if (said.kind === 'opened') return new TrialThread(options, worker, said.opened, new Int32Array(progress));
      await worker.terminate();
      if (said.kind === 'refused') throw new SallyportError(said.code, said.reason);
      throw new TypeError(said.kind); // worker.ts answers nothing that it was not asked
    } catch (error) {
      await worker.terminate();
      if (error instanceof SallyportError) throw error;
      const why = error instanceof Error ? error.message : String(error);
      throw new SallyportError('engine-failed', `it could not be tried: ${why}`, { cause: error });
    } finally {
      clearTimeout(late);
      signal.removeEventListener('abort', given);
    }
  }

  private constructor(options: ThreadOptions, worker: Worker, opened: Opened, progress: Int32Array) {
    this.#options = options;
    this.#worker = worker;
    this.opened = opened;
    this.#progress = progress;
    worker.on('message', (message: FromThread) => this.#take(message));
    worker.on('error', (error) =>
      this.#stop(`its thread failed: ${error instanceof Error ? error.message : String(error)}`),
    );
    worker.on('exit', () => this.#stop('its thread ended'));
    this.#watch = setInterval(() => this.#look(), options.maxSilenceMs).unref();
  }

  /** The input of one entrypoint, cut down to what these rules read. */
  projection(entrypoint: Entrypoint): Projection {
    const known = this.#projections.get(entrypoint) ?? new Projection(this.opened.reads[entrypointOf[entrypoint]]);
    this.#projections.set(entrypoint, known);
    return known;
  }

  /** @returns false when there is no room */
  ask(question: Question, answered: Answered): boolean {
    const { length } = question.input;
    if (this.#ended || this.#waiting.length >= this.#options.maxWaiting) return false;
    if (this.#length + length > maxWaitingLength) return false;
    this.#waiting.push([question, answered]);
    this.#length += length;
    if (this.#asked.length === 0) this.#sendAfter(0);
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end();
    await this.#worker.terminate();
  }

  /** What comes in one turn of the event loop travels together. */
  #sendAfter(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#send();
    }, ms).unref();
  }

  #send(): void {
    if (this.#ended || this.#waiting.length === 0) return;
    this.#asked = this.#waiting.slice(0, maxBatch);
    this.#waiting = this.#waiting.slice(maxBatch);
    for (const [{ input }] of this.#asked) this.#length -= input.length;
    this.#seen = -1; // a look in the middle of a batch is no silence yet
    this.#worker.postMessage(this.#asked.map(([question]) => question));
  }

  #take(message: FromThread): void {
    if (this.#ended || message.kind !== 'answers') return;
    const asked = this.#asked;
    this.#asked = [];
    const { answers, faults, cpuMs, tooLongMs } = message;
    this.#options.took(cpuMs / 1_000);
    for (const fault of faults) this.#options.fault(fault);
    for (const [i, [, answered]] of asked.entries()) answered(this.#decision(answers[i]));
    if (tooLongMs !== undefined) {
      const limit = this.#options.maxEvaluationMs;
      return this.#stop(`one evaluation took ${tooLongMs.toFixed(0)} ms, more than ${limit}`);
    }
    this.#sendAfter(Math.ceil(cpuMs * (1 / this.#options.share - 1)));
  }

  #decision(json: string | undefined): Decision | undefined {
    if (json === undefined) return undefined;
    const known = this.#decisions.get(json);
    if (known) return known;
    const decision = decisionFrom(json);
    this.#decisions.set(json, decision);
    return decision;
  }

  #look(): void {
    const at = Atomics.load(this.#progress, 0);
    if (this.#asked.length > 0 && at === this.#seen) {
      this.#stop(`one evaluation went on for more than ${this.#options.maxSilenceMs} ms, and was ended`);
    }
    this.#seen = at;
  }

  #stop(why: string): void {
    if (this.#ended) return;
    const unanswered = [...this.#asked, ...this.#waiting];
    this.#end();
    void this.#worker.terminate();
    for (const [, answered] of unanswered) answered(undefined);
    this.#options.stopped(why);
  }

  #end(): void {
    this.#ended = true;
    clearInterval(this.#watch);
    clearTimeout(this.#timer);
    this.#asked = [];
    this.#waiting = [];
  }
}
