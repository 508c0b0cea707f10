import { setTimeout as sleep } from 'node:timers/promises';
import type { Decided, Witness } from '../../contract/decided.ts';
import type { Clock } from '../../contract/ports.ts';
import type { OpenPolicy, PolicyEvent, PolicyOptions } from '../interface.ts';
import { openPolicy } from '../open.ts';
import { ShadowJudge } from './judge.ts';
import { type ShadowCounts, type ShadowOutcome, ShadowTally } from './report.ts';
import { Samples } from './samples.ts';

export interface ShadowOptions extends Pick<PolicyOptions, 'source' | 'keys' | 'pollMs'> {
  readonly clock: Clock;
  /** Samples that may wait, at most. */
  readonly maxWaiting: number;
  /** The part of the gateway's time that it may take: 0.1 is a tenth. */
  readonly share: number;
  /** The policy that decides. */
  readonly inForce: Pick<OpenPolicy, 'revision' | 'labelsVersion'>;
  /** Told of its bundles, and of nothing that the audit log would have: nothing takes effect here. */
  readonly onEvent: (event: ShadowEvent) => void;
  readonly count: (outcome: ShadowOutcome) => void;
  readonly took: (seconds: number) => void;
  /** One evaluation that takes longer than this, in CPU time, ends the trial of its bundle. 250 ms unless told. */
  readonly maxEvaluationMs?: number;
  /** Between two looks for a first bundle. A second unless told. */
  readonly retryMs?: number;
}

export type ShadowEvent =
  | PolicyEvent
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
  /** Labels of columns are another set: facts carry those of the bundle in force, so what other labels would do is not seen. */
  readonly labels_differ: boolean;
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
 * A second policy judges what the first one has decided, and nothing comes of it but a report. It has its own bundle, engine and memory;
 * whatever it does, throws or lacks, the decision was made, recorded and is acted on before it is asked.
 */
export function openShadow(options: ShadowOptions): Shadow {
  return new RunningShadow(options);
}

const maxFaults = 20;

class RunningShadow implements Shadow {
  readonly witness: Witness;
  readonly #options: ShadowOptions;
  readonly #samples: Samples;
  readonly #closing = new AbortController();
  readonly #following: Promise<void>;
  #policy: OpenPolicy | undefined;
  #judge: ShadowJudge | undefined;
  #tally: ShadowTally;
  #pair = '';
  #refused = '';
  #stopped = '';
  /** The minute as of which the sample that is being judged was decided: it is judged as of then. */
  #asOfMs: number | undefined;
  readonly #faults = new Set<string>();

