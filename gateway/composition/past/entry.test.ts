import { expect, test } from 'vitest';
import { encodeEntry, parseEntry } from '../../audit/entry.ts';
import type { AdminCommand } from '../../contract/command.ts';
import type { Decision } from '../../contract/decision.ts';
import type { AuditEvent } from '../../contract/event.ts';
import { asId, type RequestId, type Revision } from '../../contract/ids.ts';
import { keptJudgement } from '../../contract/kept.ts';
import { facts, frame } from '../../testing/commands.ts';
import { commandOf } from '../../policy/replay/judging.ts';
import { judgedOf } from './entry.ts';
import { contradictions } from './request.ts';

const requestId = asId<RequestId>('01JD8C3V7Y8W2QK5ZT4M9RXB6N');
const command: AdminCommand = {
  protocol: 'admin',
  action: 'audit.query',
  effects: ['audit.query'],
  text: 'GET /v1/audit?limit=1',
  labels: [],
  analysis: { complete: true, reasons: [] },
  resource: { kind: 'audit', id: '*', owner: '' },
};
const decision: Decision = {
  effect: 'allow',
  revision: asId<Revision>('r1'),
  findings: [{ kind: 'allow', id: 'AD-1', msg: 'auditors ask' }],
  masks: {},
  approval: null,
  limits: { rows: 10 },
};

/** As the log gives it back. */
function entry(over: Partial<AuditEvent> = {}, groups: readonly string[] = ['auditors'], who = frame({ groups })) {
  const around = { session: facts, minuteMs: 1_700_000_040_000, approval: undefined };
  const event: AuditEvent = {
    type: 'admin',
    time: '2023-11-14T22:14:01.000Z',
    identity: who.principal.id,
    session: '',
    request: requestId,
    target: who.target.name,
    action: command.action,
    effect: 'allow',
    command: command.text,
    revision: 'r1',
    findings: ['AD-1'],
    detail: { judged: keptJudgement({ frame: who, command, around, decision }) },
    ...over,
  };
  const read = parseEntry(Buffer.from(encodeEntry(event)));
  if (!read) throw new Error('the log would not read it');
  return read;
}

test('an entry gives back the command and the decision as they were', () => {
  const read = judgedOf(entry());
  if (!read.ok) throw new Error(read.why);
  expect(commandOf(read.judged)).toEqual({ ok: true, command });
  expect(read.judged).toMatchObject({ requestId, decision, around: { session: facts, minuteMs: 1_700_000_040_000 } });
  expect(contradictions({ judged: read.judged, entry: entry(), recording: undefined })).toEqual([]);
});

test('an entry from before logins over SSH had methods of their own gives back what it says', () => {
  const { target, ...on } = frame();
  const read = judgedOf(entry({}, [], { ...on, target: { ...target, protocol: 'ssh' } }));
  expect(read).toMatchObject({ ok: true, judged: { frame: { principal: { auth: { method: 'jwt' } } } } });
});

test('an entry that says outside what it does not keep within is a contradiction', () => {
  const lying = entry({ effect: 'allow', findings: ['AD-2'] });
  const read = judgedOf(lying);
  if (!read.ok) throw new Error(read.why);
  const denied = { ...read.judged, decision: { ...decision, effect: 'deny' as const } };
  expect(contradictions({ judged: denied, entry: lying, recording: undefined })).toEqual([
    'findings: the log has AD-2, what is kept with it AD-1',
    'effect: the log has allow, what is kept with it deny',
  ]);
});

test.each<readonly [string, AuditEvent, string]>([
  ['too long for the log', entry({}, ['x'.repeat(70_000)]), 'too long'],
  ['an older version', entry({ detail: {} }), 'kept no facts'],
  ['another version', entry({ detail: { judged: { principal: 'ana' } } }), 'not of this version'],
])('an entry of %s is not decided again, and says why', (_what, event, why) => {
  expect(judgedOf(event)).toMatchObject({ ok: false, requestId, why: expect.stringContaining(why) as string });
});
