import type { ApprovalFact, Entrypoint } from '../../contract/command.ts';
import type { Decision } from '../../contract/decision.ts';
import type { ErrorCode } from '../../contract/errors.ts';
import type { RequestId } from '../../contract/ids.ts';
import type { Manifest } from '../bundle/manifest.ts';
import type { Candidate } from '../trial.ts';

/** What a thread is made with. */
export interface ThreadData {
  readonly candidates: readonly Candidate[];
  readonly nowMs: number;
  /** An evaluation that takes longer, in CPU time, is the thread's last. */
  readonly maxEvaluationMs: number;
  /** One Int32: counts evaluations that have begun. Whoever waits sees whether the thread gets on. */
  readonly progress: SharedArrayBuffer;
}

/** One input to evaluate, as JSON. */
export interface Question {
  readonly entrypoint: Entrypoint;
  readonly requestId: RequestId;
  readonly input: string;
  readonly approval: ApprovalFact | undefined;
}

/** What bundles turned out to be, once they could judge. */
export interface Opened {
  readonly revision: string;
  readonly expiresAtMs: number;
  /** Which paths of the input each decision reads. */
  readonly reads: Manifest['metadata']['reads'];
  readonly labelsVersion: string;
  /** Labelled columns of the targets. */
  readonly columns: readonly (readonly [
    target: string,
    readonly (readonly [column: string, labels: readonly string[]])[],
  ])[];
}

export type FromThread =
  | { readonly kind: 'opened'; readonly opened: Opened }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly reason: string }
  /** `answers`: JSON of a decision for each question, in their order; shorter where the thread had to stop. */
  | {
      readonly kind: 'answers';
      readonly answers: readonly string[];
      readonly cpuMs: number;
      /** What the engine failed with, beside what its decisions say. */
      readonly faults: readonly string[];
      /** Of an evaluation that took too long, in milliseconds. */
      readonly tooLongMs?: number;
    };

export type ToThread = readonly Question[];

/** A decision that came as JSON from our own thread. */
export function decisionFrom(json: string): Decision {
  return JSON.parse(json) as Decision; // `worker.ts` wrote it from one
}
