import { SallyportError } from '../../contract/errors.ts';
import type { SqlAnalysis, SqlAnalyzer, SqlAnalyzerOptions, SqlRequest } from './analysis.ts';
import { leanCatalog, type CatalogSnapshot } from './catalog.ts';
import type { ColumnLabels } from './labels.ts';
import { Thread } from './thread.ts';
import type { Job, ToThread } from './worker-messages.ts';

/** Starts the threads. They are ready, or being started again, at any time after this. */
export function openSqlAnalyzer(options: SqlAnalyzerOptions = {}): SqlAnalyzer {
  return new ThreadedAnalyzer(options);
}

/** Most jobs that travel together. */
const maxBatch = 64;
/** Longer texts are not kept for `known`, in bytes. */
const maxKnownBytes = 16 * 1024;
/** A thread that cannot start is not started for ever. */
const maxRestarts = 5;

interface Waiting {
  readonly job: Job;
  readonly name: string | undefined;
  resolve(analysis: SqlAnalysis): void;
}

class ThreadedAnalyzer implements SqlAnalyzer {
  readonly #maxBytes: number;
  readonly #deadlineMs: number;
  readonly #maxWaiting: number;
  readonly #maxKnown: number;
  readonly #threads: (Thread | undefined)[] = [];
  readonly #state = new Map<string, { catalog?: ToThread; labels?: ToThread }>();
  readonly #waiting = new Map<number, Waiting>();
  readonly #known = new Map<string, SqlAnalysis>();
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
    this.#maxKnown = options.maxKnown ?? 2_048;
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
    this.#known.clear();
    for (const thread of this.#threads) thread?.post({ kind: 'drop', target });
  }

  known(request: SqlRequest): SqlAnalysis | undefined {
    if (request.text.length > maxKnownBytes) return undefined;
    const name = nameOf(request);
    const found = this.#known.get(name);
    if (!found) return undefined;
    // Last used goes last: the first is the one to forget.
    this.#known.delete(name);
    this.#known.set(name, found);
    return found;
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
    const job = { id: this.#nextId, target, text, major, searchPath };
    const name = bytes > maxKnownBytes ? undefined : nameOf(request);
    const { promise, resolve } = Promise.withResolvers<SqlAnalysis>();
    this.#waiting.set(job.id, { job, name, resolve });
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
    this.#known.clear();
    // What is already on its way was asked under the old state and must not be remembered under the new.
    for (const [id, waiting] of this.#waiting) this.#waiting.set(id, { ...waiting, name: undefined });
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
        answer: (id, analysis) => this.#answer(id, analysis),
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

  #answer(id: number, analysis: SqlAnalysis): void {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    this.#waiting.delete(id);
    if (analysis.ok || analysis.why === 'syntax') {
      this.#restarts = 0;
      if (waiting.name !== undefined) this.#remember(waiting.name, analysis);
    }
    waiting.resolve(analysis);
  }

  #remember(name: string, analysis: SqlAnalysis): void {
    this.#known.set(name, analysis);
    if (this.#known.size <= this.#maxKnown) return;
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      return;
    }
  }

  #refuseAll(message: string): void {
    this.#queue = [];
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const each of waiting) each.resolve({ ok: false, why: 'crashed', message });
  }
}

/** Texts that are equal as bytes are equal as Latin-1, and that is the cheapest string of them. */
function nameOf(request: SqlRequest): string {
  return `${request.target}\n${request.major}\n${pathName(request.searchPath)}\n${request.text.toString('latin1')}`;
}

/** A session asks with the same path over and over. */
const pathNames = new WeakMap<readonly string[], string>();

function pathName(path: readonly string[]): string {
  const known = pathNames.get(path);
  if (known !== undefined) return known;
  const name = JSON.stringify(path);
  pathNames.set(path, name);
  return name;
}
