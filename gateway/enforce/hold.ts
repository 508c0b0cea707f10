import { createHash } from 'node:crypto';
import type { ApprovalTerms, Decision } from '../contract/decision.ts';
import type { Exchange, HoldNotice } from '../contract/exchange.ts';
import type { OpenHold, SessionFrame } from '../contract/ports.ts';
import type { RequestId } from '../contract/ids.ts';

/**
 * The terms under which a whole exchange may be released: every rule's demand at once. Groups that may approve all of it, the largest quorum,
 * the shortest time, the narrowest scope.
 * @returns undefined when no group may approve everything: then nobody can release it in one piece
 */
export function mergedTerms(decisions: readonly Decision[]): ApprovalTerms | undefined {
  const [first, ...rest] = decisions.flatMap((d) => (d.approval ? [d.approval] : []));
  if (!first) return undefined;
  const merged = rest.reduce<ApprovalTerms>(
    (a, b) => ({
      rules: [...new Set([...a.rules, ...b.rules])],
      groups: a.groups.filter((g) => b.groups.includes(g)),
      quorum: Math.max(a.quorum, b.quorum),
      ttl_s: Math.min(a.ttl_s, b.ttl_s),
      scope: a.scope === 'session' && b.scope === 'session' ? 'session' : 'once',
    }),
    first,
  );
  return merged.groups.length > 0 ? merged : undefined;
}

/**
 * What an approval is bound to: SHA-256 over who, where, what exactly and under which policy. Lengths go in before texts, so that no two
 * different requests can spell the same bytes.
 * @returns 64 hex digits
 */
export function holdDigest(frame: SessionFrame, x: Pick<Exchange, 'commands'>, revision: string): string {
  const hash = createHash('sha256');
  const add = (text: string) => hash.update(`${Buffer.byteLength(text)}:`).update(text);
  for (const text of ['sallyport/hold/1', frame.id, frame.principal.issuer, frame.principal.id]) add(text);
  for (const text of [frame.target.protocol, frame.target.name, revision, String(x.commands.length)]) add(text);
  for (const command of x.commands) {
    add(command.text);
    // How the commands of a line hang together is as much of it as the commands are.
    if (command.protocol === 'ssh') add(JSON.stringify([command.line, command.pty, command.env, command.file]));
    const params = 'params' in command ? command.params : [];
    add(String(params.length));
    for (const p of params) add(p === null ? 'null' : `value ${p}`);
  }
  return hash.digest('hex');
}

/** What the waiting client is told. */
export function holdNotice(open: OpenHold, requestId: RequestId, reason: string, terms: ApprovalTerms): HoldNotice {
  return {
    id: open.id,
    requestId,
    message: terms.quorum === 1 ? reason : `${reason} (${terms.quorum} approvals)`,
    groups: terms.groups,
    expiresAtMs: open.expiresAtMs,
    // Whoever waits may be a machine that does what a hint says: this is for somebody else to do.
    how: `an approver answers with: sallyport approvals approve ${open.id}`,
  };
}
