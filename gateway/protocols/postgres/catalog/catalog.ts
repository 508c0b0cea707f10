import { SallyportError } from '../../../contract/errors.ts';
import type { FollowedBy, FollowedLabels, LabelKeeper } from '../../../contract/followed.ts';
import type { Wait } from '../../../contract/wait.ts';
import { leanCatalog, spreadLabels, spreadPaths } from '../../../facts/sql/index.ts';
import type {
  CatalogSnapshot,
  ColumnLabels,
  CommandFacts,
  SqlAnalysis,
  SqlAnalyzer,
  SpreadLabels,
  SqlRequest,
} from '../../../facts/sql/index.ts';
import type { PgField } from '../codec/backend.ts';
import { TargetLabels } from './labels.ts';
import { ColumnTypes } from './types.ts';
import { CatalogWitness, type Doubts } from './witness.ts';

/** A target's catalog, as the gateway sees it by itself. Asked one thing at a time. */
export interface CatalogReader extends AsyncDisposable {
  /** @returns `previous` itself where nothing is different */
  read(previous: CatalogSnapshot | undefined, signal: AbortSignal): Promise<CatalogSnapshot>;
  /** Whether what was last read is still so. Cheap: a few milliseconds where reading takes a hundred. */
  isUnchanged(signal: AbortSignal): Promise<boolean>;
  /** What the catalog's own bookkeeping said at the last reading: see `catalogState`. */
  readonly state: string;
}

export interface CatalogOptions {
  readonly target: string;
  readonly analyzer: SqlAnalyzer;
  readonly reader: CatalogReader;
  readonly now: () => number;
  /**
   * How long nobody looks whether the catalog was changed elsewhere: the longest time for which a statement is judged by what is not so any
   * more. Looking must not cost the target more than a twentieth of its time: it becomes up to ten times this where that takes long.
   */
  readonly maxAgeMs: number;
  readonly onRead: (snapshot: CatalogSnapshot, tookMs: number) => void;
  /** Until it can be read again no statement is judged. Said once for each look that failed, in the server's words. */
  readonly onUnreadable: (why: string) => void;
  /** A defect to look at: analysis and server disagree. Names columns and labels, never a value. */
  readonly onDoubt: (why: string) => void;
  readonly keeper: LabelKeeper;
  /** Labels followed values into other columns. What waits for this to be told does not run before. */
  readonly onFollowed: (followed: readonly FollowedLabels[], by: FollowedBy | undefined) => Wait;
}

const lookTimeoutMs = 60_000;

/** What the gateway knows of one target's relations, kept fresh. Stale is safe: an unknown relation is never "unlabelled". */
export class TargetCatalog implements AsyncDisposable {
  readonly #options: CatalogOptions;
  #snapshot: CatalogSnapshot | undefined;
  /** Of the server's bookkeeping when that was read. */
  #state: string | undefined;
  /** Grows whenever the schema may have changed through the gateway. */
  changes = 0;
  readonly #labels: TargetLabels;
  #witness = new CatalogWitness(undefined, new Map(), new Map());
  #types = new ColumnTypes(undefined);
  /** Grows whenever catalog or labels change: facts made before are to be made again. */
  epoch = 0;
  /** When the last look that found it to be so began. */
  #checkedAtMs = Number.NEGATIVE_INFINITY;
  #checkTookMs = 0;
  #stale = true;
  #suspect = false;
  #checking: Promise<void> | undefined;
  readonly #closing = new AbortController();

  constructor(options: CatalogOptions) {
    this.#options = options;
    this.#labels = new TargetLabels(options.keeper);
  }

  setLabels(labels: ColumnLabels, version: string): void {
    this.#labels.setBundle(labels, version);
    this.#relabel();
    this.#settle();
  }

  /** Before a statement is released: from now on the columns that it fills carry the labels of what it fills them with. */
  follow(copies: readonly FollowedLabels[], by: FollowedBy): Wait {
    const fresh = this.#labels.follow(copies, by);
    if (fresh.length === 0) return undefined;
    this.#relabel();
    return this.#options.onFollowed(fresh, by);
  }

  /** The schema may have changed: nothing is judged by the old reading any more. */
  invalidate(): void {
    this.changes++;
    this.#stale = true;
  }

  /**
   * A statement that changes the schema is on its way, or its transaction is still open: nothing is judged before somebody has looked. Reading
   * anew would wait for the locks of that transaction, the one that is to end it and all other sessions with it.
   */
  suspect(): void {
    this.changes++;
    this.#suspect = true;
  }

