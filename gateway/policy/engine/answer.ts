import type { ApprovalFact } from '../../contract/command.ts';
import {
  effects,
  limitDimensions,
  maskMethods,
  type ApprovalTerms,
  type Decision,
  type Effect,
} from '../../contract/decision.ts';
import type { Finding, LimitDimension, Limits, MaskMethod } from '../../contract/decision.ts';
import type { RequestId, Revision } from '../../contract/ids.ts';
import { readFindings, type ReadFindings } from './findings.ts';
import { countOf, listOf, memberOf, objectOf, odd, stringOf, type Fields } from './reading.ts';
import { Refusal } from './refusals.ts';

const answerFields = ['v', 'request_id', 'effect', 'findings', 'masks', 'approval', 'limits'] as const;

/**
 * Reads the policy's answer, strictly: every field known, every finding understood, and the effect at least as strong as the findings
 * demand. The resolver says the same in Rego; a bundle with another resolver still loosens nothing.
 * @throws Refusal `SP-003` when it is no answer to this request; `SP-002` when it cannot be understood
 */
export function readAnswer(
  text: string,
  requestId: RequestId,
  revision: Revision,
  approval: ApprovalFact | undefined,
): Decision {
  const results = listOf(JSON.parse(text), 'result set');
  // An undefined decision: a rule that could not be evaluated, or an input that was not read.
  if (results.length !== 1) throw new Refusal('SP-003');
  const answer = objectOf(objectOf(results[0], 'result set', ['result'])['result'], 'decision', answerFields);
  if (answer['request_id'] !== requestId) throw new Refusal('SP-003');
  if (answer['v'] !== 1) throw odd('v');
  const effect = memberOf(answer['effect'], effects, 'effect');
  const found = readFindings(answer['findings']);
  if (effect === 'deny') return denied(found, revision);
  const decision: Decision = {
    effect,
    revision,
    findings: found.all,
    masks: readMasks(answer['masks'], found),
    approval: readApproval(answer['approval']),
    limits: readLimits(answer['limits'], found),
  };
  checkEffect(decision, found, approval);
  return decision;
}

function denied(found: ReadFindings, revision: Revision): Decision {
  const unexplained = found.deny.length === 0 && found.allow.length > 0;
  const findings = unexplained ? [noSharedGroup(found), ...found.all] : found.all;
  return { effect: 'deny', revision, findings, masks: {}, approval: null, limits: {} };
}

/** The one deny that no rule asks for: see the resolver. */
function noSharedGroup(found: ReadFindings): Finding {
  const { id, message } = new Refusal('SP-007', found.approve.map((f) => f.finding.id).join(', '));
  return { kind: 'deny', id, msg: message, severity: 'high' };
}

/** The lattice once more, from the findings: deny, require_approval, mask, allow. */
function checkEffect(decision: Decision, found: ReadFindings, approval: ApprovalFact | undefined): void {
  if (found.deny.length > 0) throw odd('effect (a deny was found)');
  if (found.allow.length === 0) throw odd('effect (nothing allows it)');
  const pending = found.approve.filter((f) => !approval?.rules.includes(f.finding.id));
  const expected: Effect = pending.length > 0 ? 'require_approval' : found.mask.length > 0 ? 'mask' : 'allow';
  if (decision.effect !== expected) throw odd(`effect (findings ask for ${expected})`);
  if ((decision.approval !== null) !== (expected === 'require_approval')) throw odd('approval');
  const { approval: terms } = decision;
  if (terms === null) return;
  for (const { finding, groups, quorum } of pending) {
    if (!terms.rules.includes(finding.id)) throw odd(`approval (without ${finding.id})`);
    if (!terms.groups.every((group) => groups.includes(group))) throw odd('approval groups');
    if (terms.quorum < quorum) throw odd('approval quorum');
  }
}

function readMasks(value: unknown, found: ReadFindings): { readonly [label: string]: MaskMethod } {
  const masks: Record<string, MaskMethod> = Object.create(null) as Record<string, never>; // no prototype: a label may have any name
  for (const [label, method] of Object.entries(objectOf(value, 'masks'))) {
    masks[label] = memberOf(method, maskMethods, `masks.${label}`);
  }
  for (const { label, method } of found.mask) {
    const chosen = masks[label];
    if (chosen === undefined) throw odd(`masks (without ${label})`);
    if (maskMethods.indexOf(chosen) > maskMethods.indexOf(method)) throw odd(`masks.${label} (too weak)`);
  }
  return masks;
}

function readApproval(value: unknown): ApprovalTerms | null {
  if (value === null) return null;
  const terms: Fields = objectOf(value, 'approval', ['rules', 'groups', 'quorum', 'ttl_s', 'scope']);
  // Sorted: a Rego set has no order, and what people read should not change from one engine to the next.
  const groups = listOf(terms['groups'], 'approval.groups')
    .map((g) => stringOf(g, 'approval.groups'))
    .sort();
  if (groups.length === 0) throw odd('approval.groups (nobody)');
  return {
    rules: listOf(terms['rules'], 'approval.rules')
      .map((r) => stringOf(r, 'approval.rules'))
      .sort(),
    groups,
    quorum: countOf(terms['quorum'], 'approval.quorum', 1),
    ttl_s: countOf(terms['ttl_s'], 'approval.ttl_s', 1),
    scope: memberOf(terms['scope'], ['once', 'session'] as const, 'approval.scope'),
  };
}

function readLimits(value: unknown, found: ReadFindings): Limits {
  const fields = objectOf(value, 'limits', limitDimensions);
  const limits: { [dimension in LimitDimension]?: number } = {};
  for (const dimension of limitDimensions) {
    if (fields[dimension] !== undefined) limits[dimension] = countOf(fields[dimension], `limits.${dimension}`, 0);
    const smallest = Math.min(...found.limit.map((l) => l[dimension] ?? Infinity));
    if ((limits[dimension] ?? Infinity) > smallest) throw odd(`limits.${dimension} (too wide)`);
  }
  return limits;
}
