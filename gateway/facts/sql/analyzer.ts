import { SallyportError } from '../../contract/errors.ts';
import type { SqlAnalysis, SqlAnalyzer, SqlAnalyzerOptions, SqlRequest } from './lineage/analysis.ts';
import { leanCatalog, type CatalogSnapshot } from './catalog/catalog.ts';
import { Answers } from './answers.ts';
import type { ColumnLabels } from './catalog/labels.ts';
import { Thread } from './thread.ts';
import type { Job, ToThread } from './worker-messages.ts';

/** Starts the threads. They are ready, or being started again, at any time after this. */
export function openSqlAnalyzer(options: SqlAnalyzerOptions = {}): SqlAnalyzer {
  return new ThreadedAnalyzer(options);
}

/** Most jobs that travel together. */
const maxBatch = 64;
/** A thread that cannot start is not started for ever. */
const maxRestarts = 5;

interface Waiting {
  readonly job: Job;
  /** Undefined when the answer is not to be remembered. */
  readonly asked: SqlRequest | undefined;
  resolve(analysis: SqlAnalysis): void;
}

class ThreadedAnalyzer implements SqlAnalyzer {
  readonly #maxBytes: number;
  readonly #deadlineMs: number;
  readonly #maxWaiting: number;
  readonly #threads: (Thread | undefined)[] = [];
  readonly #state = new Map<string, { catalog?: ToThread; labels?: ToThread }>();
  readonly #waiting = new Map<number, Waiting>();
  readonly #known: Answers;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  readonly #watch: NodeJS.Timeout;
  #queue: Job[] = [];
  #nextId = 0;
  /** Restarts since the last answer. */
  #restarts = 0;
  #turn: NodeJS.Immediate | undefined;
  #closed = false;

  constructor(options: SqlAnalyzerOptions) {
    this.#maxBytes = options.maxBytes ?? 256 * 1024;
    this.#deadlineMs = options.deadlineMs ?? 1_000;
    this.#maxWaiting = options.maxWaiting ?? 10_000;
    this.#known = new Answers(options.maxKnown ?? 2_048);
    for (let slot = 0; slot < (options.threads ?? 1); slot += 1) this.#start(slot);
    this.#watch = setInterval(() => {
      for (const thread of this.#threads) thread?.check(this.#deadlineMs);
    }, this.#deadlineMs / 4);
    this.#watch.unref();
  }

  setCatalog(target: string, snapshot: CatalogSnapshot): void {
    this.#tell(target, 'catalog', { kind: 'catalog', target, catalog: leanCatalog(snapshot) });
  }

  setLabels(target: string, labels: ColumnLabels, version: string): void {
    this.#tell(target, 'labels', { kind: 'labels', target, labels: [...labels], version });
  }

  drop(target: string): void {
    this.#state.delete(target);
    this.#known.forget(target);
    for (const thread of this.#threads) thread?.post({ kind: 'drop', target });
  }

  known(request: SqlRequest): SqlAnalysis | undefined {
    return this.#known.get(request);
  }

  async analyze(request: SqlRequest): Promise<SqlAnalysis> {
    if (this.#closed) throw new SallyportError('parser-crashed', 'the analyzer is closed');
    const bytes = request.text.length;
    if (bytes > this.#maxBytes) {
      return { ok: false, why: 'too-long', message: `statement of ${bytes} bytes is longer than ${this.#maxBytes}` };
    }
    const text = this.#decode(request.text);
    if (text === undefined)
      return { ok: false, why: 'encoding', message: 'statement is not valid UTF-8 or holds a NUL' };
    if (this.#waiting.size >= this.#maxWaiting)
      return { ok: false, why: 'busy', message: 'too many statements wait for the parser' };
    this.#nextId = (this.#nextId + 1) % 0x7fff_ffff;
    const { target, major, searchPath } = request;
    const job = { id: this.#nextId, target, text, major, searchPath, askShape: this.#known.wantsShape(request) };
    const { promise, resolve } = Promise.withResolvers<SqlAnalysis>();
    this.#waiting.set(job.id, { job, asked: request, resolve });
    this.#queue.push(job);
    this.#pumpSoon();
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearInterval(this.#watch);
    this.#refuseAll('the analyzer is closed');
    await Promise.all(this.#threads.flatMap((thread) => (thread ? [thread.end()] : [])));
  }

  #decode(text: Buffer): string | undefined {
    if (text.includes(0)) return undefined;
    try {
      return this.#decoder.decode(text);
    } catch {
      return undefined;
    }
  }

  #tell(target: string, what: 'catalog' | 'labels', message: ToThread): void {
    this.#state.set(target, { ...this.#state.get(target), [what]: message });
    this.#known.forget(target);
    // What is already on its way was asked under the old state and must not be remembered under the new.
    for (const [id, waiting] of this.#waiting)
      if (waiting.job.target === target) this.#waiting.set(id, { ...waiting, asked: undefined });
    for (const thread of this.#threads) thread?.post(message);
  }

  #start(slot: number): void {
    const first = [...this.#state.values()].flatMap(({ catalog, labels }) => [
      ...(catalog ? [catalog] : []),
      ...(labels ? [labels] : []),
    ]);
    this.#threads[slot] = new Thread(
      {
        free: () => this.#pump(),
        answer: (id, analysis, alike) => this.#answer(id, analysis, alike),
        gone: (unanswered) => this.#replace(slot, unanswered),
      },
      first,
    );
  }

  #replace(slot: number, unanswered: readonly Job[]): void {
    this.#threads[slot] = undefined;
    if (this.#closed) return;
    this.#queue = [...unanswered, ...this.#queue];
    this.#restarts += 1;
    if (this.#restarts <= maxRestarts) this.#start(slot);
    else if (!this.#threads.some((thread) => thread)) this.#refuseAll('the parser does not start');
  }

  /** Waking a thread costs as much as its work: what arrives in one turn of the event loop travels together. */
  #pumpSoon(): void {
    if (this.#turn) return;
    this.#turn = setImmediate(() => {
      this.#turn = undefined;
      this.#pump();
    });
  }

  /** Work goes out as soon as a thread is free; what came in meanwhile travels together. */
  #pump(): void {
    const threads = this.#threads.flatMap((thread) => thread ?? []);
    if (threads.length === 0 && this.#queue.length > 0) {
      // All had given up; one more statement is one more try.
      this.#start(0);
      return;
    }
    for (const thread of threads) {
      if (this.#queue.length === 0) return;
      if (!thread.free) continue;
      const share = Math.min(maxBatch, Math.ceil(this.#queue.length / threads.length));
      thread.give(this.#queue.splice(0, share));
    }
  }

  #answer(id: number, analysis: SqlAnalysis, alike: boolean): void {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    this.#waiting.delete(id);
    if (analysis.ok || analysis.why === 'syntax') {
      this.#restarts = 0;
      if (waiting.asked) this.#known.set(waiting.asked, analysis, waiting.job.askShape ? alike : undefined);
    }
    waiting.resolve(analysis);
  }

  #refuseAll(message: string): void {
    this.#queue = [];
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const each of waiting) each.resolve({ ok: false, why: 'crashed', message });
  }
}
