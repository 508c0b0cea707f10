import type { FollowedBy, FollowedLabels } from '../../../contract/followed.ts';
import type { Wait } from '../../../contract/wait.ts';
import type { CatalogSnapshot, CommandFacts, SqlAnalysis, SqlRequest } from '../../../facts/sql/index.ts';
import type { PgField } from '../codec/backend.ts';
import { asksAgain, type TargetCatalog } from './catalog.ts';
import { readWithin, type AskOwn, type ReadWithin, type StateWithin } from './within.ts';
import type { ColumnTypes } from './types.ts';
import type { CatalogWitness, Doubts } from './witness.ts';

type Text = Omit<SqlRequest, 'target'>;

/** What a session's own transaction sees of the catalog. */
interface Own {
  readonly snapshot: CatalogSnapshot;
  readonly state: StateWithin;
  readonly witness: CatalogWitness;
  readonly types: ColumnTypes;
  readonly labelsVersion: string;
  /** Below zero: none of the target's is. */
  readonly epoch: number;
}

/** Of all sessions: each reading within a transaction has a number of its own. */
let readings = 0;

/**
 * The catalog as one session's statements meet it. That is the target's, but in a transaction that has changed the schema: nobody but its own
 * connection can see how, so it is asked there, before each statement that follows a change.
 */
export class SessionCatalog implements Disposable {
  readonly #target: TargetCatalog;
  readonly #name: string;
  #own: Own | undefined;
  /** The open transaction may have changed the schema. */
  #changed = false;
  /** Why the catalog cannot be asked within this transaction. */
  #unable = false;
  /** The session has done something since that may have changed it, or taken a change back. */
  #unsettled = true;
  #checkedAtMs = 0;
  #changesSeen = 0;

  /** @param session names what is kept for it in the analyzer */
  constructor(target: TargetCatalog, session: string) {
    this.#target = target;
    this.#name = `${target.name}\0${session}`;
  }

  [Symbol.dispose](): void {
    this.#drop();
  }

  // --- what the session does ------------------------------------------------------------------------------------------------------

  /** A statement that changes the schema is on its way, or has run. */
  change(): void {
    this.#target.suspect();
    this.#changed = this.#unsettled = true;
  }

  /** A savepoint was made, or gone back to: changes may be taken back. */
  unsettle(): void {
    this.#unsettled = true;
  }

  /** No transaction is open any more: what it has changed, all see or none. */
  end(): void {
    if (!this.#changed) return;
    this.#target.invalidate();
    this.#drop();
  }

  #drop(): void {
    this.#changed = this.#unable = false;
    if (this.#own) this.#target.forgetOwn(this.#name);
    this.#own = undefined;
  }

  // --- what it sees ---------------------------------------------------------------------------------------------------------------

  /** Grows or changes whenever catalog or labels do, or the session goes from the one to the other. */
  get epoch(): number {
    return this.#own?.epoch ?? this.#target.epoch;
  }

  get fresh(): boolean {
    return this.#within ? this.#settled : this.#target.fresh;
  }

  /** The schema may have been changed in the open transaction. */
  get changed(): boolean {
    return this.#changed;
  }

  /** It was, and nobody has seen how. */
  get unseen(): boolean {
    return this.#changed && !(this.#within && this.#settled);
  }

  /** The catalog is asked within the transaction. Where nothing is labelled there is nothing to find out. */
  get #within(): boolean {
    return this.#changed && !this.#unable && this.#target.wantsDescription;
  }

  get #settled(): boolean {
    const { changes, labelsVersion, now, mayAgeMs } = this.#target;
    const { labelsVersion: by } = this.#own ?? {};
    return (
      by === labelsVersion && !this.#unsettled && this.#changesSeen === changes && now() - this.#checkedAtMs <= mayAgeMs
    );
  }

  get types(): ColumnTypes {
    return this.#own?.types ?? this.#target.types;
  }

  get wantsDescription(): boolean {
    return this.#own?.witness.watches ?? this.#target.wantsDescription;
  }

  doubts(facts: CommandFacts, fields: readonly PgField[]): Doubts | undefined {
    const doubts = this.#target.doubts(facts, fields, this.#own?.witness);
    if (doubts) this.#unsettled = true;
    return doubts;
  }

  follow(copies: readonly FollowedLabels[], by: FollowedBy): Wait {
    return this.#target.follow(copies, by);
  }

  /** The analysis of one message, if nothing has to be waited for. */
  known(text: Text): SqlAnalysis | undefined {
    if (!this.#within) return this.#target.known(text);
    return this.#settled ? this.#target.knownBy(this.#name, text) : undefined;
  }

  /**
   * The analysis of one message.
   * @param ask asks over the session's own connection; undefined where it cannot be asked now: its transaction has failed
   * @throws SallyportError `catalog-unavailable`
   */
  async analyze(text: Text, signal: AbortSignal, ask: AskOwn | undefined): Promise<SqlAnalysis> {
    if (!this.fresh) {
      // Who cannot end a transaction keeps the very locks behind which the catalog cannot be read.
      const asRead = await this.#target.withoutLooking(text);
      if (asRead) return asRead;
    }
    if (!this.#within || !ask) return this.#target.analyze(text, signal);
    const looked = !this.#settled;
    if (looked) await this.#look(ask);
    const analysis = await this.#analyzed(text, signal);
    if (looked || !asksAgain(analysis)) return analysis;
    await this.#look(ask);
    return this.#analyzed(text, signal);
  }

  #analyzed(text: Text, signal: AbortSignal): Promise<SqlAnalysis> {
    return this.#own ? this.#target.analyzeBy(this.#name, text) : this.#target.analyze(text, signal);
  }

  /** One reading at a time: the session waits for it. */
  async #look(ask: AskOwn): Promise<void> {
    const target = this.#target;
    const { changes } = target;
    const atMs = target.now();
    const read = await readWithin(
      ask,
      (state) => this.#keeps(state),
      () => ++readings,
    );
    this.#unable = !read;
    if (!read) return;
    this.#settle(read);
    this.#unsettled = false;
    this.#checkedAtMs = atMs;
    this.#changesSeen = changes;
  }

  /** What was read already, where it is so still. A place in a table may be used again after a change was taken back: then it is read anew. */
  #keeps(state: StateWithin): CatalogSnapshot | undefined {
    if (this.#own?.state.all === state.all && !this.#unsettled) return this.#own.snapshot;
    return state.temporary ? undefined : this.#target.readAs(state.shared);
  }

  #settle({ snapshot, state }: ReadWithin): void {
    const { labelsVersion } = this.#target;
    if (this.#own?.snapshot === snapshot && this.#own.labelsVersion === labelsVersion) {
      this.#own = { ...this.#own, state };
      return;
    }
    const seen = this.#target.keepOwn(this.#name, snapshot);
    this.#own = { snapshot, state, ...seen, labelsVersion, epoch: -++readings };
  }
}
