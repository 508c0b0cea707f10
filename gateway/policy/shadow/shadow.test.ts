import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Decided } from '../../contract/decided.ts';
import type { Decision } from '../../contract/decision.ts';
import { asId, type RequestId, type Revision } from '../../contract/ids.ts';
import { decided as decidedSo, facts, statement } from '../../testing/commands.ts';
import { settled } from '../../testing/settled.ts';
import {
  allowing,
  compileRego,
  decidingBy,
  findings,
  key,
  signedBundle,
  signedData,
  someTimeMs,
  temporaryFolder,
} from '../fixtures.ts';
import { generateSigningKey } from '../bundle/keys.ts';
import type { NamedSource } from '../gathering.ts';
import { FileSource } from '../sources/files.ts';
import { Samples } from './samples.ts';
import { openShadow, type Shadow, type ShadowEvent, type ShadowOptions } from './shadow.ts';
import { ShadowTally } from './report.ts';

const allowed: Decision = {
  effect: 'allow',
  revision: asId<Revision>('main-1'),
  findings: [{ kind: 'allow', id: 'T-1', msg: 'yes' }],
  masks: {},
  approval: null,
  limits: {},
};

const decided = (changes: Partial<Decided> = {}) => decidedSo(allowed, changes);

/** Allows as the decision above does, denies ddl, and has no answer to anything else. */
const differing = `package sets

answer := ${allowing()} if {
  input.command.action in {"read", "run", "connect", "policy.status"}
}

answer := ${allowing({
  effect: '"deny"',
  findings: findings({ deny: '[{"id": "T-9", "msg": "no"}]' }),
})} if input.command.action == "ddl"
`;
/** A question about ddl has an answer, after 64^6 comparisons. */
const endless = `package sets

xs := {${Array.from({ length: 64 }, (_, i) => `"x${i}"`).join(', ')}}

default slow := false

slow if {
  input.command.action == "ddl"
  some a in xs
  some b in xs
  some c in xs
  some d in xs
  some e in xs
  some f in xs
  f == input.command.text
}

answer := ${allowing()} if {
  input.target.name
  not slow
}
`;
let bundle: Buffer;
let sameBundle: Buffer;

beforeAll(async () => {
  const guarded = `package sets\n\nanswer := ${allowing()} if input.target.name\n`;
  const [different, same] = await Promise.all([
    compileRego(process.env, { ...decidingBy('sets.answer'), 'sets.rego': differing }),
    compileRego(process.env, { ...decidingBy('sets.answer'), 'sets.rego': guarded }),
  ]);
  bundle = await signedBundle(different, { revision: 'shadow-1', metadata: { sequence: 1 } });
  sameBundle = await signedBundle(same, { revision: 'shadow-2', metadata: { sequence: 2 } });
});

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let shadow: Shadow | undefined;
let events: ShadowEvent[];
beforeEach(async () => {
  folder = await temporaryFolder();
  events = [];
});
afterEach(async () => {
  await shadow?.[Symbol.asyncDispose]();
  shadow = undefined;
  await folder[Symbol.asyncDispose]();
});

const file = () => join(folder.path, 'shadow.tar.gz');

/** Puts a bundle where it is looked for, whole. */
async function put(archive: Buffer): Promise<void> {
  await writeFile(`${file()}.new`, archive);
  await rename(`${file()}.new`, file());
}

const alone = (): readonly NamedSource[] => [
  { name: 'policy', source: new FileSource(file(), 20), keys: [key.trusted] },
];

function open(changes: Partial<ShadowOptions> = {}): Shadow {
  shadow = openShadow({
    sources: alone(),
    targets: ['crm'],
    clock: { now: () => someTimeMs },
    maxWaiting: 100,
    share: 0.5,
    inForce: {
      revision: () => asId<Revision>('main-1'),
      labelsVersion: () => 'l1',
      columnLabels: () => new Map([['public.customers.ssn', ['pii.ssn']]]),
    },
    onEvent: (event) => void events.push(event),
    count: () => undefined,
    took: () => undefined,
    ...changes,
  });
  return shadow;
}

const judging = (one: Shadow, revision = 'shadow-1') =>
  vi.waitFor(() => expect(one.report(10)).toMatchObject({ state: 'judging', revision, refused: '' }), settled);
const outcomes = (one: Shadow) => one.report(10).counts.outcomes;