  /** False: what was read may not be so any more. */
  get fresh(): boolean {
    return !this.#stale && !this.#suspect && this.ageMs <= this.mayAgeMs;
  }

  /** Since it was last seen to be so. */
  get ageMs(): number {
    return this.#options.now() - this.#checkedAtMs;
  }

  /** The analysis of one message, if nothing has to be waited for. */
  known(request: Omit<SqlRequest, 'target'>): SqlAnalysis | undefined {
    if (!this.fresh) return undefined;
    // In good time, so that a busy session never has to wait for it.
    if (this.ageMs > this.mayAgeMs / 2 && !this.#checking) this.#check().catch(() => undefined);
    return this.knownBy(this.name, request);
  }

  /**
   * The analysis of one message by a catalog that is not stale and that knows every relation there is.
   * @throws SallyportError `catalog-unavailable`
   */
  async analyze(request: Omit<SqlRequest, 'target'>, signal: AbortSignal): Promise<SqlAnalysis> {
    const full = { ...request, target: this.#options.target };
    await this.refreshIfStale(signal);
    const { epoch } = this;
    const analysis = await this.#options.analyzer.analyze(full);
    if (!asksAgain(analysis)) return analysis;
    await this.refresh(signal);
    return epoch === this.epoch ? analysis : this.#options.analyzer.analyze(full);
  }

  /** The analysis of a message of COMMIT, ROLLBACK, savepoints and the like, which name nothing that a catalog knows; undefined of any other. */
  async withoutLooking(request: Omit<SqlRequest, 'target'>): Promise<SqlAnalysis | undefined> {
    if (!this.#snapshot) return undefined;
    const analysis = await this.analyzeBy(this.name, request);
    return analysis.ok && analysis.statements.every(({ transaction }) => transaction.verb !== 'none')
      ? analysis
      : undefined;
  }

  // --- what a transaction that has changed the schema sees: see `SessionCatalog` --------------------------------------------------

  get name(): string {
    return this.#options.target;
  }

  get now(): () => number {
    return this.#options.now;
  }

  get labelsVersion(): string {
    return this.#labels.version;
  }

  /** The last reading, if it is of this state of the server's bookkeeping. */
  readAs(state: string): CatalogSnapshot | undefined {
    return state === this.#state ? this.#snapshot : undefined;
  }

  /** @param name under which its messages are analysed */
  keepOwn(name: string, snapshot: CatalogSnapshot): { readonly witness: CatalogWitness; readonly types: ColumnTypes } {
    const { analyzer } = this.#options;
    const labels = this.#labels.over(snapshot, witnessOf(snapshot, this.#labels.all).spread);
    analyzer.setCatalog(name, snapshot);
    analyzer.setLabels(name, labels, this.#labels.version);
    return { witness: witnessOf(snapshot, labels).witness, types: new ColumnTypes(snapshot) };
  }

  forgetOwn(name: string): void {
    this.#options.analyzer.drop(name);
  }

  knownBy(name: string, request: Omit<SqlRequest, 'target'>): SqlAnalysis | undefined {
    const analysis = this.#options.analyzer.known({ ...request, target: name });
    return analysis && !asksAgain(analysis) ? analysis : undefined;
  }

  analyzeBy(name: string, request: Omit<SqlRequest, 'target'>): Promise<SqlAnalysis> {
    return this.#options.analyzer.analyze({ ...request, target: name });
  }

  /** Before a session starts: its first statement should not have to wait, and a target without a catalog has no sessions. */
  async refreshIfStale(signal: AbortSignal): Promise<void> {
    if (!this.fresh) await this.refresh(signal);
  }

  /**
   * Looks now whether anything has changed, and reads it then; callers share one look, but never one that began before they asked.
   * @throws SallyportError `catalog-unavailable`
   */
  async refresh(signal: AbortSignal): Promise<void> {
    const before = this.#checking;
    if (before)
      await orAborted(
        before.catch(() => undefined),
        signal,
      );
    await orAborted(this.#checking && this.#checking !== before ? this.#checking : this.#check(), signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#checking?.catch(() => undefined);
    await this.#options.reader[Symbol.asyncDispose]();
  }

  /** For results that the server does not describe, and for types that it does not explain. */
  get types(): ColumnTypes {
    return this.#types;
  }

  /** Whether a result has to be described before its first row, so that `doubts` can be asked. */
  get wantsDescription(): boolean {
    return this.#witness.watches;
  }

  /**
   * Where the server's description of a result contradicts the analysis: the catalog is stale or the analysis is wrong. Those columns are
   * masked as everything the statement could reach, somebody is told, and the catalog is read again before the next statement is judged.
   */
  doubts(facts: CommandFacts, fields: readonly PgField[], witness = this.#witness): Doubts | undefined {
    const doubts = witness.doubts(facts, fields);
    if (!doubts) return undefined;
    this.invalidate();
    for (const [i, { why }] of doubts) this.#options.onDoubt(`output column ${i + 1} is not what was judged: ${why}`);
    return doubts;
  }

  /** How long what was seen counts as so. */
  get mayAgeMs(): number {
    const { maxAgeMs } = this.#options;
    return Math.min(10 * maxAgeMs, Math.max(maxAgeMs, 20 * this.#checkTookMs));
  }

  #check(): Promise<void> {
    const checking = this.#look().finally(() => {
      if (this.#checking === checking) this.#checking = undefined;
    });
    return (this.#checking = checking);
  }

  /** Belongs to nobody: whoever waits for it may give up, and the others go on. */
  async #look(): Promise<void> {
    const { reader, target, now } = this.#options;
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(lookTimeoutMs)]);
    const startMs = now();
    const wasStale = this.#stale;
    this.#stale = this.#suspect = false;
    try {
      if (wasStale || !(await reader.isUnchanged(signal))) await this.#read(signal);
      else this.#checkTookMs = now() - startMs;
      this.#checkedAtMs = startMs;
    } catch (error) {
      this.#stale ||= wasStale;
      this.#suspect = true;
      if (!this.#closing.signal.aborted)
        this.#options.onUnreadable(error instanceof Error ? error.message : String(error));
      if (error instanceof SallyportError && error.code !== 'catalog-unavailable')
        throw new SallyportError('catalog-unavailable', `the catalog of ${target} cannot be read: ${error.message}`, {
          cause: error,
        });
      throw error;
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { reader, analyzer, target, now, onRead } = this.#options;
    const startMs = now();
    const snapshot = await reader.read(this.#snapshot, signal);
    this.#state = reader.state;
    if (snapshot.version !== this.#snapshot?.version) {
      this.#snapshot = snapshot;
      this.#types = new ColumnTypes(snapshot);
      analyzer.setCatalog(target, snapshot);
      this.#settle();
    }
    onRead(snapshot, now() - startMs);
  }

  #relabel(): void {
    this.#options.analyzer.setLabels(this.#options.target, this.#labels.all, this.#labels.version);
    this.#index();
  }

  /** Whatever was renamed since the last reading keeps its labels. */
  #settle(): void {
    const spread = this.#index();
    if (!this.#snapshot) return;
    const fresh = this.#labels.settle(this.#snapshot, spread);
    if (fresh.length === 0) return;
    this.#relabel();
    // The log itself says when it cannot be written, and nothing runs then.
    this.#options.onFollowed(fresh, undefined)?.catch(() => undefined);
  }

  #index(): SpreadLabels {
    this.epoch++;
    const { witness, spread } = witnessOf(this.#snapshot, this.#labels.all);
    this.#witness = witness;
    return spread;
  }
}

function witnessOf(
  snapshot: CatalogSnapshot | undefined,
  labels: ColumnLabels,
): { readonly witness: CatalogWitness; readonly spread: SpreadLabels } {
  const lean = snapshot && leanCatalog(snapshot);
  const spread: SpreadLabels = lean ? spreadLabels(lean, labels) : new Map();
  return { witness: new CatalogWitness(snapshot, spread, lean ? spreadPaths(lean, labels) : new Map()), spread };
}

/** The same promise, given up when the signal says so. */
async function orAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  try {
    await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/**
 * What is worth another look at the catalog before the answer is used: unknown relations, and labelled columns in COPY, whose places
 * no RowDescription confirms.
 */
export function asksAgain(analysis: SqlAnalysis): boolean {
  if (!analysis.ok) return false;
  return analysis.statements.some(
    ({ unknownRelations, copyLayout, command }) =>
      unknownRelations.length > 0 || (copyLayout && command.output.some((column) => column.labels.length > 0)),
  );
}
