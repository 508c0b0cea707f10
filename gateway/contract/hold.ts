import type { ApprovalTerms } from './decision.ts';
import type { HoldId } from './ids.ts';
import type { SessionFrame } from './ports.ts';

/** `orphaned`: the gateway went away while the hold was open; its client is gone with it, so it counts as refused. */
export const holdStatuses = ['open', 'approved', 'refused', 'expired', 'cancelled', 'orphaned'] as const;
export type HoldStatus = (typeof holdStatuses)[number];
export type HoldEnd = Exclude<HoldStatus, 'open'>;

/** A hold as it is kept and shown. Texts are those made for logs: no secrets, no labelled literals. */
export interface HoldRecord {
  readonly id: HoldId;
  readonly frame: SessionFrame;
  readonly requestId: string;
  /** What each command does, in order. */
  readonly actions: readonly string[];
  /** What the approver sees, one for each command. */
  readonly texts: readonly string[];
  readonly messages: readonly string[];
  /** What the approval is bound to: see HoldRequest. */
  readonly digest: string;
  readonly terms: ApprovalTerms;
  readonly revision: string;
  readonly openedAtMs: number;
  readonly expiresAtMs: number;
  readonly status: HoldStatus;
  /** Who approved so far, in order. One approver counts once. */
  readonly approvals: readonly HoldApproval[];
  readonly resolvedAtMs: number | null;
  readonly resolvedBy: readonly string[];
  readonly reason: string;
}

/**
 * What became of a hold, as a sentence after "this hold": by whom, when and why.
 * @param end.at RFC 3339 @param end.reason as people gave it, so not for a terminal as it is
 */
export function endOfHold(end: {
  readonly status: HoldEnd;
  readonly at: string;
  readonly by: readonly string[];
  readonly reason: string;
}): string {
  const { status, at, by, reason } = end;
  const what = status === 'expired' ? 'expired' : status === 'orphaned' ? 'ended' : `was ${status}`;
  const whom = by.length === 0 ? '' : ` by ${by.join(', ')}`;
  return `${what} at ${at}${whom}${reason === '' ? '' : `: ${reason}`}`;
}

export interface HoldApproval {
  readonly approver: string;
  readonly reason: string;
  readonly atMs: number;
}
