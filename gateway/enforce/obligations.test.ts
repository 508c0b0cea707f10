import { expect, test } from 'vitest';
import type { PostgresCommand } from '../contract/command-postgres.ts';
import type { Decision } from '../contract/decision.ts';
import { asId, type Revision } from '../contract/ids.ts';
import { fileCommand } from '../facts/files/index.ts';
import { readLine } from '../facts/shell/index.ts';
import { statement } from '../testing/commands.ts';
import { obligationsOfAll, undeliverable } from './obligations.ts';

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
  expect(undeliverable({ results }, statement(), asked) !== undefined).toBe(expected);
});

test('a COPY on which no mask can be put is a no, where one has to be', () => {
  const copy = { direction: 'out', to: 'client', format: 'text', unmaskable: 'its option encoding' } as const;
  const output = [{ name: 'ssn', sources: ['public.people.ssn'], transform: 'plain', labels: ['pii.ssn'] }] as const;
  const refused = (changes: Partial<PostgresCommand>, masks: Decision['masks']) =>
    undeliverable({ results: 'rows' }, statement({ output, copy, ...changes }), decision(masks))?.message;
  expect(refused({}, { 'pii.ssn': 'hash' })).toContain('on this COPY no mask can be put: its option encoding');
  expect(refused({}, { 'detector:card': 'redact' })).toContain('on this COPY no mask can be put');
  expect(refused({}, { 'pii.email': 'hash' })).toBeUndefined();
  expect(refused({ copy: { ...copy, unmaskable: null } }, { 'pii.ssn': 'hash' })).toBeUndefined();
  expect(refused({ copy: { ...copy, to: 'file' } }, { 'detector:card': 'redact' })).toBeUndefined();
  expect(refused({ copy: { ...copy, direction: 'in' } }, { 'detector:card': 'redact' })).toBeUndefined();
  expect(refused({ copy: null }, { 'pii.ssn': 'hash' })).toBeUndefined();
});

test.each<[boolean, number, boolean]>([
  [true, 0, false],
  [true, 1, true],
  [false, 0, true],
])('lines that can be judged (%s), and %i that need not be: a no is %s', (canJudgeLines, most, expected) => {
  const asked = decision({}, { unjudged_lines: most });
  expect(undeliverable({ results: 'stream', canJudgeLines }, statement(), asked) !== undefined).toBe(expected);
  for (const results of ['rows', 'contents', 'carried'] as const)
    expect(undeliverable({ results }, statement(), asked) !== undefined).toBe(true);
});

test.each([decision({ 'detector:card': 'redact' }), decision({}, { bytes: 1 }), decision({}, { seconds: 1 })])(
  'what is printed elsewhere carries nothing (%#)',
  (asked) => {
    expect(undeliverable({ results: 'elsewhere' }, statement(), asked) !== undefined).toBe(true);
    expect(undeliverable({ results: 'elsewhere' }, statement(), decision({})) !== undefined).toBe(false);
  },
);

test('one stream is held to the smallest limits and the most private masks of all its commands', () => {
  const own = decision({ 'detector:card': 'partial' }, { bytes: 9, seconds: 5 });
  const other = decision({ 'detector:card': 'null', 'pattern:a': 'hash' }, { bytes: 10, input_bytes: 3 });
  for (const first of [own, other]) {
    const { masks, limits } = obligationsOfAll(first, [{ decision: own }, { decision: other }]);
    expect(masks).toEqual({ 'detector:card': 'null', 'pattern:a': 'hash' });
    expect(limits).toEqual({ bytes: 9, input_bytes: 3, seconds: 5 });
  }
});

test.each<[string, Decision, boolean, boolean]>([
  ['masks that search', decision({ 'pattern:a': 'redact', 'detector:card': 'hash' }, { bytes: 1 }), true, false],
  ['the same, of a file that is written as well', decision({ 'detector:card': 'redact' }), false, true],
  ['a limit of bytes', decision({}, { bytes: 1 }), false, false],
  ['a label', decision({ 'pii.ssn': 'redact' }), true, true],
  ['nothing in its place', decision({ 'detector:card': 'null' }), true, true],
  ['a limit of time', decision({ 'detector:card': 'redact' }, { seconds: 1 }), true, true],
])('files and %s', (_, asked, canMaskContents, expected) => {
  const command = fileCommand({ operation: 'open', flags: ['read'], path: '/a', askedPath: '/a' });
  expect(undeliverable({ results: 'contents', canMaskContents }, command, asked) !== undefined).toBe(expected);
});

test.each<[line: string, Decision['masks'], boolean]>([
  ['scp -f /a', { 'detector:card': 'redact' }, false],
  ['scp -f /a', { 'detector:card': 'null' }, true],
  ['scp -f /a', { 'pattern:a': 'redact' }, true],
  ['scp -t /a', { 'pattern:a': 'redact' }, false],
  ['rsync --server --sender -logDtpre.iLsfxCIvu . /a', { 'detector:card': 'redact' }, true],
  ['git-upload-pack /a', { 'detector:card': 'redact' }, true],
  ['git-upload-pack /a', {}, false],
  ['cat /a', { 'pattern:a': 'redact' }, false],
])('a transfer by %s under %j', (text, masks, expected) => {
  const read = readLine(text, { shell: 'bash', pty: false });
  if (!read.ok) throw new Error(read.why);
  expect(undeliverable({ results: 'stream' }, read.commands[0], decision(masks)) !== undefined).toBe(expected);
});
