import type { Generated, Selectable } from 'kysely';
import type { HoldStatus } from '../contract/hold.ts';

/** The tables as Kysely sees them. Times are milliseconds since the epoch; columns that say so hold JSON text. */
export interface Schema {
  readonly sessions: SessionTable;
  readonly holds: HoldTable;
  readonly hold_approvals: HoldApprovalTable;
}

export interface SessionTable {
  readonly id: string;
  readonly principal: string;
  readonly kind: string;
  readonly target: string;
  readonly protocol: string;
  readonly client_ip: string;
  readonly client_application: string;
  /** SessionFrame as JSON. */
  readonly frame: string;
  readonly started_ms: number;
  readonly ended_ms: number | null;
  readonly end_reason: string | null;
  readonly commands: Generated<number>;
  readonly denials: Generated<number>;
  readonly rows_returned: Generated<number>;
  readonly recording: string | null;
  readonly recording_digest: string | null;
  readonly recording_bytes: number | null;
}

export interface HoldTable {
  readonly id: string;
  readonly session: string;
  readonly request: string;
  readonly requester: string;
  readonly target: string;
  /** SessionFrame as JSON. */
  readonly frame: string;
  /** string[] as JSON. */
  readonly actions: string;
  /** string[] as JSON. */
  readonly texts: string;
  /** string[] as JSON. */
  readonly messages: string;
  readonly digest: string;
  /** ApprovalTerms as JSON. */
  readonly terms: string;
  readonly revision: string;
  readonly opened_ms: number;
  readonly expires_ms: number;
  readonly status: HoldStatus;
  readonly resolved_ms: number | null;
  /** string[] as JSON. */
  readonly resolved_by: Generated<string>;
  readonly reason: Generated<string>;
}

export interface HoldApprovalTable {
  readonly hold: string;
  readonly approver: string;
  readonly reason: string;
  readonly at_ms: number;
}

export type SessionRow = Selectable<SessionTable>;
export type HoldRow = Selectable<HoldTable>;
