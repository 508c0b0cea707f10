import { expect, test } from 'vitest';
import { frame, statement } from '../testing/commands.ts';
import { SessionTally } from './session-tally.ts';

const minute = 60_000;
const lookUp = statement({ lookups: 1 });

test('look-ups are those of the last 60 minutes', () => {
  const tally = new SessionTally(frame());
  tally.looksUp(1, 0);
  tally.looksUp(2, 30 * minute + 59_999);
  const seen = [30, 59, 60, 89, 90, 500].map((at) => tally.factsFor(lookUp, 0, at * minute).lookups);
  expect(seen).toEqual([3, 3, 2, 2, 0, 0]);
});

test('those before it in the same exchange are among them', () => {
  const tally = new SessionTally(frame());
  tally.looksUp(1, 0);
  expect(tally.factsFor(lookUp, 4, 0).lookups).toBe(5);
});

test('a command that looks nothing up is told of none, and has the same facts as long as nothing else changes', () => {
  const tally = new SessionTally(frame());
  const before = tally.factsFor(statement(), 0, 0);
  tally.looksUp(7, 0);
  expect(tally.factsFor(statement(), 3, 0)).toBe(before);
  expect(before.lookups).toBe(0);
});
