import type { ApprovalFact, Command, SessionFacts } from './command.ts';
import type { ApprovalTerms, Decision, MaskMethod } from './decision.ts';
import type { AuditEvent, Durability } from './event.ts';
import type { CommandTexts } from './exchange.ts';
import type { HoldId, RequestId, SessionId } from './ids.ts';
import type { CellMask, ValueShape } from './mask.ts';
import type { Client, Principal, Target } from './principal.ts';
import type { Outcome, ResultPart, Sent } from './result.ts';
import type { Wait } from './wait.ts';

/** What is fixed for a session's life. */
export interface SessionFrame {
  readonly id: SessionId;
  readonly principal: Principal;
  readonly target: Target;
  readonly client: Client;
  readonly startedAtMs: number;
}

/** Policy, in process. */
export interface Policy {
  /** Parses the frame into the engine's memory once. Stays valid across bundle reloads. */
  openSession(frame: SessionFrame): PolicySession;
}
export interface PolicySession extends Disposable {
  /**
   * Never throws: whatever goes wrong inside comes back as a deny that says so.
   * @param key names the command's facts for the decision cache: equal keys promise equal `command` but for `params`, `transaction` and `batch`
   */
  decide(command: Command, key: string, requestId: RequestId, session: SessionFacts, approval?: ApprovalFact): Decision;
  /** `input.now.unix_ms` of the last decision. */
  readonly minuteMs: number;
}

/** The audit log. */
export interface Audit {
  /** @throws when the entry cannot be written; then nothing may run. */
  append(event: AuditEvent, durability: Durability): Wait;
}

/** The recording of one session. Nothing runs unrecorded: any method may throw, and then nothing does. */
export interface Recorder {
  command(entry: RecordedCommand): void;
  /** After obligations. The promise, if any, is back-pressure of the bounded queue. */
  result(requestId: RequestId, part: ResultPart): Wait;
  /** A command is over. */
  end(requestId: RequestId, outcome: Outcome, sent: Sent): void;
  hold(
    requestId: RequestId,
    what: { readonly id: HoldId; readonly resolution?: string; readonly by?: readonly string[] },
  ): void;
  close(reason: string): Promise<void>;
}
export interface RecordedCommand extends CommandTexts {
  readonly requestId: RequestId;
  readonly action: string;
  readonly decision: Decision;
  /** Equal keys promise equal `facts`. */
  readonly key: string;
  readonly around: DecidedAround;
}
/** What policy went by beside the command and the frame: with the three, a decision can be computed again. */
export interface DecidedAround {
  readonly session: SessionFacts;
  /** `input.now.unix_ms`. */
  readonly minuteMs: number;
  readonly approval: ApprovalFact | undefined;
}
export interface Recordings {
  /** @throws when the recording cannot be created; then the session does not start. */
  open(frame: SessionFrame): Promise<Recorder>;
}

/** Humans. */
export interface Approvals {
  /** Registers a hold. It is stored before this resolves. */
  open(request: HoldRequest): Promise<OpenHold>;
}
export interface HoldRequest {
  readonly frame: SessionFrame;
  readonly requestId: RequestId;
  readonly commands: readonly Command[];
  /** What the approver sees, one for each command. */
  readonly texts: readonly string[];
  /** SHA-256 hex over principal, target, statements, parameters and policy revision: what the approval is bound to. */
  readonly digest: string;
  readonly terms: ApprovalTerms;
  readonly messages: readonly string[];
  readonly revision: string;
}
export interface OpenHold {
  readonly id: HoldId;
  readonly expiresAtMs: number;
  /** Resolves once. An abort of `signal` cancels the hold. */
  resolution(signal: AbortSignal): Promise<HoldResolution>;
}
export type HoldResolution =
  | { readonly outcome: 'approved'; readonly fact: ApprovalFact; readonly digest: string; readonly reason: string }
  | { readonly outcome: 'refused' | 'expired' | 'cancelled'; readonly by: readonly string[]; readonly reason: string };

/** Masking functions with the gateway's keys inside. */
export interface Masks {
  cellMask(method: MaskMethod, label: string, shape: ValueShape): CellMask;
}

/** Tells somebody. Never blocks and never fails a command. */
export interface Notify {
  send(channel: string, event: AuditEvent): void;
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}
