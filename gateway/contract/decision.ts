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

/**
 * What a limit can be of: rows and bytes of a result; and of what prints a stream, bytes that it is given and seconds that it runs. Of a
 * stream a limit that is passed ends the command. `unjudged_lines`: lines that are typed into a shell and run without being asked about; what can be carried
 * out is 0.
 */
export const limitDimensions = ['rows', 'bytes', 'input_bytes', 'seconds', 'unjudged_lines'] as const;
export type LimitDimension = (typeof limitDimensions)[number];
export type Limits = { readonly [dimension in LimitDimension]?: number };

/** The smallest of each; a dimension that nobody limits is not there. */
export function smallestLimits(all: readonly Limits[]): Limits {
  const limits: { [dimension in LimitDimension]?: number } = {};
  for (const dimension of limitDimensions) {
    const smallest = Math.min(...all.map((one) => one[dimension] ?? Infinity));
    if (smallest !== Infinity) limits[dimension] = smallest;
  }
  return limits;
}

/** effect a at least as strong as b */
export function strongest(a: Effect, b: Effect): Effect {
  return effects.indexOf(a) >= effects.indexOf(b) ? a : b;
}
