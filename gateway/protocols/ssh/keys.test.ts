import { expect, test } from 'vitest';
import type { Login } from '../../contract/principal.ts';
import { frame } from '../../testing/commands.ts';
import { newHostKey, publicHalf } from './host-key.ts';
import { SshKeys } from './keys.ts';
import { publicKeyLine } from './public-key.ts';

const hour = 3_600_000;

function login(id: string, expiresAtMs: number, issuer = 'https://idp.example'): Login {
  return { principal: { ...frame().principal, id, issuer }, expiresAtMs };
}

function keys(most = 10) {
  const clock = { ms: 0, now: () => clock.ms };
  return { clock, store: new SshKeys(clock, most) };
}

test('a key stands for whoever registered it until their login ends', () => {
  const { clock, store } = keys();
  const key = publicHalf(newHostKey());
  expect(store.register(publicKeyLine(key), login('ana', hour))).toMatchObject({
    fingerprint: expect.stringMatching(/^SHA256:/) as string,
  });
  expect(store.find(key.blob)?.principal.id).toBe('ana');
  clock.ms = hour;
  expect(store.find(key.blob)).toBeUndefined();
});

test('nobody takes over a key that is somebody’s', () => {
  const { clock, store } = keys();
  const key = publicHalf(newHostKey());
  const line = publicKeyLine(key);
  store.register(line, login('ana', hour));
  expect(store.register(line, login('mallory', 2 * hour))).toBe('this key is registered for somebody else');
  expect(store.register(line, login('ana', 2 * hour, 'https://other.example'))).toContain('somebody else');
  expect(store.find(key.blob)?.principal.id).toBe('ana');
  expect(store.register(line, login('ana', 2 * hour))).toMatchObject({});
  clock.ms = hour;
  expect(store.find(key.blob)?.expiresAtMs).toBe(2 * hour);
  clock.ms = 2 * hour;
  store.register(line, login('bob', 3 * hour));
  expect(store.find(key.blob)?.principal.id).toBe('bob');
});

test('as many as the limit says, and those that have ended make room', () => {
  const { clock, store } = keys(2);
  const lines = [1, 2, 3].map(() => publicKeyLine(publicHalf(newHostKey())));
  store.register(lines[0] ?? '', login('ana', hour));
  store.register(lines[1] ?? '', login('bob', 2 * hour));
  expect(store.register(lines[2] ?? '', login('eve', hour))).toContain('too many registered keys');
  clock.ms = hour;
  expect(store.register(lines[2] ?? '', login('eve', 2 * hour))).toMatchObject({
    fingerprint: expect.any(String) as string,
  });
});

test('every key that is made can be read again', () => {
  // One in 256 begins with a zero, which is part of it.
  for (let i = 0; i < 2_000; i++) expect(publicHalf(newHostKey()).blob).toHaveLength(4 + 11 + 4 + 32);
});
