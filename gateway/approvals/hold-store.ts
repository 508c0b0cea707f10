import type { HoldEnd, HoldRecord, HoldStatus } from '../contract/hold.ts';
import type { HoldId } from '../contract/ids.ts';
import type { HoldRequest } from '../contract/ports.ts';

/** Where holds are kept. `resolve` and `addApproval` change an open hold only, whoever else tries at the same time. */
export interface HoldStore {
  insert(id: HoldId, request: HoldRequest, openedAtMs: number, expiresAtMs: number): Promise<void>;
  get(id: string): Promise<HoldRecord | undefined>;
  /** Newest first. */
  list(status?: HoldStatus, limit?: number): Promise<readonly HoldRecord[]>;
  addApproval(
    id: string,
    approver: string,
    reason: string,
    nowMs: number,
  ): Promise<
    | { readonly ok: true; readonly approvals: HoldRecord['approvals'] }
    | { readonly ok: false; readonly why: 'unknown' | 'resolved' | 'expired' | 'already-approved' }
  >;
  /** @returns false when the hold was resolved before */
  resolve(id: string, status: HoldEnd, by: readonly string[], reason: string, nowMs: number): Promise<boolean>;
  /** Closes every open hold: whoever waited for them is gone. @returns their ids */
  orphan(nowMs: number, reason?: string): Promise<readonly HoldId[]>;
}
