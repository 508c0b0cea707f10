import type { AuditEvent } from './event.ts';
import type { Decided } from './decided.ts';
import type { Json } from './principal.ts';

/** Where in an entry's `detail` a decision stands that has no recording. */
export const keptUnder = 'judged';

/**
 * What a decision was made of, for the entry of one that no recording has: admission, and calls of the gateway's own API. The command's text is
 * the entry's own. Nothing of it is labelled: such a command speaks of sessions and holds, and not of what a target stores.
 */
export function keptJudgement(decided: Pick<Decided, 'frame' | 'command' | 'around' | 'decision'>): Json {
  const { frame, command, around, decision } = decided;
  const { text: _text, ...facts } = command;
  const { principal, target, client } = frame;
  const { session, minuteMs } = around;
  // Plain data of the contract's own types, and JSON in the entry anyhow.
  return { principal, target, client, session, minute: minuteMs, facts, decision } as unknown as Json;
}

/** Whether an entry has what its decision was made of. */
export function hasKept({ detail }: AuditEvent): boolean {
  return detail[keptUnder] !== undefined;
}
