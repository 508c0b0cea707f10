import fc from 'fast-check';
import { expect, test } from 'vitest';
import { effects, maskMethods, type MaskMethod } from '../../contract/decision.ts';
import { asId, type Revision } from '../../contract/ids.ts';
import { requestId } from '../../testing/commands.ts';
import { readAnswer } from './answer.ts';

const revision = asId<Revision>('r');
const sets = { allow: [{ id: 'A', msg: 'yes' }], deny: [], approve: [], mask: [], limit: [], notify: [] };
const plain = { v: 1, request_id: requestId, effect: 'allow', findings: sets, masks: {}, approval: null, limits: {} };
const approve = { id: 'P', msg: 'ask', groups: ['dba', 'leads'], quorum: 2, ttl_s: 60, scope: 'once' };
const terms = { rules: ['P'], groups: ['dba'], quorum: 2, ttl_s: 60, scope: 'once' };
const mask = { id: 'M', msg: 'masked', label: 'pii.ssn', method: 'hash' };
const found = (more: object) => ({ findings: { ...sets, ...more } });

function read(changes: object = {}, approval?: readonly string[]) {
  const fact = approval && { id: 'h', rules: approval, approvers: ['bea'], scope: 'once' as const };
  return readAnswer(JSON.stringify([{ result: { ...plain, ...changes } }]), requestId, revision, fact);
}

test('an answer becomes a decision', () => {
  expect(read()).toEqual({
    effect: 'allow',
    revision,
    findings: [{ kind: 'allow', id: 'A', msg: 'yes' }],
    masks: {},
    approval: null,
    limits: {},
  });
});

test('an answer to another request is refused', () => {
  expect(() => read({ request_id: 'other' })).toThrow('did not answer this request');
});

test.each(['[]', '[{"result":{}},{"result":{}}]'])('%s is no answer', (text) => {
  expect(() => readAnswer(text, requestId, revision, undefined)).toThrow('did not answer this request');
});

const odd: readonly (readonly [string, object])[] = [
  ['no version', { v: undefined }],
  ['another version', { v: 2 }],
  ['an effect that nobody knows', { effect: 'permit' }],
  ['a field that nobody knows', { comment: 'hi' }],
  ['no findings', { findings: null }],
  ['a set that nobody knows', found({ denny: [] })],
  ['a set missing', { findings: { ...sets, deny: undefined } }],
  ['a finding without id', found({ allow: [{ msg: 'yes' }] })],
  ['a finding without message', found({ allow: [{ id: 'A' }] })],
  ['a finding that is a string', found({ allow: ['A'] })],
  ['a finding with a field of another set', found({ allow: [{ id: 'A', msg: 'yes', rows: 1 }] })],
  ['an unknown severity', found({ allow: [{ id: 'A', msg: 'yes', severity: 'mild' }] })],
  [
    'a mask without label',
    { effect: 'mask', ...found({ mask: [{ ...mask, label: undefined }] }), masks: { x: 'null' } },
  ],
  [
    'a mask with an unknown method',
    { effect: 'mask', ...found({ mask: [{ ...mask, method: 'blur' }] }), masks: { 'pii.ssn': 'null' } },
  ],
  [
    'a mask by a detector that there is not',
    { effect: 'mask', ...found({ mask: [{ ...mask, label: 'detector:carrd' }] }), masks: { 'detector:carrd': 'null' } },
  ],
  ['a mask that got lost', { effect: 'mask', ...found({ mask: [mask] }) }],
  ['a mask that got weaker', { effect: 'mask', ...found({ mask: [mask] }), masks: { 'pii.ssn': 'partial' } }],
  ['a chosen method that nobody knows', { masks: { x: 'blur' } }],
  ['allow where a deny was found', found({ deny: [{ id: 'D', msg: 'no' }] })],
  ['allow where nothing allows', found({ allow: [] })],
  ['allow where an approval is asked for', found({ approve: [approve] })],
  ['allow where a mask was found', { ...found({ mask: [mask] }), masks: { 'pii.ssn': 'hash' } }],
  ['mask where nothing is masked', { effect: 'mask' }],
  ['an approval that nobody asked for', { effect: 'require_approval', approval: terms }],
  ['an approval without terms', { effect: 'require_approval', ...found({ approve: [approve] }) }],
  [
    'an approval by nobody',
    { effect: 'require_approval', ...found({ approve: [approve] }), approval: { ...terms, groups: [] } },
  ],
  [
    'an approval by others than the rule says',
    { effect: 'require_approval', ...found({ approve: [approve] }), approval: { ...terms, groups: ['all'] } },
  ],
  [
    'an approval by fewer than the rule says',
    { effect: 'require_approval', ...found({ approve: [approve] }), approval: { ...terms, quorum: 1 } },
  ],
  [
    'an approval without its rule',
    { effect: 'require_approval', ...found({ approve: [approve] }), approval: { ...terms, rules: [] } },
  ],
  [
    'a quorum of none',
    { effect: 'require_approval', ...found({ approve: [{ ...approve, quorum: 0 }] }), approval: terms },
  ],
  ['a limit that got lost', found({ limit: [{ id: 'L', msg: 'few', rows: 5 }] })],
  ['a limit that got wider', { ...found({ limit: [{ id: 'L', msg: 'few', rows: 5 }] }), limits: { rows: 6 } }],
  ['a limit of nothing', found({ limit: [{ id: 'L', msg: 'few' }] })],
  ['a negative limit', { limits: { rows: -1 } }],
  ['a limit in words', { limits: { rows: 'many' } }],
  ['a notification to nowhere', found({ notify: [{ id: 'N', msg: 'hey' }] })],
];

