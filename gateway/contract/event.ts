import { effects } from './decision.ts';
import type { Json } from './principal.ts';

/**
 * One entry of the audit log. Flat JSON, keys in a fixed order, at most 65,535 bytes encoded (C2SP tlog-tiles): longer texts are cut and carry a digest.
 * Field names are the reference for `audit query` and for auditors.
 */
export interface AuditEvent {
  readonly type: AuditType;
  /** RFC 3339 with milliseconds, UTC. */
  readonly time: string;
  /** Principal id; `-` before anyone is proven, `gateway` for its own acts. */
  readonly identity: string;
  readonly session: string;
  readonly request: string;
  readonly target: string;
  /** What was asked: a command's action, an admin action, or the type's own verb. */
  readonly action: string;
  /** How it ended: an effect for decisions, `ok` or `refused` or the hold's resolution otherwise; empty where nothing ended. */
  readonly effect: AuditEffect | '';
  /** The exact command with secrets and labelled literals blanked; empty where there is none. */
  readonly command: string;
  /** Bundle revision in force; empty before one is. */
  readonly revision: string;
  /** Ids of the findings, in order. */
  readonly findings: readonly string[];
  /** What belongs to this type alone. */
  readonly detail: { readonly [key: string]: Json };
}

export const auditTypes = [
  'gateway.start',
  'gateway.stop',
  'bundle.activated',
  'bundle.refused',
  'login.refused',
  'session.start',
  'session.end',
  'decision',
  'file.content', // what was read from a file, and written to it
  'hold.opened',
  'hold.resolved',
  'refused', // something that never became a command: unparsable, too long, protocol error
  'admin',
  'label.followed', // a column came to carry a label, by a copy or a new name
  'recording.closed',
  'recording.read',
] as const;
export type AuditType = (typeof auditTypes)[number];

/** Policy's answers, the ends of everything else, and those of holds. A list, so that a question about another word is no silent nothing. */
export const auditEffects = [...effects, 'ok', 'refused', 'approved', 'expired', 'cancelled'] as const;
export type AuditEffect = (typeof auditEffects)[number];

/**
 * `written`: handed to the kernel before the call returns, survives kill -9.
 * `flushed`: on disk before the promise resolves (group commit), survives power loss.
 */
export type Durability = 'written' | 'flushed';
