import { describe, expect, test } from 'vitest';
import { tlsPair } from '../../../testing/tls.ts';
import { ScramClient, endPointBinding, saslPrep } from './scram.ts';

const nonce = 'rOprNGfwEbeRWgbNEkqO';
const serverFirst = 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096';
const refused = expect.objectContaining({ code: 'upstream-auth' }) as unknown as Error; // vitest's matcher types

describe('SCRAM-SHA-256', () => {
  test('gives the proof of RFC 7677 section 3, and takes the server’s only when it is right', async () => {
    // The RFC's example names a user; PostgreSQL's clients leave the name empty, so the proof is another over the same keys.
    const scram = new ScramClient('pencil', nonce, 'none');
    expect(scram.first()).toBe(`n,,n=,r=${nonce}`);
    expect(await scram.final(serverFirst)).toMatch(
      /^c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj\)hNlF\$k0,p=[A-Za-z0-9+/]{43}=$/,
    );
    expect(() => scram.verify(`v=${Buffer.alloc(32).toString('base64')}`)).toThrow(refused);
    expect(() => scram.verify('v=')).toThrow(refused);
    expect(() => scram.verify('e=invalid-proof')).toThrow(refused);
  });

  test.each([
    ['a nonce that is not ours', serverFirst.replace('r=r', 'r=s')],
    ['a nonce that adds nothing', `r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`],
    ['too few iterations', serverFirst.replace('4096', '4095')],
    ['iterations without end', serverFirst.replace('4096', '999999999')],
    ['an extension we do not know', `m=x,${serverFirst}`],
    ['no salt', 'r=rOprNGfwEbeRWgbNEkqOx,i=4096'],
    ['nothing', ''],
  ])('is broken off for %s', async (_, message) => {
    await expect(new ScramClient('pencil', nonce, 'none').final(message)).rejects.toThrow(refused);
  });

  test('says yes to nobody before the exchange', () => {
    expect(() => new ScramClient('pencil', nonce, 'none').verify('v=')).toThrow(refused);
  });
});

test.each([
  ['pencil', 'pencil'],
  ['I\u00adX', 'IX'], // the examples of RFC 4013 section 3
  ['\u00aa', 'a'],
  ['\u2168', 'IX'],
  ['a\u00a0b', 'a b'],
  ['\u0007', '\u0007'], // prohibited: taken as it is, as the server does
])('the password %j is prepared as %j', (password, prepared) => {
  expect(saslPrep(password)).toBe(prepared);
});

test('a certificate is bound by the hash of its own signature', () => {
  const pem = tlsPair().cert;
  const der = Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, '').slice(0, 4000), 'base64');
  expect(endPointBinding(der).length).toBeGreaterThanOrEqual(32);
});