  constructor(options: ShadowOptions) {
    this.#options = options;
    this.#tally = new ShadowTally(options.clock.now());
    this.#samples = new Samples({
      maxWaiting: options.maxWaiting,
      share: options.share,
      judge: (decided) => this.#judgeOne(decided),
      took: (ms) => {
        this.#tally.took(ms / 1_000);
        options.took(ms / 1_000);
      },
    });
    this.witness = (decided) => {
      if (!this.#judge) return;
      if (this.#stopped !== '' || !this.#samples.offer(decided)) this.#drop();
    };
    this.#following = this.#follow();
  }

  report(maxGroups: number): ShadowReport {
    const policy = this.#policy;
    const { inForce } = this.#options;
    return {
      state: policy === undefined ? 'waiting' : this.#stopped === '' ? 'judging' : 'stopped',
      revision: policy?.revision() ?? '',
      against: inForce.revision(),
      labels_differ: policy !== undefined && policy.labelsVersion() !== inForce.labelsVersion(),
      refused: policy === undefined ? this.#refused : (policy.status().refused?.reason ?? ''),
      stopped: this.#stopped,
      counts: this.#tally.counts(maxGroups),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#samples[Symbol.dispose]();
    // A look that is still asking a server ends by itself, and what it finds is closed then.
    if (this.#policy) await this.#following;
    this.#judge?.[Symbol.dispose]();
    await this.#policy?.[Symbol.asyncDispose]();
  }

  /** Until there is a first bundle; from then on the policy room looks for newer ones itself. */
  async #follow(): Promise<void> {
    const { signal } = this.#closing;
    const { source, keys, pollMs, clock, retryMs = 1_000 } = this.#options;
    while (!signal.aborted) {
      try {
        const policy = await openPolicy({
          source,
          keys,
          clock: { now: () => this.#asOfMs ?? clock.now() },
          onEvent: (event) => this.#said(event),
          onFault: (error) => this.#fault(error),
          ...(pollMs !== undefined && { pollMs }),
        });
        if (signal.aborted) return await policy[Symbol.asyncDispose]();
        policy.onChange(() => this.#renew());
        this.#policy = policy;
        this.#judge = new ShadowJudge(policy.policy);
        this.#renew();
        return;
      } catch {
        // onEvent was told why
        await sleep(retryMs, undefined, { signal, ref: false }).catch(() => undefined);
      }
    }
  }

  #said(event: PolicyEvent): undefined {
    const reason = event.type === 'bundle.refused' ? event.reason : '';
    const news = event.type === 'bundle.activated' || reason !== this.#refused;
    this.#refused = reason;
    if (news) this.#options.onEvent(event);
    return undefined;
  }

  /** Another bundle: what waits is for the one before, and its trial starts afresh. */
  #renew(): void {
    this.#stopped = '';
    this.#faults.clear();
    this.#samples.clear();
    this.#startTally('');
  }

  #startTally(pair: string): void {
    this.#pair = pair;
    this.#tally = new ShadowTally(this.#options.clock.now());
  }

  #judgeOne(decided: Decided): void {
    const { onEvent, count } = this.#options;
    const judge = this.#judge;
    if (!judge || this.#stopped !== '') return this.#drop();
    // Counts of two policies in force would say nothing about either.
    if (this.#pair !== '' && this.#pair !== decided.decision.revision) this.#startTally(decided.decision.revision);
    this.#pair = decided.decision.revision;
    const [startMs, cpu] = [performance.now(), process.threadCpuUsage()];
    try {
      this.#asOfMs = decided.around.minuteMs;
      const judged = judge.judge(decided);
      if (!judged.ok) return this.#fail(judged.why);
      const { decision, change } = judged;
      count(change.direction);
      if (!this.#tally.compared(decided, decision, change)) return;
      onEvent({
        type: 'shadow.differs',
        decided,
        to: decision.effect,
        what: [...change.loosened, ...change.tightened],
      });
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error));
      this.#fault(error);
    } finally {
      this.#asOfMs = undefined;
      this.#stopIfSlow(performance.now() - startMs, cpu);
    }
  }

  /** FLAW: nothing can interrupt an evaluation, and meanwhile nobody's command goes on. A bundle does that once (docs/design/decisions.md). */
  #stopIfSlow(tookMs: number, before: NodeJS.CpuUsage): void {
    const { maxEvaluationMs = 250, onEvent } = this.#options;
    if (tookMs <= maxEvaluationMs) return;
    const { user, system } = process.threadCpuUsage(before);
    const cpuMs = (user + system) / 1_000;
    if (cpuMs <= maxEvaluationMs) return; // the machine was busy with something else
    this.#stopped = `one evaluation took ${cpuMs.toFixed(0)} ms, more than ${maxEvaluationMs}; it is judged by no more`;
    onEvent({ type: 'shadow.stopped', why: this.#stopped });
  }

  #drop(): void {
    this.#tally.dropped();
    this.#options.count('dropped');
  }

  #fail(why: string): void {
    this.#tally.failed(why);
    this.#options.count('failed');
    this.#fault(new Error(why));
  }

  /** Each kind of trouble is told of once for each bundle. */
  #fault(error: unknown): void {
    const what = String(error);
    if (this.#faults.has(what) || this.#faults.size >= maxFaults) return;
    this.#faults.add(what);
    this.#options.onEvent({ type: 'shadow.failed', error });
  }
}
