import { retryAfterMs, type Answer } from './post.ts';
import type { Sent } from './sender.ts';

/** A batch as OPA uploads it: a JSON array of events. openpolicyagent.org/docs/management-decision-logs#decision-log-service-api */
export function opaBody(lines: readonly string[]): string {
  return `[${lines.join(',')}]`;
}

/** Like OPA, everything but a success is tried again: a wrong address or token is somebody's to mend, and no reason to lose anything. */
export function opaAnswer(answer: Answer): Sent {
  const { status } = answer;
  if (status >= 200 && status < 300) return { outcome: 'delivered', rejected: 0, why: '' };
  const why = `the receiver answered ${status}`;
  if (status === 413) return { outcome: 'too-large', why };
  return { outcome: 'retry', why, afterMs: retryAfterMs(answer) };
}
