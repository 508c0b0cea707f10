import { expect, test } from 'vitest';
import type { Decision } from '../contract/decision.ts';
import { asId, type Revision } from '../contract/ids.ts';
import { isUndeliverable, obligationsOfAll } from './obligations.ts';

const decision = (masks: Decision['masks'], limits: Decision['limits'] = {}): Decision => ({
  ...{ effect: 'mask', revision: asId<Revision>('r'), findings: [], approval: null },
  ...{ masks, limits },
});

test.each<['rows' | 'stream' | 'carried', Decision, boolean]>([
  ['rows', decision({ 'pii.ssn': 'hash', 'detector:card': 'redact' }, { rows: 1, bytes: 1 }), false],
  ['rows', decision({ 'pattern:a': 'redact' }), true],
  ['rows', decision({}, { seconds: 1 }), true],
  ['rows', decision({}, { input_bytes: 1 }), true],
  [
    'stream',
    decision({ 'pattern:a': 'redact', 'detector:card': 'null' }, { bytes: 1, input_bytes: 1, seconds: 1 }),
    false,
  ],
  ['stream', decision({ 'pii.ssn': 'hash' }), true],
  ['stream', decision({}, { rows: 1 }), true],
  ['carried', decision({}, { bytes: 1, input_bytes: 1, seconds: 1 }), false],
  ['carried', decision({ 'detector:card': 'redact' }), true],
  ['carried', decision({ 'pattern:a': 'redact' }), true],
  ['carried', decision({}, { rows: 1 }), true],
])('%s: what cannot be carried is a no (%#)', (results, asked, expected) => {
  expect(isUndeliverable({ results }, asked)).toBe(expected);
});

test('one stream is held to the smallest limits and the most private masks of all its commands', () => {
  const own = decision({ 'detector:card': 'partial' }, { bytes: 9, seconds: 5 });
  const other = decision({ 'detector:card': 'null', 'pattern:a': 'hash' }, { bytes: 10, input_bytes: 3 });
  for (const first of [own, other]) {
    const { masks, limits } = obligationsOfAll(first, [{ decision: own }, { decision: other }]);
    expect(masks).toEqual({ 'detector:card': 'null', 'pattern:a': 'hash' });
    expect(limits).toEqual({ bytes: 9, input_bytes: 3, seconds: 5 });
  }
});
