import type { Decided, Witness } from '../../contract/decided.ts';
import { type ErrorCode, SallyportError } from '../../contract/errors.ts';
import type { Clock } from '../../contract/ports.ts';
import { digestOf, type Archives, Gathering, type NamedSource } from '../gathering.ts';
import type { OpenPolicy } from '../interface.ts';
import { ShadowJudge, type Judgement } from './judge.ts';
import { type LabelChange, labelChanges } from './label-changes.ts';
import { type ShadowCounts, type ShadowOutcome, ShadowTally } from './report.ts';
import { Samples } from './samples.ts';
import { TrialThread } from './thread.ts';

export interface ShadowOptions {
  /** One bundle, or several that are tried together. */
  readonly sources: readonly NamedSource[];
  readonly clock: Clock;
  /** Samples that may wait, at most. */
  readonly maxWaiting: number;
  /** The part of a processor that judging may take in its own thread, and of the gateway's time that asking it may: 0.1 is a tenth. */
  readonly share: number;
  /** The policy that decides. */
  readonly inForce: Pick<OpenPolicy, 'revision' | 'labelsVersion' | 'columnLabels'>;
  /** Whose columns are compared. */
  readonly targets: readonly string[];
  /** Told of its bundles, and of nothing that the audit log would have: nothing takes effect here. */
  readonly onEvent: (event: ShadowEvent) => void;
  readonly count: (outcome: ShadowOutcome) => void;
  readonly took: (seconds: number) => void;
  /** One evaluation that takes longer than this, in CPU time, ends the trial of its bundle. 250 ms unless told. */
  readonly maxEvaluationMs?: number;
  /** Its thread is ended after so long without a sign of life. 30 s unless told. */
  readonly maxSilenceMs?: number;
}

export type ShadowEvent =
  | { readonly type: 'bundle.activated'; readonly revision: string }
  | { readonly type: 'bundle.refused'; readonly code: ErrorCode; readonly reason: string }
  /** The first of its kind. */
  | {
      readonly type: 'shadow.differs';
      readonly decided: Decided;
      readonly to: string;
      readonly what: readonly string[];
    }
  | { readonly type: 'shadow.stopped'; readonly why: string }
  | { readonly type: 'shadow.failed'; readonly error: unknown };

export interface ShadowReport {
  /** `waiting`: there is no bundle yet. `stopped`: this bundle is judged by no more. */
  readonly state: 'waiting' | 'judging' | 'stopped';
  readonly revision: string;
  /** The bundle in force, to which it is compared. */
  readonly against: string;
  /** Labels or columns are another set: facts carry those of the bundle in force, so what other columns would do is not seen. */
  readonly labels_differ: boolean;
  /** Columns of the targets that are labelled otherwise, as many as groups at most. */
  readonly label_changes: readonly LabelChange[];
  /** Why the newest bundle found is not the one that judges; empty when it is. */
  readonly refused: string;
  readonly stopped: string;
  readonly counts: ShadowCounts;
}

export interface Shadow extends AsyncDisposable {
  /** Takes a sample and returns at once. */
  readonly witness: Witness;
  /** @param maxGroups listed, the most frequent first */
  report(maxGroups: number): ShadowReport;
}

/**
 * A second policy judges what the first one has decided, and nothing comes of it but a report. It has its own bundles, engine, memory and
 * thread; whatever it does, throws or lacks, the decision was made, recorded and is acted on before it is asked.
 */
export function openShadow(options: ShadowOptions): Shadow {
  return new RunningShadow(options);
}

const maxFaults = 20;
const defaultEvaluationMs = 250;
const defaultSilenceMs = 30_000;

class RunningShadow implements Shadow {
  readonly witness: Witness;
  readonly #options: ShadowOptions;
  readonly #gathering: Gathering;
  readonly #samples: Samples;
  readonly #closing = new AbortController();
  readonly #following: Promise<unknown>;
  #looking: Promise<void> = Promise.resolve();
  #trial: TrialThread | undefined;
  #judge: ShadowJudge | undefined;
  #tally: ShadowTally;
  #pair = '';
  /** Of the bundles that judge, and of those that were tried last: the same again is no news. */
  #judging = '';
  #tried = '';
  #refusedSource = '';
  #refusedBundles = '';
  #stopped = '';
  readonly #faults = new Set<string>();

