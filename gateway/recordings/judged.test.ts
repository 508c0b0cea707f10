import { expect, test } from 'vitest';
import type { Decision } from '../contract/decision.ts';
import { asId } from '../contract/ids.ts';
import type { RecordedCommand, SessionFrame } from '../contract/ports.ts';
import { frame as readerFrame } from '../testing/commands.ts';
import { Encoder, line } from './encoder.ts';
import { recordingHeader } from './format.ts';
import { readJudged, type RecordedJudgement } from './judged.ts';

const startMs = Date.parse('2026-11-21T09:00:00Z');
const frame: SessionFrame = {
  ...readerFrame({ claims: { repository: 'example/billing' } }),
  id: asId('01J0SESSION'),
  startedAtMs: startMs,
};
const held: Decision = {
  effect: 'require_approval',
  revision: asId('r1'),
  findings: [{ kind: 'approve', id: 'PG-100', msg: 'ask', severity: 'high', controls: ['SOC2:CC8.1'], channel: 'ops' }],
  masks: {},
  approval: { rules: ['PG-100'], groups: ['dba'], quorum: 2, ttl_s: 900, scope: 'session' },
  limits: { rows: 10 },
};

function command(id: string, more: Partial<RecordedCommand> = {}): RecordedCommand {
  return {
    requestId: asId(id),
    text: 'select 1',
    params: ['7', null],
    action: 'read',
    decision: held,
    key: 'k',
    facts: { action: 'read', labels: ['pii.ssn'] },
    place: { transaction: { in: true, failed: false } },
    erased: ['params'],
    around: {
      session: {
        id: frame.id,
        started_at: '2026-11-21T09:00:00.000Z',
        commands: 3,
        rows_returned: 40,
        denials: 1,
        labels_read: ['pii.ssn'],
        lookups: 2,
      },
      minuteMs: startMs,
      approval: { id: 'H1', rules: ['PG-100'], approvers: ['bo'], scope: 'session' },
    },
    ...more,
  };
}

function recorded(...commands: readonly RecordedCommand[]): string {
  const encoder = new Encoder({ maxResultBytes: 1024, maxTerminalBytes: 0 });
  const lines = commands.map((one, i) => encoder.command(i + 1, one));
  return line(recordingHeader(frame, 'gateway.example/audit')) + lines.join('');
}

async function readAll(ndjson: string): Promise<readonly RecordedJudgement[]> {
  const bytes = async function* () {
    yield Buffer.from(ndjson);
  };
  return all(readJudged(bytes()));
}

test('a decision comes back with everything that it was made of', async () => {
  const written = command('R1');
  const [read] = await readAll(recorded(written));
  expect(read).toEqual({ ok: true, judged: { ...written, frame, atMs: startMs + 1, key: '3 select 1' } });
});

test('facts are written once, whether the text is the same or only what it means', async () => {
  const ndjson = recorded(
    command('R1'),
    command('R2'),
    command('R3', { key: 'another', text: 'select 2', facts: { action: 'read', labels: ['pii.ssn'] } }),
    command('R4', { key: 'third', facts: { action: 'delete', labels: [] } }),
  );
  expect(ndjson.match(/"type":"facts"/g)).toHaveLength(2);
  expect(ndjson.match(/"type":"around"/g)).toHaveLength(1);
  const read = await readAll(ndjson);
  const facts = read.map((one) => (one.ok ? one.judged.facts : undefined));
  expect(facts[2]).toBe(facts[0]);
  expect(facts[3]).toEqual({ action: 'delete', labels: [] });
});

test('a command whose facts were cut out is said to be unreadable, and its neighbours are read', async () => {
  const ndjson = recorded(command('R1'), command('R2', { key: 'b', facts: { action: 'set' } }));
  const cut = ndjson.replace(/\{"type":"facts","n":\d+,"facts":\{"action":"read".*\n/, '');
  expect(await readAll(cut)).toMatchObject([
    { ok: false, requestId: 'R1', why: 'the recording refers to something that is not in it' },
    { ok: true, judged: { requestId: 'R2' } },
  ]);
});

test('a recording of the first version is played and not judged', async () => {
  const old =
    '{"type":"header","v":1,"session":"S","principal":{"id":"ana","kind":"human","issuer":"i","groups":[],"acts_for":[],"auth":{"method":"jwt","at":""}},' +
    '"target":{"name":"crm","protocol":"postgres","labels":{}},"client":{"ip":"::1","application":""},"started_at":"2026-11-21T09:00:00.000Z","audit":"a"}\n' +
    '{"type":"decision","n":1,"decision":{"effect":"allow","revision":"r","findings":[],"masks":{},"limits":{}}}\n' +
    '{"type":"command","t":1,"command":1,"request":"R1","text":"select 1","action":"read","decision":1}\n';
  expect(await readAll(old)).toMatchObject([
    { ok: false, requestId: 'R1', why: 'it was recorded by a version that kept no facts' },
  ]);
});

async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
