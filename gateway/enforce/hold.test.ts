import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ApprovalTerms, Decision } from '../contract/decision.ts';
import { asId, type Revision, type SessionId } from '../contract/ids.ts';
import { frame, statement } from '../testing/commands.ts';
import { holdDigest, mergedTerms } from './hold.ts';

interface Asked {
  readonly session: string;
  readonly issuer: string;
  readonly principal: string;
  readonly target: string;
  readonly revision: string;
  readonly commands: readonly { readonly text: string; readonly params: readonly (string | null)[] }[];
}

/** Words that could be mistaken for the digest's own punctuation are the interesting ones. */
const word = fc.oneof(fc.string(), fc.constantFrom('', '1:', '0:', 'null', 'value ', '2:aa', 'ä', '1', 'a', 'aa'));
const asked: fc.Arbitrary<Asked> = fc.record({
  session: word,
  issuer: word,
  principal: word,
  target: word,
  revision: word,
  commands: fc.array(fc.record({ text: word, params: fc.array(fc.oneof(word, fc.constant(null)), { maxLength: 3 }) }), {
    minLength: 1,
    maxLength: 3,
  }),
});

function digest({ session, issuer, principal, target, revision, commands }: Asked): string {
  const who = frame({ id: principal, issuer }, target);
  const [first, ...rest] = commands.map(({ text, params }) => statement({ text, params }));
  if (!first) throw new Error('an exchange has at least one command');
  return holdDigest({ ...who, id: asId<SessionId>(session) }, { commands: [first, ...rest] }, revision);
}

test('two requests have the same digest exactly when they are the same', () => {
  fc.assert(
    fc.property(asked, asked, (a, b) => {
      expect(digest(a) === digest(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
    }),
  );
});

test('any single change is another digest', () => {
  fc.assert(
    fc.property(asked, word, fc.nat(), (a, other, which) => {
      const names = ['session', 'issuer', 'principal', 'target', 'revision'] as const;
      const name = names[which % names.length] ?? 'session';
      const b = { ...a, [name]: other };
      expect(digest(a) === digest(b)).toBe(a[name] === other);
    }),
  );
});

test.each([
  [
    'text moves from one command into the next',
    [
      { text: 'ab', params: [] },
      { text: 'c', params: [] },
    ],
    [
      { text: 'a', params: [] },
      { text: 'bc', params: [] },
    ],
  ],
  [
    'a parameter becomes a command',
    [{ text: 'a', params: ['b'] }],
    [
      { text: 'a', params: [] },
      { text: 'b', params: [] },
    ],
  ],
  ['NULL and the text null', [{ text: 'a', params: [null] }], [{ text: 'a', params: ['null'] }]],
  ['parameters change places', [{ text: 'a', params: ['1', '2'] }], [{ text: 'a', params: ['2', '1'] }]],
  ['no parameter and an empty one', [{ text: 'a', params: [] }], [{ text: 'a', params: [''] }]],
])('an approval does not carry over when %s', (_name, before, after) => {
  const who = { session: 's', issuer: 'i', principal: 'p', target: 't', revision: 'r' };
  expect(digest({ ...who, commands: before })).not.toBe(digest({ ...who, commands: after }));
});

const group = fc.constantFrom('dba', 'security', 'legal');
const terms: fc.Arbitrary<ApprovalTerms> = fc.record({
  rules: fc.uniqueArray(fc.constantFrom('R1', 'R2', 'R3'), { minLength: 1 }),
  groups: fc.uniqueArray(group, { minLength: 1 }),
  quorum: fc.integer({ min: 1, max: 3 }),
  ttl_s: fc.integer({ min: 1, max: 900 }),
  scope: fc.constantFrom('once', 'session'),
});

function asking(approval: ApprovalTerms): Decision {
  const effect = 'require_approval';
  return { effect, revision: asId<Revision>('r'), findings: [], masks: {}, approval, limits: {} };
}

test('what is approved together satisfies every demand', () => {
  fc.assert(
    fc.property(fc.array(terms, { minLength: 1, maxLength: 4 }), (demands) => {
      const merged = mergedTerms(demands.map(asking));
      for (const demand of demands) {
        if (!merged) continue;
        expect(demand.groups).toEqual(expect.arrayContaining([...merged.groups]));
        expect(merged.rules).toEqual(expect.arrayContaining([...demand.rules]));
        expect(merged.quorum).toBeGreaterThanOrEqual(demand.quorum);
        expect(merged.ttl_s).toBeLessThanOrEqual(demand.ttl_s);
        expect(['once', demand.scope]).toContain(merged.scope);
      }
      const common = demands.reduce(
        (left, d) => left.filter((g) => d.groups.includes(g)),
        ['dba', 'security', 'legal'],
      );
      expect(merged === undefined).toBe(common.length === 0);
    }),
  );
});
