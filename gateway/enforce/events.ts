import type { Decision } from '../contract/decision.ts';
import type { AuditEvent, AuditType } from '../contract/event.ts';
import type { SessionFrame } from '../contract/ports.ts';

/** A session's audit entries, with what never changes filled in once. */
export function sessionEvents(frame: SessionFrame, now: () => number) {
  return (type: AuditType, fields: Partial<AuditEvent>): AuditEvent => ({
    type,
    time: timestamp(now()),
    identity: frame.principal.id,
    session: frame.id,
    request: '',
    target: frame.target.name,
    action: '',
    effect: '',
    command: '',
    revision: '',
    findings: [],
    detail: {},
    ...fields,
  });
}

const ids = new WeakMap<Decision, readonly string[]>();

/** The same list for the same decision: a cached one is logged thousands of times. */
export function findingIds(decision: Decision): readonly string[] {
  const known = ids.get(decision);
  if (known) return known;
  const list = decision.findings.map((f) => f.id);
  ids.set(decision, list);
  return list;
}

let lastMs = -1;
let lastText = '';

/** RFC 3339 with milliseconds, UTC. Many commands fall into one millisecond, and formatting a date costs more than deciding. */
export function timestamp(ms: number): string {
  if (ms !== lastMs) {
    lastMs = ms;
    lastText = new Date(ms).toISOString();
  }
  return lastText;
}
