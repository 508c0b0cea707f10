import type { Command } from '../contract/command.ts';
import type { Decision } from '../contract/decision.ts';
import type { Denial, DenialCode } from '../contract/exchange.ts';
import type { RequestId } from '../contract/ids.ts';

/** A statement can break a rule once for each column: the log has all of it, the client enough to act on. */
const tellAtMost = 3;

/**
 * The sentence a denied client reads, from the findings that said no.
 * @param asked what was denied; none for a log-in
 */
export function denialOf(decision: Decision, requestId: RequestId, asked?: Command): Denial {
  const no = decision.findings.filter((f) => f.kind === 'deny').sort((a, b) => (a.id + a.msg < b.id + b.msg ? -1 : 1));
  const first = no[0];
  if (!first) {
    const { what, hint: ask } = unallowed(asked);
    return denial('policy', `denied by policy: no rule allows ${what}`, requestId, decision, ask);
  }
  const code: DenialCode = first.id.startsWith('SP-') ? 'policy_unavailable' : 'policy';
  const hint = no.find((f) => f.hint !== undefined)?.hint;
  const told = no.slice(0, tellAtMost).map((f) => `${f.msg} [${f.id}]`);
  const more = no.length > tellAtMost ? [`and ${no.length - tellAtMost} more`] : [];
  return denial(code, `denied by policy: ${[...told, ...more].join('; ')}`, requestId, decision, hint);
}

/** No rule said no, so none has an id or a hint. Of a forward the client shows neither what it asked for nor which of several it was. */
function unallowed(asked: Command | undefined): { readonly what: string; readonly hint: string } {
  if (asked?.protocol !== 'ssh' || !(asked.request === 'forward' || asked.request === 'subsystem'))
    return { what: 'this', hint: 'Ask for access, or for a rule that allows it.' };
  return {
    what: asked.text,
    hint: `Ask for a rule with input.command.request "${asked.request}" that allows it (how-to: Forward through hosts).`,
  };
}

/** What a client waits for, in one sentence. */
export function holdReason(decisions: readonly Decision[]): string {
  const asked = decisions.flatMap((d) => d.findings.filter((f) => f.kind === 'approve'));
  return [...new Set(asked.map((f) => `${f.msg} [${f.id}]`))].join('; ');
}

/** @param message one sentence, with its reason @param hint what to do instead */
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
