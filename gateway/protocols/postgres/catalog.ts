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
}

/** What the gateway knows of one target's relations, kept fresh. Stale is safe: an unknown relation is never "unlabelled". */
export class TargetCatalog {
  readonly #options: CatalogOptions;
  #snapshot: CatalogSnapshot | undefined;
  #labels: ColumnLabels = new Map();
  #columns = new Map<string, { readonly oid: number; readonly attnum: number }>();
  /** By table OID and attribute number; only tables that have labels. */
  #labelled = new Map<number, Map<number, readonly string[]>>();
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

  /**
   * RowDescription as the second witness: for a plain column it names table and attribute. Where it contradicts facts that claim to be
   * complete, the catalog is stale or the analysis is wrong, and nothing of the result may pass.
   * @returns what does not fit, or undefined
   */
  contradiction({ analysis, output }: CommandFacts, fields: readonly PgField[]): string | undefined {
    if (!analysis.complete) return undefined;
    for (const [i, field] of fields.entries()) {
      const labels = this.#labelled.get(field.tableOid)?.get(field.attnum);
      const missed = labels?.find((label) => !output[i]?.labels.includes(label));
      if (missed !== undefined) return `column ${i + 1} carries ${missed} by the server's word and not by the analysis`;
      const fact = output[i];
      if (!fact || fact.labels.length === 0 || fact.transform !== 'plain' || field.tableOid === 0) continue;
      const known = this.#columns.get(fact.sources[0] ?? '');
      if (known && (known.oid !== field.tableOid || known.attnum !== field.attnum))
        return `column ${i + 1} does not come from ${fact.sources[0]}`;
    }
    return undefined;
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

  /** Where each column stands by the server's numbering; labels follow inheritance by the facts, here by name alone. */
  #index(): void {
    this.epoch++;
    this.#columns = new Map();
    this.#labelled = new Map();
    for (const relation of this.#snapshot?.relations ?? []) {
      if (relation.kind === 'catalog') continue;
      for (const column of relation.columns) {
        const name = `${relation.schema}.${relation.name}.${column.name}`;
        this.#columns.set(name, { oid: relation.oid, attnum: column.attnum });
        const labels = this.#labels.get(name);
        if (!labels) continue;
        const table = this.#labelled.get(relation.oid) ?? new Map<number, readonly string[]>();
        this.#labelled.set(relation.oid, table.set(column.attnum, labels));
      }
    }
  }
}

function hasUnknown(analysis: SqlAnalysis): boolean {
  return analysis.ok && analysis.statements.some((s) => s.unknownRelations.length > 0);
}
