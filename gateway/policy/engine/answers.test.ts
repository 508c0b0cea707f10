import { expect, test } from 'vitest';
import { asId, type RequestId, type Revision } from '../../contract/ids.ts';
import { AnswerReader } from './answers.ts';

const id = (text: string) => asId<RequestId>(text);
const reader = () => new AnswerReader(asId<Revision>('r'));

/** As OPA writes it: no white space. */
function answer(requestId: string, msg = 'yes', effect = 'allow'): string {
  const findings = { allow: [{ id: 'A', msg }], deny: [], approve: [], mask: [], limit: [], notify: [] };
  const result = { findings, request_id: requestId, v: 1, effect, masks: {}, approval: null, limits: {} };
  return JSON.stringify([{ result }]);
}

test('the same answer to another request is the same decision', () => {
  const answers = reader();
  const first = answers.read(answer('1'), id('1'), undefined);
  expect(answers.read(answer('2'), id('2'), undefined)).toBe(first);
  expect(answers.read(answer('3', 'other'), id('3'), undefined)).not.toBe(first);
});

test('an answer to another request is refused, however well its text is known', () => {
  const answers = reader();
  answers.read(answer('1'), id('1'), undefined);
  expect(() => answers.read(answer('1'), id('2'), undefined)).toThrow('did not answer this request');
});

test('a request id in a message is no answer to it', () => {
  const answers = reader();
  answers.read(answer('1'), id('1'), undefined);
  expect(() => answers.read(answer('1', '"request_id":"2"'), id('2'), undefined)).toThrow(
    'did not answer this request',
  );
});

test('a refused answer is refused again', () => {
  const answers = reader();
  for (const n of ['1', '2']) {
    expect(() => answers.read(answer(n, 'yes', 'mask'), id(n), undefined)).toThrow('cannot be understood');
  }
});

test('an answer after an approval is read against that approval', () => {
  const answers = reader();
  const fact = { id: 'h', rules: ['P'], approvers: ['bea'], scope: 'once' as const };
  const asked = answer('1').replace('"approve":[]', '"approve":[{"id":"P","msg":"ask","groups":["dba"]}]');
  expect(answers.read(asked, id('1'), fact).effect).toBe('allow');
  expect(() => answers.read(asked, id('1'), undefined)).toThrow('cannot be understood');
});
