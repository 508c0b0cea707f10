import { SallyportError } from '../../contract/errors.ts';
import type {
  CatalogSnapshot,
  ColumnLabels,
  CommandFacts,
  SqlAnalysis,
  SqlAnalyzer,
  SqlRequest,
} from '../../facts/sql/index.ts';
import type { PgField } from './backend.ts';
import { CatalogWitness, type Doubts } from './catalog-witness.ts';

/** Reads a target's catalog over a connection of the gateway's own. */
export type CatalogReader = (previous: CatalogSnapshot | undefined, signal: AbortSignal) => Promise<CatalogSnapshot>;

export interface CatalogOptions {
  readonly target: string;
  readonly analyzer: SqlAnalyzer;
  readonly read: CatalogReader;
  readonly now: () => number;
  /** Read again when older than this, for changes made elsewhere. */
  readonly maxAgeMs: number;
  /** A relation nobody has heard of makes the catalog be read again, but not more often than this. */
  readonly minIntervalMs: number;
  readonly onRead: (snapshot: CatalogSnapshot, tookMs: number) => void;
  /** A defect to look at: analysis and server disagree. Names columns and labels, never a value. */
  readonly onDoubt: (why: string) => void;
}

/** What the gateway knows of one target's relations, kept fresh. Stale is safe: an unknown relation is never "unlabelled". */
export class TargetCatalog {
  readonly #options: CatalogOptions;
  #snapshot: CatalogSnapshot | undefined;
  #labels: ColumnLabels = new Map();
  #witness = new CatalogWitness(undefined, new Map());
  /** Grows whenever catalog or labels change: facts made before are to be made again. */
  epoch = 0;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #stale = true;
  #reading: Promise<void> | undefined;

  constructor(options: CatalogOptions) {
    this.#options = options;
  }

  setLabels(labels: ColumnLabels, version: string): void {
    this.#labels = labels;
    this.#options.analyzer.setLabels(this.#options.target, labels, version);
    this.#index();
  }

  /** The schema changes or may have changed: nothing is judged by the old reading any more. */
  invalidate(): void {
    this.#stale = true;
  }

  /** False: what was read may not be so any more. */
  get fresh(): boolean {
    return !this.#stale && this.ageMs <= this.#options.maxAgeMs;
  }

  get ageMs(): number {
    return this.#options.now() - this.#readAtMs;
  }

  /** The analysis of one message, if nothing has to be waited for. */
  known(request: Omit<SqlRequest, 'target'>): SqlAnalysis | undefined {
    if (!this.fresh) return undefined;
    const analysis = this.#options.analyzer.known({ ...request, target: this.#options.target });
    // Unknown relations are worth another look at the catalog before the answer is used again.
    return analysis && (!hasUnknown(analysis) || !this.#mayReadAgain()) ? analysis : undefined;
  }

  /**
   * The analysis of one message by a catalog that is not stale and that knows every relation there is.
   * @throws SallyportError `catalog-unavailable`
   */
  async analyze(request: Omit<SqlRequest, 'target'>, signal: AbortSignal): Promise<SqlAnalysis> {
    await this.refreshIfStale(signal);
    const full = { ...request, target: this.#options.target };
    const analysis = await this.#options.analyzer.analyze(full);
    if (!hasUnknown(analysis) || !this.#mayReadAgain()) return analysis;
    await this.refresh(signal);
    return this.#options.analyzer.analyze(full);
  }

  /** Before a session starts: its first statement should not have to wait, and a target without a catalog has no sessions. */
  async refreshIfStale(signal: AbortSignal): Promise<void> {
    if (!this.fresh) await this.refresh(signal);
  }

  /** Reads the catalog now; callers share one reading, but never one that began before they asked. */
  async refresh(signal: AbortSignal): Promise<void> {
    const before = this.#reading;
    if (before) await before.catch(() => undefined);
    if (this.#reading === before || !this.#reading) {
      this.#reading = this.#read(signal).finally(() => {
        this.#reading = undefined;
      });
    }
    await this.#reading;
  }

  /** Whether a result has to be described before its first row, so that `doubts` can be asked. */
  get wantsDescription(): boolean {
    return this.#witness.watches;
  }

  /**
   * Where the server's description of a result contradicts the analysis: the catalog is stale or the analysis is wrong. Those columns are
   * masked as everything the statement could reach, somebody is told, and the catalog is read again before the next statement is judged.
   */
  doubts(facts: CommandFacts, fields: readonly PgField[]): Doubts | undefined {
    const doubts = this.#witness.doubts(facts, fields);
    if (!doubts) return undefined;
    this.invalidate();
    for (const [i, { why }] of doubts) this.#options.onDoubt(`output column ${i + 1} is not what was judged: ${why}`);
    return doubts;
  }

  #mayReadAgain(): boolean {
    return this.ageMs > this.#options.minIntervalMs;
  }

  async #read(signal: AbortSignal): Promise<void> {
    const { read, analyzer, target, now, onRead } = this.#options;
    const startMs = now();
    this.#stale = false;
    try {
      const snapshot = await read(this.#snapshot, signal);
      if (snapshot.version !== this.#snapshot?.version) {
        this.#snapshot = snapshot;
        analyzer.setCatalog(target, snapshot);
        this.#index();
      }
      this.#readAtMs = now();
      onRead(snapshot, now() - startMs);
    } catch (error) {
      this.#stale = true;
      if (error instanceof SallyportError && error.code !== 'catalog-unavailable')
        throw new SallyportError('catalog-unavailable', `the catalog of ${target} cannot be read: ${error.message}`, {
          cause: error,
        });
      throw error;
    }
  }

  #index(): void {
    this.epoch++;
    this.#witness = new CatalogWitness(this.#snapshot, this.#labels);
  }
}

function hasUnknown(analysis: SqlAnalysis): boolean {
  return analysis.ok && analysis.statements.some((s) => s.unknownRelations.length > 0);
}