  constructor(options: ShadowOptions) {
    this.#options = options;
    this.#gathering = new Gathering(options.sources);
    this.#tally = new ShadowTally(options.clock.now());
    this.#samples = new Samples({
      maxWaiting: options.maxWaiting,
      share: options.share,
      judge: (decided) => this.#ask(decided),
      took: (ms) => this.#took(ms / 1_000),
    });
    this.witness = (decided) => {
      if (!this.#judge) return;
      if (this.#stopped !== '' || !this.#samples.offer(decided)) this.#drop();
    };
    this.#following = Promise.all(options.sources.map((source) => this.#follow(source)));
  }

  report(maxGroups: number): ShadowReport {
    const opened = this.#trial?.opened;
    const { inForce, targets } = this.#options;
    const changes = opened ? labelChanges(targets, (target) => inForce.columnLabels(target), opened.columns) : [];
    return {
      state: opened === undefined ? 'waiting' : this.#stopped === '' ? 'judging' : 'stopped',
      revision: opened?.revision ?? '',
      against: inForce.revision(),
      labels_differ: opened !== undefined && opened.labelsVersion !== inForce.labelsVersion(),
      label_changes: changes.slice(0, maxGroups),
      refused: this.#refusedBundles || this.#refusedSource,
      stopped: this.#stopped,
      counts: this.#tally.counts(maxGroups),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#samples[Symbol.dispose]();
    await this.#following;
    await this.#trial?.[Symbol.asyncDispose]();
  }

  async #follow(source: NamedSource): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      this.#looking = this.#looking.then(() => this.#look(source));
      await this.#looking;
      if (!signal.aborted) await source.source.wait(signal);
    }
  }

  /** Never rejects: whatever is wrong with a bundle is said. */
  async #look(source: NamedSource): Promise<void> {
    const { signal } = this.#closing;
    await this.#gathering.look([source], () => this.#options.clock.now(), signal);
    if (signal.aborted) return;
    const trouble = this.#gathering.trouble();
    const reason = trouble?.message ?? '';
    if (trouble && reason !== this.#refusedSource) this.#refuse(trouble);
    this.#refusedSource = reason;
    const archives = this.#gathering.archives();
    if (archives === undefined) return;
    const digest = digestOf(archives);
    if (digest === this.#tried) return;
    this.#tried = digest;
    if (digest === this.#judging) {
      this.#refusedBundles = ''; // back to what judges
      return;
    }
    try {
      const trial = await this.#open(archives, signal);
      await this.#trial?.[Symbol.asyncDispose]();
      this.#judging = digest;
      this.#renew(trial);
    } catch (error) {
      if (signal.aborted) return;
      const refusal = error instanceof SallyportError ? error : new SallyportError('engine-failed', String(error));
      this.#refusedBundles = refusal.message;
      this.#refuse(refusal);
    }
  }

  #open(archives: Archives, signal: AbortSignal): Promise<TrialThread> {
    const { sources, clock, maxWaiting, share } = this.#options;
    const { maxEvaluationMs = defaultEvaluationMs, maxSilenceMs = defaultSilenceMs } = this.#options;
    const candidates = sources.flatMap(({ name, keys, roots }) => {
      const archive = archives.get(name)?.archive;
      // Nothing takes effect here, so an older bundle may be tried as well.
      return archive === undefined ? [] : [{ name, archive, keys, roots, minSequence: 0 }];
    });
    return TrialThread.open(
      {
        candidates,
        nowMs: clock.now(),
        maxWaiting,
        share,
        maxEvaluationMs,
        maxSilenceMs,
        took: (seconds) => this.#took(seconds),
        fault: (what) => this.#fault(what),
        stopped: (why) => this.#stop(why),
      },
      signal,
    );
  }

  #refuse({ code, message: reason }: SallyportError): void {
    this.#options.onEvent({ type: 'bundle.refused', code, reason });
  }

  /** Another bundle: what waits is for the one before, and its trial starts afresh. */
  #renew(trial: TrialThread): void {
    this.#trial = trial;
    this.#judge = new ShadowJudge(trial);
    this.#refusedBundles = '';
    this.#stopped = '';
    this.#faults.clear();
    this.#samples.clear();
    this.#startTally('');
    this.#options.onEvent({ type: 'bundle.activated', revision: trial.opened.revision });
  }

  #startTally(pair: string): void {
    this.#pair = pair;
    this.#tally = new ShadowTally(this.#options.clock.now());
  }

  #ask(decided: Decided): void {
    const judge = this.#judge;
    if (!judge || this.#stopped !== '') return this.#drop();
    // Counts of two policies in force would say nothing about either.
    if (this.#pair !== '' && this.#pair !== decided.decision.revision) this.#startTally(decided.decision.revision);
    this.#pair = decided.decision.revision;
    const tally = this.#tally;
    const judged = (judgement: Judgement | undefined) => this.#count(tally, decided, judgement);
    try {
      if (!judge.judge(decided, judged)) this.#drop();
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error));
    }
  }

  /** @param tally of the pair that the question was asked for: its answer may come when there is another */
  #count(tally: ShadowTally, decided: Decided, judgement: Judgement | undefined): void {
    if (tally !== this.#tally) return;
    if (judgement === undefined) return this.#drop();
    if (!judgement.ok) return this.#fail(judgement.why);
    const { decision, change } = judgement;
    this.#options.count(change.direction);
    if (!tally.compared(decided, decision, change)) return;
    const what = [...change.loosened, ...change.tightened];
    this.#options.onEvent({ type: 'shadow.differs', decided, to: decision.effect, what });
  }

  #stop(why: string): void {
    this.#stopped = `${why}; it is judged by no more`;
    this.#options.onEvent({ type: 'shadow.stopped', why: this.#stopped });
  }

  #took(seconds: number): void {
    this.#tally.took(seconds);
    this.#options.took(seconds);
  }

  #drop(): void {
    this.#tally.dropped();
    this.#options.count('dropped');
  }

  #fail(why: string): void {
    this.#tally.failed(why);
    this.#options.count('failed');
    this.#fault(why);
  }

  /** Each kind of trouble is told of once for each bundle. */
  #fault(what: string): void {
    if (this.#faults.has(what) || this.#faults.size >= maxFaults) return;
    this.#faults.add(what);
    this.#options.onEvent({ type: 'shadow.failed', error: new Error(what) });
  }
}