test.each(odd)('an answer with %s is refused', (_what, changes) => {
  expect(() => read(changes)).toThrow('cannot be understood');
});

test('after the approval of its rule a command runs, with its masks', () => {
  const changes = { effect: 'mask', ...found({ approve: [approve], mask: [mask] }), masks: { 'pii.ssn': 'hash' } };
  expect(read(changes, ['P'])).toMatchObject({ effect: 'mask', masks: { 'pii.ssn': 'hash' }, approval: null });
  expect(() => read(changes, ['Q'])).toThrow('cannot be understood');
});

test('a deny needs no reason, but an approval that nobody can give is explained', () => {
  expect(read({ effect: 'deny', findings: { ...sets, allow: [] } })).toMatchObject({ effect: 'deny', findings: [] });
  const stuck = read({ effect: 'deny', ...found({ approve: [approve] }) });
  expect(stuck.findings[0]).toMatchObject({ kind: 'deny', id: 'SP-007' });
});

test('the worst finding comes first', () => {
  const deny = [
    { id: 'D1', msg: 'no' },
    { id: 'D4', msg: 'no', severity: 'critical' },
    { id: 'D2', msg: 'no', severity: 'low' },
    { id: 'D3', msg: 'no', severity: 'critical' },
  ];
  expect(read({ effect: 'deny', ...found({ deny }) }).findings.map((f) => f.id)).toEqual(['D3', 'D4', 'D2', 'D1', 'A']);
});

test('labels may have any name', () => {
  const text = JSON.stringify([
    {
      result: {
        ...plain,
        effect: 'mask',
        ...found({ mask: [{ ...mask, label: 'constructor' }] }),
        masks: { constructor: 'hash' },
      },
    },
  ]);
  expect(readAnswer(text, requestId, revision, undefined).masks['constructor']).toBe('hash');
  expect(() => read({ effect: 'mask', ...found({ mask: [{ ...mask, label: 'toString' }] }) })).toThrow(
    'cannot be understood',
  );
});

/** Whatever a bundle's resolver says, the decision is never weaker than its findings. */
test('no answer loosens its findings', () => {
  const method = fc.constantFrom(...maskMethods);
  const answers = fc.record({
    effect: fc.constantFrom(...effects),
    denies: fc.boolean(),
    allows: fc.boolean(),
    asks: fc.boolean(),
    wanted: fc.option(method, { nil: undefined }),
    chosen: fc.option(method, { nil: undefined }),
    rows: fc.option(fc.nat(9), { nil: undefined }),
    cut: fc.option(fc.nat(9), { nil: undefined }),
    withTerms: fc.boolean(),
  });
  fc.assert(
    fc.property(answers, (a) => {
      const changes = {
        effect: a.effect,
        ...found({
          deny: a.denies ? [{ id: 'D', msg: 'no' }] : [],
          allow: a.allows ? sets.allow : [],
          approve: a.asks ? [approve] : [],
          mask: a.wanted ? [{ ...mask, method: a.wanted }] : [],
          limit: a.rows === undefined ? [] : [{ id: 'L', msg: 'few', rows: a.rows }],
        }),
        masks: a.chosen ? { 'pii.ssn': a.chosen } : {},
        limits: a.cut === undefined ? {} : { rows: a.cut },
        approval: a.withTerms ? terms : null,
      };
      let decision;
      try {
        decision = read(changes);
      } catch {
        return; // refused, and so a deny
      }
      if (decision.effect === 'deny') return;
      expect(a.denies).toBe(false);
      expect(a.allows).toBe(true);
      expect(decision.effect === 'require_approval').toBe(a.asks);
      expect(a.wanted === undefined || rankOf(decision.masks['pii.ssn']) <= rankOf(a.wanted)).toBe(true);
      expect(decision.limits.rows ?? Infinity).toBeLessThanOrEqual(a.rows ?? Infinity);
    }),
    { numRuns: 1_000 },
  );
});

function rankOf(method: MaskMethod | undefined): number {
  return method === undefined ? Infinity : maskMethods.indexOf(method);
}
