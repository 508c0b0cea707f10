import { z } from 'zod';
import type { AuditEvent } from '../../contract/event.ts';
import { asId, type RequestId, type SessionId } from '../../contract/ids.ts';
import type { JudgedCommand } from '../../contract/judged.ts';
import { keptUnder } from '../../contract/kept.ts';
import type { SessionFrame } from '../../contract/ports.ts';
import { client, principal, session, target } from '../../policy/schema/frame.ts';
import { decisionRecord } from '../../recordings/format.ts';
import { decisionOf, type RecordedJudgement } from '../../recordings/judged.ts';

const kept = z.object({
  principal,
  target,
  client,
  session,
  minute: z.int(),
  facts: z.record(z.string(), z.unknown()),
  decision: decisionRecord,
});

/** The decision that an entry keeps whole: one on admission, or on a call of the API. */
export function judgedOf(entry: AuditEvent): RecordedJudgement {
  const requestId = asId<RequestId>(entry.request);
  const atMs = Date.parse(entry.time);
  const no = (why: string): RecordedJudgement => ({ ok: false, requestId, atMs, why });
  if (entry.detail['cut'] !== undefined) return no('its entry in the log was too long, and was cut');
  if (entry.detail[keptUnder] === undefined) return no('it was logged by a version that kept no facts in the entry');
  const read = kept.safeParse(entry.detail[keptUnder]);
  if (!read.success) return no(`its entry is not of this version: ${z.prettifyError(read.error)}`);
  const { facts, minute, decision, session: around } = read.data;
  const { principal: who, target: where, client: from } = read.data;
  const id = asId<SessionId>(around.id);
  const frame: SessionFrame = {
    id,
    principal: who,
    target: where,
    client: from,
    startedAtMs: Date.parse(around.started_at),
  };
  const judged: JudgedCommand = {
    frame,
    requestId,
    atMs,
    text: entry.command,
    params: [],
    action: entry.action,
    facts,
    place: {},
    erased: [],
    key: entry.request,
    decision: decisionOf(decision),
    around: { session: around, minuteMs: minute, approval: undefined },
  };
  return { ok: true, judged };
}
