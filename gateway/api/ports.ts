import type { Witness } from '../contract/decided.ts';
import type { AuditEvent } from '../contract/event.ts';
import type { RequestId, SessionId } from '../contract/ids.ts';
import type { Audit, Clock, Notify, Policy } from '../contract/ports.ts';
import type { Client, Login, Principal, Target } from '../contract/principal.ts';
import type { HoldRecord, HoldStatus } from '../contract/hold.ts';
import type { SessionFrame } from '../contract/ports.ts';
import type { ShadowReport } from '../policy/shadow/shadow.ts';
import type { BaseLogger } from 'pino';
import type { PolicyStatusView, ReadyPolicyView } from './policy-view.ts';

/** Everything the API needs from other rooms. Each port is the part of a room's surface that is used here, so the rooms fit as they are. */
export interface ApiPorts {
  verify(
    token: string,
    method: 'jwt',
  ): Promise<{ ok: true; login: Login } | { ok: false; why: string; message: string }>;
  readonly policy: Policy;
  /** The gateway itself, as policy sees it when its own API is called. */
  readonly target: Target;
  readonly audit: Audit;
  readonly notify?: Notify | undefined;
  /** Told of each decision about a call, once it is recorded. */
  readonly decided?: Witness | undefined;
  readonly approvals: ApprovalsPort;
  readonly sessions: SessionsPort;
  /** NDJSON of one session's recording, as far as it is written; undefined where there is none. */
  readRecording(session: SessionId): Promise<AsyncIterable<Uint8Array> | undefined>;
  /** The same of one that goes on, and then each line as it is written; undefined where none does. */
  watchRecording(session: SessionId): Promise<AsyncIterable<Uint8Array> | undefined>;
  /** @param reason a sentence for the client @returns whether there was such a session here */
  endSession(session: SessionId, reason: string): boolean;
  /** All of them, in the order of the configuration. */
  targets(): readonly TargetOnList[];
  /** Whether policy would let the caller of the API have a session now. Nothing is opened. */
  admits(principal: Principal, client: Client, target: TargetOnList, login: string): boolean;
  queryAudit(filter: AuditFilter): Promise<readonly AuditEntry[]>;
  policyStatus(): PolicyStatusView;
  /** The little of it that is shown to anybody. */
  readyPolicy(): ReadyPolicyView;
  /** What the shadow bundle would change; undefined where there is none. @param maxGroups listed */
  shadowReport(maxGroups: number): ShadowReport | undefined;
  /**
   * Lets a public key stand for this login. @param line as ssh-keygen writes it
   * @returns undefined where nothing listens for SSH; a sentence when the key is not taken
   */
  registerSshKey(line: string, login: Login): RegisteredKey | string | undefined;
  /** A one-time code for one login. @returns undefined where nothing listens for SSH; a sentence when there is none */
  issueSshCode(
    target: string,
    login: Login,
  ): { readonly code: string; readonly expiresAtMs: number } | string | undefined;
  /**
   * Takes back what a principal registered. @param issuer any, unless given
   * @returns how many keys there were; undefined where nothing listens for SSH
   */
  forgetSshKeys(principal: string, issuer?: string): number | undefined;
  /** Names of what has to work for commands to be served, and whether each does. Shown to anybody. */
  readiness(): Promise<{ readonly [check: string]: boolean }>;
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** A fresh ULID. */
  newRequestId(): RequestId;
  readonly clock: Clock;
  readonly log: Pick<BaseLogger, 'info' | 'warn' | 'error'>;
}

/** Public parts only, in the lines that OpenSSH writes. */
export interface RegisteredKey {
  readonly fingerprint: string;
  readonly certificate: string;
  readonly hostKey: string;
  readonly authority: string;
}

export interface ApprovalsPort {
  list(status?: HoldStatus, limit?: number): Promise<readonly HoldRecord[]>;
  show(id: string): Promise<HoldRecord | undefined>;
  approve(id: string, by: Principal, digest: string, reason: string): Promise<HoldDecided>;
  deny(id: string, by: Principal, reason: string): Promise<HoldDecided>;
}

export type HoldDecided =
  | {
      readonly ok: true;
      readonly status: 'open' | 'approved' | 'refused';
      readonly approvals: number;
      readonly quorum: number;
    }
  | {
      readonly ok: false;
      readonly why:
        | 'not_found'
        | 'already_resolved'
        | 'already_approved'
        | 'digest_mismatch'
        | 'own_request'
        | 'not_a_person'
        | 'not_in_group';
      readonly message: string;
    };

/** A target, as those who run the gateway may see it: how it is reached, and no secret. */
export interface TargetOnList extends Target {
  /** `host:port` */
  readonly address: string;
  readonly databases: readonly string[];
  readonly logins: readonly string[];
  /** Of clients that name none; undefined where they have to. */
  readonly defaultLogin: string | undefined;
  /** Open on this gateway. */
  readonly sessions: number;
  readonly lastConnect: { readonly atMs: number; readonly ok: boolean } | undefined;
}

export interface SessionsPort {
  list(filter: SessionFilter): Promise<readonly Session[]>;
  get(id: string): Promise<Session | undefined>;
}

export interface SessionFilter {
  readonly principal?: string;
  readonly target?: string;
  /** true: still open; false: over. */
  readonly open?: boolean;
  readonly sinceMs?: number;
  readonly untilMs?: number;
  readonly limit?: number;
}

export interface Session {
  readonly id: SessionId;
  readonly frame: SessionFrame;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly endReason: string | null;
  /** Of an open one, so far; null where nobody here knows. */
  readonly counts: { readonly commands: number; readonly denials: number; readonly rows: number } | null;
  /** SHA-256 hex of the closed recording; null while it is open. */
  readonly recordingDigest: string | null;
  readonly recordingBytes: number | null;
}

export interface AuditFilter {
  readonly sinceMs?: number;
  readonly untilMs?: number;
  readonly identity?: string;
  readonly action?: string;
  readonly effect?: string;
  readonly type?: string;
  readonly target?: string;
  readonly session?: string;
  readonly request?: string;
  readonly limit?: number;
  readonly order?: 'asc' | 'desc';
}

export interface AuditEntry {
  /** Place in the log, from 0. */
  readonly index: number;
  readonly event: AuditEvent;
}
