import { expect, test } from 'vitest';
import type { Decision } from '../contract/decision.ts';
import type { RequestId, Revision } from '../contract/ids.ts';
import { readForwardLine } from '../facts/forwards/index.ts';
import { shellRequest } from '../facts/shell/index.ts';
import { denialOf } from './denials.ts';

const id = 'req' as RequestId;
const unallowed: Decision = {
  effect: 'deny',
  findings: [],
  masks: {},
  approval: null,
  limits: {},
  revision: 'r' as Revision,
};

test.each(['forward local db:5432', 'forward agent', 'subsystem netconf'])(
  'who asked for %s reads that, and how to come by a rule',
  (line) => {
    const read = readForwardLine(line);
    const { message, hint } = denialOf(unallowed, id, read.ok ? read.command : undefined);
    expect(message).toBe(`denied by policy: no rule allows ${line}`);
    expect(hint).toMatch(/^Ask for a rule with input\.command\.request "(forward|subsystem)"/);
  },
);

test('a rule that says no is what a forward is told about', () => {
  const read = readForwardLine('forward agent');
  const findings: Decision['findings'] = [{ kind: 'deny', id: 'OURS-1', msg: 'no agents', hint: 'Use a certificate.' }];
  const denial = denialOf({ ...unallowed, findings }, id, read.ok ? read.command : undefined);
  expect(denial).toMatchObject({ message: 'denied by policy: no agents [OURS-1]', hint: 'Use a certificate.' });
});

test('others see what they sent, so no text of theirs is repeated', () => {
  expect(denialOf(unallowed, id, shellRequest(true)).message).toBe('denied by policy: no rule allows this');
  expect(denialOf(unallowed, id).message).toBe('denied by policy: no rule allows this');
});
