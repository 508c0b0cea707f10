import type { ApprovalTerms } from '../contract/decision.ts';
import type { Principal } from '../contract/principal.ts';

/** Why somebody may not decide a hold. */
export type NotAllowed = 'own_request' | 'not_a_person' | 'not_in_group';

/**
 * Whether `approver` may release what `requester` asked for. The rule is that two different people stand behind every approval:
 *
 * - only a person approves, and in person: an agent could be told to, and a token that acts for someone may be in an agent's hands;
 * - never the requester, nor anyone the requester acts for: an agent's wish is its person's wish;
 * - the approver is in one of the rule's groups. No groups, nobody.
 *
 * Ids are compared without regard to case, width and issuer: taking two for one refuses too much, taking one for two would approve one's own.
 */
export function mayApprove(approver: Principal, requester: Principal, terms: ApprovalTerms): NotAllowed | undefined {
  if (isInvolved(approver, requester)) return 'own_request';
  if (approver.kind !== 'human' || approver.acts_for.length > 0) return 'not_a_person';
  return isInGroup(approver, terms) ? undefined : 'not_in_group';
}

/** Whether `by` may refuse it. That loosens nothing, so whoever asked, or is acted for, may too. */
export function mayDeny(by: Principal, requester: Principal, terms: ApprovalTerms): NotAllowed | undefined {
  return isInGroup(by, terms) || isInvolved(by, requester) ? undefined : 'not_in_group';
}

/** One spelling for ids that a person would take for the same. */
export function foldId(id: string): string {
  return id.normalize('NFKC').toLowerCase();
}

/** Whether the two share anybody: themselves, or someone that either acts for. */
function isInvolved(by: Principal, requester: Principal): boolean {
  const asked = new Set([requester.id, ...requester.acts_for].map(foldId));
  return [by.id, ...by.acts_for].some((id) => asked.has(foldId(id)));
}

function isInGroup(by: Principal, terms: ApprovalTerms): boolean {
  return by.groups.some((group) => terms.groups.includes(group));
}