describe('a shadow', () => {
  test('counts what its bundle would have decided otherwise, grouped, with examples, and says the first of each kind', async () => {
    await put(bundle);
    const one = open();
    await judging(one);
    const ddl = decided({ command: statement({ action: 'ddl', effects: ['ddl'] }), key: 'd' });
    for (let i = 0; i < 5; i++) one.witness(decided());
    for (let i = 0; i < 4; i++) one.witness({ ...ddl, requestId: asId<RequestId>(`R${i}`) });
    await vi.waitFor(
      () => expect(outcomes(one)).toMatchObject({ same: 5, tightened: 4, failed: 0, dropped: 0 }),
      settled,
    );
    const { counts, against, labels_differ, label_changes } = one.report(10);
    expect({ against, labels_differ }).toEqual({ against: 'main-1', labels_differ: true });
    expect(label_changes).toEqual([{ target: 'crm', column: 'public.customers.ssn', from: ['pii.ssn'], to: [] }]);
    expect(counts.groups).toMatchObject([
      {
        change: 'tightened',
        from: 'allow',
        to: 'deny',
        tightened: ['allow -> deny'],
        rules: ['T-9'],
        principal: 'ana',
        target: 'crm',
        fingerprint: '0000000000000000',
        count: 4,
        examples: [{ request: 'R0' }, { request: 'R1' }, { request: 'R2' }],
      },
    ]);
    expect(events.map((event) => event.type)).toEqual(['bundle.activated', 'shadow.differs']);
  });

  test('an example shows no literal of a statement that touches labels', async () => {
    await put(bundle);
    const one = open();
    await judging(one);
    const command = statement({ action: 'ddl', labels: ['pii.ssn'], text: "… '078-05-1120'" });
    one.witness(decided({ command, texts: { text: command.text, params: [], outline: "… '…'" } }));
    await vi.waitFor(() => expect(one.report(10).counts.groups[0]?.examples[0]?.text).toBe("… '…'"), settled);
    expect(JSON.stringify(one.report(10))).not.toContain('078-05-1120');
  });

  test('a bundle that fails on a command is counted as failed, said once, and no difference', async () => {
    await put(bundle);
    const one = open();
    await judging(one);
    const odd = decided({ command: statement({ action: 'update', effects: ['update'] }), key: 'u' });
    for (let i = 0; i < 3; i++) one.witness({ ...odd, key: `u${i}` });
    await vi.waitFor(() => expect(outcomes(one)).toMatchObject({ failed: 3, tightened: 0 }), settled);
    expect(one.report(10).counts.failure).toContain('SP-00');
    expect(events.filter((event) => event.type === 'shadow.failed')).toHaveLength(1);
  });

  test('there is none yet, then a bad one, then a good one: each is said, and judging begins', async () => {
    const one = open();
    await vi.waitFor(() => expect(one.report(10).refused).toContain('no bundle at'), settled);
    one.witness(decided());
    const broken = Buffer.from(bundle);
    broken[broken.length >> 1] = (broken[broken.length >> 1] ?? 0) ^ 1;
    await put(broken);
    await vi.waitFor(() => expect(events.filter((e) => e.type === 'bundle.refused').length).toBe(2), settled);
    expect(one.report(10).state).toBe('waiting');
    await put(bundle);
    await judging(one);
    expect(one.report(10).refused).toBe('');
    expect(outcomes(one)).toMatchObject({ same: 0, failed: 0, dropped: 0 });
  });

  test('another shadow bundle, or another one in force, starts the counts afresh', async () => {
    await put(bundle);
    const one = open();
    await judging(one);
    one.witness(decided());
    await vi.waitFor(() => expect(outcomes(one).same).toBe(1), settled);
    one.witness(decided({ decision: { ...allowed, revision: asId<Revision>('main-2') } }));
    one.witness(decided({ decision: { ...allowed, revision: asId<Revision>('main-2') } }));
    await vi.waitFor(() => expect(outcomes(one).same).toBe(2), settled);
    await put(sameBundle);
    await judging(one, 'shadow-2');
    expect(outcomes(one).same).toBe(0);
  });

  test('what does not fit the queue is not judged, and counted', async () => {
    await put(bundle);
    const counted: string[] = [];
    const one = open({ maxWaiting: 2, count: (outcome) => void counted.push(outcome) });
    await judging(one);
    for (let i = 0; i < 5; i++) one.witness(decided());
    await vi.waitFor(() => expect(outcomes(one)).toMatchObject({ same: 2, dropped: 3 }), settled);
    expect(counted.toSorted()).toEqual(['dropped', 'dropped', 'dropped', 'same', 'same']);
  });

  test('a bundle whose evaluation takes too long is judged by no more, until there is another', async () => {
    await put(bundle);
    const one = open({ maxEvaluationMs: -1 });
    await judging(one);
    one.witness(decided());
    await vi.waitFor(() => expect(one.report(10).state).toBe('stopped'), settled);
    one.witness(decided());
    expect(outcomes(one).dropped).toBe(1);
    expect(events.at(-1)?.type).toBe('shadow.stopped');
    await put(sameBundle);
    await judging(one, 'shadow-2');
  });

  test('several bundles are tried together, or not at all', async () => {
    const team = generateSigningKey('team');
    const data = await signedData('{"people": {"ana": true}}', { roots: ['people'], by: team.signing });
    const deciding = Object.entries(decidingBy('rules.answer')).map(
      ([name, text]) => [name, text.replace('data.sets', 'data.rules')] as const,
    );
    const denying = allowing({ effect: '"deny"', findings: findings({ allow: '[]' }) });
    const wasm = await compileRego(process.env, {
      ...Object.fromEntries(deciding),
      'rules.rego': `package rules\n\nanswer := ${allowing()} if {\n\tinput.target.name\n\tdata.people[input.principal.id]\n} else := ${denying} if input.target.name\n`,
    });
    await put(await signedBundle(wasm, { revision: 'rules', roots: ['rules', 'sallyport', 'canaries'] }));
    const people = join(folder.path, 'people.tar.gz');
    const other = { source: new FileSource(people, 20), roots: ['people'], keys: [team.trusted] };
    const one = open({ sources: [...alone(), { ...other, name: 'people' }] });
    await vi.waitFor(() => expect(one.report(10).refused).toContain('no bundle at'), settled);
    expect(one.report(10).state).toBe('waiting');
    await writeFile(`${people}.new`, data);
    await rename(`${people}.new`, people);
    await judging(one, 'rules+people:data');
    one.witness(decided());
    await vi.waitFor(() => expect(outcomes(one)).toMatchObject({ same: 1, failed: 0 }), settled);
  });

  test('an evaluation that goes on and on is ended, and meanwhile this thread does other things', async () => {
    const wasm = await compileRego(process.env, { ...decidingBy('sets.answer'), 'sets.rego': endless });
    await put(await signedBundle(wasm, { revision: 'endless' }));
    const one = open({ maxSilenceMs: 5_000, maxEvaluationMs: 3_600_000 });
    await judging(one, 'endless');
    const command = statement({ action: 'ddl', effects: ['ddl'] });
    one.witness(decided({ command, key: 'd' }));
    one.witness(decided({ command, key: 'e' }));
    await vi.waitFor(() => expect(one.report(10).state).toBe('stopped'), settled);
    expect(one.report(10).stopped).toContain('went on for more than 5000 ms');
    expect(outcomes(one)).toMatchObject({ dropped: 2, failed: 0 });
    await put(sameBundle);
    await judging(one, 'shadow-2');
  });

  test('is judged as of the time of the decision', async () => {
    await put(bundle);
    const one = open({ clock: { now: () => someTimeMs + 80_000_000 } });
    await judging(one);
    // By the clock the bundle is good; as of this decision it has expired, and so it cannot judge it.
    const around = { session: facts, minuteMs: someTimeMs + 90_000_000, approval: undefined };
    one.witness(decided({ around }));
    await vi.waitFor(() => expect(one.report(10).counts.failure).toContain('SP-005'), settled);
  });
});

