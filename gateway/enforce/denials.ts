import type { Decision } from '../contract/decision.ts';
import type { Denial, DenialCode } from '../contract/exchange.ts';
import type { RequestId } from '../contract/ids.ts';

/** A statement can break a rule once for each column: the log has all of it, the client enough to act on. */
const tellAtMost = 3;

/** The sentence a denied client reads, from the findings that said no. */
export function denialOf(decision: Decision, requestId: RequestId): Denial {
  const no = decision.findings.filter((f) => f.kind === 'deny').sort((a, b) => (a.id + a.msg < b.id + b.msg ? -1 : 1));
  const first = no[0];
  if (!first)
    return denial(
      'policy',
      'denied by policy: no rule allows this',
      requestId,
      decision,
      'Ask for access, or for a rule that allows it.',
    );
  const code: DenialCode = first.id.startsWith('SP-') ? 'policy_unavailable' : 'policy';
  const hint = no.find((f) => f.hint !== undefined)?.hint;
  const told = no.slice(0, tellAtMost).map((f) => `${f.msg} [${f.id}]`);
  const more = no.length > tellAtMost ? [`and ${no.length - tellAtMost} more`] : [];
  return denial(code, `denied by policy: ${[...told, ...more].join('; ')}`, requestId, decision, hint);
}

/** What a client waits for, in one sentence. */
export function holdReason(decisions: readonly Decision[]): string {
  const asked = decisions.flatMap((d) => d.findings.filter((f) => f.kind === 'approve'));
  return [...new Set(asked.map((f) => `${f.msg} [${f.id}]`))].join('; ');
}

export function denial(
  code: DenialCode,
  message: string,
  requestId: RequestId,
  decision: Pick<Decision, 'revision'>,
  hint?: string,
): Denial {
  const base = { code, message, requestId, revision: decision.revision };
  return hint === undefined ? base : { ...base, hint };
}
