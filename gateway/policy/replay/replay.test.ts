import { afterAll, beforeAll, expect, test } from 'vitest';
import { asId, type SessionId } from '../../contract/ids.ts';
import type { JudgedCommand } from '../../contract/judged.ts';
import { unverifiedTogether } from '../bundle/together.ts';
import { Engine } from '../engine/engine.ts';
import { facts, frame, requestId, statement } from '../../testing/commands.ts';
import { allowing, compileRego, decidingBy, findings, signedBundle, someTimeMs } from '../fixtures.ts';
import { commandOf, Judging } from './judging.ts';
import { replayJudged } from './replay.ts';

/** Denies what has a number among its parameters, and reads nothing else of a command. */
const rego = {
  ...decidingBy('sets.answer'),
  'sets.rego': `package sets

default denied := false

denied if "7" in input.command.params

answer := ${allowing({ effect: '"deny"', findings: findings({ allow: '[]', deny: '[{"id": "T-2", "msg": "no", "severity": "low"}]' }) })} if denied

answer := ${allowing()} if not denied
`,
};
const reads = { 'sallyport/postgres/decision': ['command.params', 'request_id'] };

let judging: Judging;
beforeAll(async () => {
  const archive = await signedBundle(await compileRego(process.env, rego), { metadata: { reads } });
  judging = new Judging(new Engine(await unverifiedTogether(archive)), { expires: true });
});
afterAll(() => judging[Symbol.dispose]());

/** As a recording has it, decided as this bundle decides it. */
function judged(more: Partial<JudgedCommand> = {}): JudgedCommand {
  const { text, params: _params, transaction, batch, ...rest } = statement();
  const entry: JudgedCommand = {
    frame: frame(),
    requestId,
    atMs: someTimeMs,
    text,
    params: ['7'],
    action: 'read',
    facts: rest,
    place: { transaction, batch },
    erased: [],
    key: `${String(more.params)} ${text}`,
    decision: {
      effect: 'deny',
      revision: judging.engine.revision,
      findings: [],
      masks: {},
      approval: null,
      limits: {},
    },
    around: { session: facts, minuteMs: someTimeMs - (someTimeMs % 60_000), approval: undefined },
    ...more,
  };
  const read = commandOf(entry);
  if (!read.ok) throw new Error(read.why);
  return more.decision ? entry : { ...entry, decision: judging.decide(entry, read.command) };
}

function replayed(entry: JudgedCommand) {
  const again = replayJudged(entry, judging);
  if (!again.ok) throw new Error(again.why);
  return again.replay;
}

test('the same input gives the same bits, and the input is what the engine reads', () => {
  const { verdict, input, recorded } = replayed(judged());
  expect({ verdict, effect: recorded.effect }).toEqual({ verdict: 'same', effect: 'deny' });
  expect(JSON.parse(input)).toEqual({ v: 1, request_id: requestId, command: { params: ['7'] } });
});

test('an input that was tampered with is noticed where a rule reads it', () => {
  const entry = judged();
  expect(replayed({ ...entry, params: ['8'], key: 'other' })).toMatchObject({
    verdict: 'differs',
    change: { loosened: ['deny -> allow'] },
  });
});

test('a word changed in the answer is noticed', () => {
  const entry = judged();
  const [finding] = entry.decision.findings;
  if (!finding) throw new Error('nothing was found');
  const reworded = { ...entry.decision, findings: [{ ...finding, msg: 'nO' }] };
  expect(replayed({ ...entry, decision: reworded })).toMatchObject({
    verdict: 'differs',
    change: { direction: 'reworded' },
  });
  const elsewhere = { ...entry.decision, revision: asId<typeof entry.decision.revision>('another') };
  expect(replayed({ ...entry, decision: elsewhere }).verdict).toBe('differs');
});

test('what is blanked counts where a rule reads it, and nowhere else', () => {
  const entry = judged();
  expect(replayed({ ...entry, erased: ['text', 'set'] })).toMatchObject({
    verdict: 'same',
    blanked: [],
    unread: ['text', 'set'],
  });
  expect(replayed({ ...entry, erased: ['params'] })).toMatchObject({
    verdict: 'masked',
    blanked: ['params'],
    change: { direction: 'same' },
  });
});

test('a bundle that had expired then is expired again', () => {
  const late = judged({ atMs: someTimeMs + 2 * 86_400_000 });
  expect(late.decision.findings).toMatchObject([{ id: 'SP-005' }]);
  expect(replayed(late).verdict).toBe('same');
});

test('facts and a principal that this version does not know are not judged', () => {
  const entry = judged();
  const facts = { ...entry.facts, action: 'dddl' };
  expect(commandOf({ ...entry, facts })).toMatchObject({ ok: false });
  const strange = { ...frame(), id: asId<SessionId>('s'), principal: { ...frame().principal, kind: 'robot' } };
  expect(commandOf({ ...entry, frame: strange as JudgedCommand['frame'] })).toMatchObject({ ok: false });
});
