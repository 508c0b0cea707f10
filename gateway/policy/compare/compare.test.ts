import fc from 'fast-check';
import { expect, test } from 'vitest';
import { effects, maskMethods, type Decision, type Finding } from '../../contract/decision.ts';
import { asId, type Revision } from '../../contract/ids.ts';
import { canonicalJson, compareDecisions, decisionBits, isLoosened } from './compare.ts';

const finding = (id: string, kind: Finding['kind'] = 'allow', msg = id): Finding => ({ kind, id, msg });

function decision(fields: Partial<Decision>): Decision {
  const revision = asId<Revision>('r');
  return { effect: 'allow', revision, findings: [finding('A')], masks: {}, approval: null, limits: {}, ...fields };
}

const terms = { rules: ['P'], groups: ['dba'], quorum: 2, ttl_s: 900, scope: 'once' } as const;
const held = (over: object) => decision({ effect: 'require_approval', approval: { ...terms, ...over } });

test('the same answer under another revision is the same', () => {
  expect(compareDecisions(decision({}), decision({ revision: asId<Revision>('s') }))).toEqual({
    direction: 'same',
    loosened: [],
    tightened: [],
    rules: [],
  });
});

test('an answer that only says it otherwise is reworded', () => {
  expect(compareDecisions(decision({}), decision({ findings: [finding('A', 'allow', 'better')] }))).toEqual({
    direction: 'reworded',
    loosened: [],
    tightened: [],
    rules: ['A'],
  });
});

test.each([
  ['an effect', decision({ effect: 'deny' }), decision({}), 'deny -> allow'],
  ['a mask that went', decision({ effect: 'mask', masks: { ssn: 'redact' } }), decision({}), 'mask -> allow'],
  [
    'a weaker mask',
    decision({ effect: 'mask', masks: { ssn: 'null' } }),
    decision({ effect: 'mask', masks: { ssn: 'partial' } }),
    'ssn: null -> partial',
  ],
  ['a limit that went', decision({ limits: { rows: 10 } }), decision({}), 'rows: 10 -> no limit'],
  ['a wider limit', decision({ limits: { bytes: 10 } }), decision({ limits: { bytes: 20 } }), 'bytes: 10 -> 20'],
  ['fewer approvers', held({}), held({ quorum: 1 }), 'quorum: 2 -> 1'],
  ['more people who may approve', held({}), held({ groups: ['dba', 'all'] }), 'approvers: all too'],
  ['an approval for the whole session', held({}), held({ scope: 'session' }), 'scope: once -> session'],
] as const)('%s is loosened, and the way back is tightened', (_, strict, loose, what) => {
  expect(compareDecisions(strict, loose)).toMatchObject({ direction: 'loosened' });
  expect(compareDecisions(strict, loose).loosened).toContain(what);
  expect(compareDecisions(loose, strict)).toMatchObject({ direction: 'tightened', loosened: [] });
});

test('held instead of masked is stricter and looser: the mask is gone once somebody approves', () => {
  const change = compareDecisions(decision({ effect: 'mask', masks: { ssn: 'redact' } }), held({}));
  expect(change).toMatchObject({
    direction: 'mixed',
    loosened: ['ssn: redact -> unmasked'],
    tightened: ['mask -> require_approval'],
  });
  expect(isLoosened(change)).toBe(true);
});

test('the rules are those whose findings came or went', () => {
  const before = decision({ findings: [finding('A'), finding('B', 'deny')], effect: 'deny' });
  const after = decision({ findings: [finding('A'), finding('C', 'notify')] });
  expect(compareDecisions(before, after).rules).toEqual(['B', 'C']);
});

const anyDecision = fc
  .record({
    effect: fc.constantFrom(...effects),
    masks: fc.dictionary(fc.constantFrom('a', 'b'), fc.constantFrom(...maskMethods)),
    limits: fc.record({ rows: fc.nat(3), bytes: fc.nat(3) }, { requiredKeys: [] }),
  })
  .map(decision);

test('there and back are opposites, and nothing differs from itself', () => {
  const opposite = { same: 'same', reworded: 'reworded', loosened: 'tightened', tightened: 'loosened', mixed: 'mixed' };
  fc.assert(
    fc.property(anyDecision, anyDecision, (a, b) => {
      expect(compareDecisions(b, a).direction).toBe(opposite[compareDecisions(a, b).direction]);
      expect(compareDecisions(a, structuredClone(a)).direction).toBe('same');
    }),
  );
});

test('bits do not depend on the order in which fields were written', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (fields) => {
      const turned = Object.fromEntries(Object.entries(fields).reverse());
      expect(canonicalJson(turned)).toBe(canonicalJson(fields));
      expect(JSON.parse(canonicalJson(fields))).toEqual(JSON.parse(JSON.stringify(fields)));
    }),
  );
  expect(decisionBits(decision({ limits: { rows: 1, bytes: 2 } }))).toBe(
    decisionBits(decision({ limits: { bytes: 2, rows: 1 } })),
  );
});
