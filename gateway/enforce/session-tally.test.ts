import { expect, test } from 'vitest';
import { frame, statement } from '../testing/commands.ts';
import { LookUps } from './look-ups.ts';
import { SessionTally } from './session-tally.ts';

const lookUp = statement({ lookups: 1 });

test('those before it in the same exchange are among them', () => {
  const tally = new SessionTally(frame(), new LookUps());
  tally.looksUp(1, 0);
  expect(tally.factsFor(lookUp, 4, 0).lookups).toBe(5);
});

test('a command that looks nothing up is told of none, and has the same facts as long as nothing else changes', () => {
  const tally = new SessionTally(frame(), new LookUps());
  const before = tally.factsFor(statement(), 0, 0);
  tally.looksUp(7, 0);
  expect(tally.factsFor(statement(), 3, 0)).toBe(before);
  expect(before.lookups).toBe(0);
});
