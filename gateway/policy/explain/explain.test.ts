import { expect, test } from 'vitest';
import type { Finding } from '../../contract/decision.ts';
import { statement } from '../../testing/commands.ts';
import type { JudgedLine } from '../lines/judged.ts';
import { explainLine, explanationText } from './explain.ts';

const nothing: JudgedLine = {
  effect: 'allow',
  commands: [],
  findings: [],
  masks: {},
  columns: {},
  limits: {},
  approval: null,
  refused: '',
};
const rule = { entrypoint: 'postgres', title: 'Its title', file: 'a.rego', line: 3, endLine: 5, message: /^/ };
const found = (kind: Finding['kind'], id: string) => ({ kind, id, msg: 'so it is', rule: { ...rule, kind, id } });

test.each<readonly [Partial<JudgedLine>, string]>([
  [{ effect: 'refused', refused: 'syntax error' }, 'The gateway refuses it before policy is asked: syntax error.'],
  [
    { effect: 'deny', findings: [found('deny', 'A'), found('allow', 'B')] },
    'A (Its title) says no, and one deny is stronger than everything else.',
  ],
  [
    { effect: 'deny', findings: [found('deny', 'A'), found('deny', 'A'), found('deny', 'C')] },
    'A (Its title), with C, says no, and one deny is stronger than everything else.',
  ],
  [
    { effect: 'deny', findings: [{ ...found('deny', 'SP-004'), rule: undefined }] },
    'SP-004 says no, and one deny is stronger than everything else.',
  ],
  [{ effect: 'deny', findings: [found('mask', 'M')] }, 'No rule allows it, and what nothing allows is denied.'],
  [
    { effect: 'deny', findings: [found('allow', 'B')] },
    'One of its commands is allowed by no rule, and what travels together gets the strongest effect.',
  ],
  [
    {
      effect: 'require_approval',
      findings: [found('approve', 'P'), found('allow', 'B')],
      approval: { rules: ['P'], groups: ['dba', 'approvers'], quorum: 2, ttl_s: 1, scope: 'once' },
    },
    'P (Its title) asks for an approval by 2 members of dba or approvers; B (Its title) allows it after that.',
  ],
  [
    {
      effect: 'mask',
      findings: [found('mask', 'M'), found('allow', 'B')],
      masks: { 'pii.ssn': 'partial' },
      columns: { number: 'partial' },
    },
    'B (Its title) allows it, and M (Its title) masks number (partial).',
  ],
  [
    { effect: 'mask', findings: [found('mask', 'M'), found('allow', 'B')], masks: { 'pii.ssn': 'hash' } },
    'B (Its title) allows it, and M (Its title) masks pii.ssn (hash).',
  ],
  [
    { findings: [found('allow', 'B')], limits: { rows: 1000, bytes: 5 } },
    'B (Its title) allows it, and no rule denies it, asks for an approval or masks anything; at most 1000 rows and 5 bytes.',
  ],
])('%#: one sentence says why', (judged, why) => {
  expect(explainLine({ ...nothing, ...judged }).why).toBe(why);
});

test('the text has the rule, its place and the facts of each command', () => {
  const judged = {
    ...nothing,
    findings: [{ ...found('allow', 'B'), hint: 'do so' }],
    commands: [statement(), statement()],
  };
  const text = explanationText(explainLine(judged));
  expect(text).toContain('allow B: Its title\n  so it is\n  do so\n  a.rego:3\n');
  expect(text).toContain('facts of command 2\n  protocol: postgres\n  action: read\n');
  expect(text).not.toContain('select id from orders');
});