test('judging takes its share of the time and no more: after a slice of work everybody else gets their part', () => {
  let nowMs = 0;
  const timers: { readonly atMs: number; readonly run: () => void }[] = [];
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
  vi.spyOn(globalThis, 'setImmediate').mockImplementation((run) => {
    timers.push({ atMs: nowMs, run });
    return {} as never; // nobody looks at it
  });
  vi.spyOn(globalThis, 'setTimeout').mockImplementation((run, ms = 0) => {
    timers.push({ atMs: nowMs + ms, run });
    return { unref: () => undefined } as never; // nobody looks at it
  });
  const judgedAtMs: number[] = [];
  const judge = () => {
    judgedAtMs.push(nowMs);
    nowMs += 5;
  };
  using samples = new Samples({ maxWaiting: 100, share: 0.1, judge, took: () => undefined });
  for (let i = 0; i < 3; i++) samples.offer(decided());
  for (let next = timers.shift(); next; next = timers.shift()) {
    nowMs = Math.max(nowMs, next.atMs);
    next.run();
  }
  // 5 ms of work at a tenth of the time: 45 ms for everybody else.
  expect(judgedAtMs).toEqual([0, 50, 100]);
  vi.restoreAllMocks();
});

test('groups are bounded: what comes after the last one is counted all the same', () => {
  const tally = new ShadowTally(someTimeMs);
  const change = { direction: 'tightened', loosened: [], tightened: ['x'], rules: ['T-9'] } as const;
  for (let i = 0; i < 1_010; i++)
    tally.compared(decided({ command: statement({ fingerprint: String(i) }) }), { ...allowed, effect: 'deny' }, change);
  const counts = tally.counts(5);
  expect(counts).toMatchObject({ ungrouped: 10, outcomes: { tightened: 1_010 } });
  expect(counts.groups).toHaveLength(5);
});
