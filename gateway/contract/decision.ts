import type { Revision } from './ids.ts';

export const effects = ['allow', 'mask', 'require_approval', 'deny'] as const;
/** Policy's answer, weakest first: what travels together gets the strongest. */
export type Effect = (typeof effects)[number];

/** Most private first: colliding masks resolve to the earlier one. `null` hides even that there was a value. */
export const maskMethods = ['null', 'redact', 'tokenize', 'hash', 'partial'] as const;
export type MaskMethod = (typeof maskMethods)[number];

/** One rule that matched. `id` and `msg` are the author's words for the person or agent that reads them. */
export interface Finding {
  readonly kind: 'allow' | 'deny' | 'approve' | 'mask' | 'limit' | 'notify';
  readonly id: string;
  readonly msg: string;
  /** What to do instead; goes to the client with the denial. */
  readonly hint?: string;
  readonly severity?: 'low' | 'medium' | 'high' | 'critical';
  /** Controls the rule serves, e.g. `SOC2:CC6.1`. */
  readonly controls?: readonly string[];
  /** notify only: the channel's name in the configuration. */
  readonly channel?: string;
}

/** What one command may do, as read from policy's answer and checked. */
export interface Decision {
  readonly effect: Effect;
  readonly revision: Revision;
  readonly findings: readonly Finding[];
  /** Label to method. Also holds for what an approval released. */
  readonly masks: { readonly [label: string]: MaskMethod };
  readonly approval: ApprovalTerms | null;
  readonly limits: Limits;
}

export interface ApprovalTerms {
  /** Rules that ask for it. */
  readonly rules: readonly string[];
  /** Any member may approve, except the requester. */
  readonly groups: readonly string[];
  /** How many different approvers. */
  readonly quorum: number;
  readonly ttl_s: number;
  readonly scope: 'once' | 'session';
}

export interface Limits {
  readonly rows?: number;
  readonly bytes?: number;
}

/** effect a at least as strong as b */
export function strongest(a: Effect, b: Effect): Effect {
  return effects.indexOf(a) >= effects.indexOf(b) ? a : b;
}
