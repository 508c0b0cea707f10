import { expect, test } from 'vitest';
import type { Login } from '../../contract/principal.ts';
import { frame } from '../../testing/commands.ts';
import { SshCodes } from './codes.ts';

const minute = 60_000;
let nowMs = 1_000_000;
const clock = { now: () => nowMs };
const login = (id: string, expiresAtMs = nowMs + 60 * minute): Login => ({
  principal: { ...frame().principal, id },
  expiresAtMs,
});
const issued = (codes: SshCodes, of: Login = login('ana')) => {
  const made = codes.issue('web1', of);
  if (typeof made === 'string') throw new Error(made);
  return made;
};

test('a code logs in once, to its target', () => {
  const codes = new SshCodes(clock, 100);
  const { code } = issued(codes);
  expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{5}-){5}[0-9A-HJKMNP-TV-Z]$/);
  expect(codes.redeem(code, 'web1')).toMatchObject({ principal: { id: 'ana' } });
  expect(codes.redeem(code, 'web1')).toBe('a one-time code that is unknown, used or over');
});

test('it is read as people type it', () => {
  const codes = new SshCodes(clock, 100);
  expect(codes.redeem(` ${issued(codes).code.toLowerCase().replaceAll('-', ' ')}\n`, 'web1')).toMatchObject({});
});

test('a code for another target is used up by the attempt', () => {
  const codes = new SshCodes(clock, 100);
  const { code } = issued(codes);
  expect(codes.redeem(code, 'web2')).toBe('a one-time code for another target');
  expect(codes.redeem(code, 'web1')).toContain('unknown');
});

test.each(['', '0', 'x'.repeat(26), 'A'.repeat(26), 'Ä'.repeat(26), '0'.repeat(10_000)])(
  '%j is no code, and harms none',
  (given) => {
    const codes = new SshCodes(clock, 100);
    const { code } = issued(codes);
    expect(codes.redeem(given, 'web1')).toContain('unknown');
    expect(codes.redeem(code, 'web1')).toMatchObject({ principal: { id: 'ana' } });
  },
);

test('it ends after five minutes, and no later than the token', () => {
  const codes = new SshCodes(clock, 100);
  const [first, second] = [issued(codes), issued(codes)];
  const short = issued(codes, login('bob', nowMs + minute));
  expect(short.expiresAtMs).toBe(nowMs + minute);
  nowMs += minute;
  expect(codes.redeem(short.code, 'web1')).toContain('over');
  nowMs += 4 * minute - 1;
  expect(codes.redeem(first.code, 'web1')).toMatchObject({ principal: { id: 'ana' } });
  nowMs += 1;
  expect(codes.redeem(second.code, 'web1')).toContain('over');
});

test('one principal has ten at most, all have as many as the limit says, and those that are over make room', () => {
  const codes = new SshCodes(clock, 12);
  for (let i = 0; i < 10; i++) issued(codes);
  expect(codes.issue('web1', login('ana'))).toContain('too many');
  issued(codes, login('bob'));
  issued(codes, login('cem'));
  expect(codes.issue('web1', login('dora'))).toContain('too many');
  nowMs += 5 * minute;
  for (let i = 0; i < 10; i++) issued(codes);
});

test('who logs out has no codes any more, and others keep theirs', () => {
  const codes = new SshCodes(clock, 100);
  const [mine, theirs] = [issued(codes), issued(codes, login('bob'))];
  codes.forget('ana', 'https://another.example');
  codes.forget('ana');
  expect(codes.redeem(mine.code, 'web1')).toContain('unknown');
  expect(codes.redeem(theirs.code, 'web1')).toMatchObject({ principal: { id: 'bob' } });
});
