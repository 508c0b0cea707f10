import { expect, test } from 'vitest';
import { frame } from '../testing/commands.ts';
import { LookUps } from './look-ups.ts';

const minute = 60_000;
const ana = frame();
const elsewhere = { ...ana, target: { ...ana.target, name: 'billing' } };
const ben = { ...ana, principal: { ...ana.principal, id: 'ben' } };
const namesake = { ...ana, principal: { ...ana.principal, issuer: 'https://other.example' } };

test('look-ups are those of the last 60 minutes', () => {
  const made = new LookUps();
  made.add(ana, 1, 0);
  made.add(ana, 2, 30 * minute + 59_999);
  const seen = [30, 59, 60, 89, 90, 500].map((at) => made.count(ana, at * minute));
  expect(seen).toEqual([3, 3, 2, 2, 0, 0]);
});

test('each principal has its own on each target, whichever session they were made in', () => {
  const made = new LookUps();
  made.add(ana, 3, 0);
  made.add({ ...ana, id: ben.id }, 1, 0);
  expect([ana, elsewhere, ben, namesake].map((who) => made.count(who, 0))).toEqual([4, 0, 0, 0]);
});

test('who looks up nothing, or did so an hour ago, is not remembered', () => {
  const made = new LookUps();
  made.add(ana, 0, 0);
  expect(made.size).toBe(0);
  for (let n = 0; n < 1_000; n += 1) made.add({ ...ana, principal: { ...ana.principal, id: String(n) } }, 1, n);
  expect(made.size).toBe(1_000);
  made.add(ana, 1, 61 * minute);
  expect(made.size).toBe(1);
});
