import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { certificateLine, hostCertificate, openAuthority, understoodOfUsers, userCertificate } from './authority.ts';
import { isCertificate, readCertificate, type CertificateCheck } from './certificate.ts';
import { newHostKey, publicHalf } from './host-key.ts';
import { parsePublicKey } from './public-key.ts';

const dir = mkdtempSync(join(tmpdir(), 'sallyport-certificates-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const nowMs = Date.now();
const hour = 3_600_000;
const caKey = newHostKey();
const authority = openAuthority(caKey);
writeFileSync(join(dir, 'ca'), caKey, { mode: 0o600 });
const key = publicHalf(newHostKey());
const check: CertificateCheck = {
  ...{ kind: 'user', authorities: [authority.publicKey], nowMs },
  understood: understoodOfUsers,
};
const ours = (more: object = {}) =>
  userCertificate(authority, {
    ...{ key, serial: 18_446_744_073_709_551_615n, principal: 'ana', loggedInAt: '2026-01-01T00:00:00Z' },
    ...{ nowMs, untilMs: nowMs + hour, ...more },
  });

/** One made by OpenSSH. */
function theirs(name: string, type: string, args: readonly string[], ca = 'ca'): Buffer {
  const file = join(dir, name);
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', file]);
  execFileSync('ssh-keygen', ['-q', '-s', join(dir, ca), '-I', 'their id', ...args, `${file}.pub`]);
  return Buffer.from(readFileSync(`${file}-cert.pub`, 'utf8').split(' ')[1] ?? '', 'base64');
}

test('ssh-keygen reads what we write', () => {
  const file = join(dir, 'ours-cert.pub');
  writeFileSync(file, certificateLine(ours(), key));
  const shown = execFileSync('ssh-keygen', ['-L', '-f', file]).toString();
  expect(shown).toContain('Type: ssh-ed25519-cert-v01@openssh.com user certificate');
  expect(shown).toContain('Key ID: "ana"');
  expect(shown).toContain('Serial: 18446744073709551615');
  expect(shown).toMatch(/Principals: \n\s+ana\n/);
  expect(shown).toContain('login@sallyport');
  writeFileSync(file, certificateLine(hostCertificate(authority, key, () => nowMs)(), key));
  expect(execFileSync('ssh-keygen', ['-L', '-f', file]).toString()).toMatch(
    /host certificate[^]*Principals: \n\s+sallyport\n/,
  );
});

test('what we write is read as it was', () => {
  const read = readCertificate(ours(), check);
  if (typeof read === 'string') throw new Error(read);
  const { serial, id, principals, critical, extensions, validUntilMs } = read;
  expect({ serial, id, principals, extensions: [...extensions] }).toEqual({
    ...{ serial: 18_446_744_073_709_551_615n, id: 'ana', principals: ['ana'], extensions: [] },
  });
  expect([...critical]).toEqual([['login@sallyport', '2026-01-01T00:00:00Z']]);
  expect(validUntilMs).toBe(Math.floor((nowMs + hour) / 1_000) * 1_000);
  expect(read.key.blob.equals(key.blob)).toBe(true);
});

test.each(['ed25519', 'ecdsa', 'rsa'])('what ssh-keygen writes over a key of type %s is read', (type) => {
  const blob = theirs(`their-${type}`, type, ['-n', 'ana,bob', '-z', '7', '-V', '-1h:+1h']);
  expect(isCertificate(blob)).toBe(true);
  const read = readCertificate(blob, check);
  const plain = parsePublicKey(readFileSync(join(dir, `their-${type}.pub`), 'utf8'));
  if (typeof read === 'string') throw new Error(read);
  if (typeof plain === 'string') throw new Error(plain);
  expect({ id: read.id, serial: read.serial, principals: read.principals }).toEqual({
    ...{ id: 'their id', serial: 7n, principals: ['ana', 'bob'] },
  });
  expect([...read.extensions.keys()]).toContain('permit-pty');
  expect(read.key.blob.equals(plain.blob)).toBe(true);
});

test.each([
  ['no principals', ['-V', '-1h:+1h'], 'names nobody'],
  ['an end that is over', ['-n', 'ana', '-V', '-2h:-1h'], 'has ended'],
  ['a beginning that is to come', ['-n', 'ana', '-V', '+1h:+2h'], 'not valid yet'],
  ['the type of a host', ['-n', 'ana', '-h'], 'not for a user'],
  ['a forced command', ['-n', 'ana', '-O', 'force-command=id'], 'the critical option "force-command"'],
  ['addresses', ['-n', 'ana', '-O', 'source-address=10.0.0.0/8'], 'the critical option "source-address"'],
  ['a demand that nobody knows', ['-n', 'ana', '-O', 'critical:new@example.com=1'], '"new@example.com"'],
])('a certificate with %s is refused', (what, args, why) => {
  expect(readCertificate(theirs(what.replaceAll(' ', '-'), 'ed25519', args), check)).toContain(why);
});

test('a certificate of another authority is refused', () => {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(dir, 'other')]);
  expect(readCertificate(theirs('foreign', 'ed25519', ['-n', 'ana'], 'other'), check)).toContain('unknown authority');
});

test('a certificate for hosts is no user’s, and a plain key is no certificate', () => {
  expect(readCertificate(hostCertificate(authority, key, () => nowMs)(), check)).toContain('not for a user');
  expect(isCertificate(key.blob)).toBe(false);
  expect(readCertificate(key.blob, check)).toContain('of a type that is not read');
});

test('it ends to the second', () => {
  const until = Math.floor(nowMs / 1_000) * 1_000;
  const blob = ours({ untilMs: until });
  expect(typeof readCertificate(blob, { ...check, nowMs: until - 1 })).toBe('object');
  expect(readCertificate(blob, { ...check, nowMs: until })).toContain('has ended');
});

test('no bit of a certificate can be changed, and nothing left out or added', () => {
  const blob = ours();
  for (let i = 0; i < blob.length * 8; i++) {
    const changed = Buffer.from(blob);
    changed[i >> 3] = (changed[i >> 3] ?? 0) ^ (1 << (i & 7));
    expect(typeof readCertificate(changed, check)).toBe('string');
  }
  for (let length = 0; length < blob.length; length++)
    expect(typeof readCertificate(blob.subarray(0, length), check)).toBe('string');
  expect(typeof readCertificate(Buffer.concat([blob, Buffer.of(0)]), check)).toBe('string');
});

test('whatever else comes is refused with a sentence', () => {
  const start = Buffer.from('0000002073736830', 'hex');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (bytes, begun) => {
      const blob = Buffer.concat(begun ? [ours().subarray(0, 80), bytes] : [start, bytes]);
      expect(typeof readCertificate(blob, check)).toBe('string');
    }),
    { numRuns: 2_000 },
  );
});

test('an authority has an Ed25519 key', () => {
  execFileSync('ssh-keygen', ['-q', '-t', 'rsa', '-N', '', '-f', join(dir, 'rsa-ca')]);
  expect(() => openAuthority(readFileSync(join(dir, 'rsa-ca'), 'utf8'))).toThrow('has to be Ed25519');
});

test('the host’s certificate is made again each hour', () => {
  let atMs = nowMs;
  const certificate = hostCertificate(authority, key, () => atMs);
  const first = certificate();
  atMs += hour - 1;
  expect(certificate()).toBe(first);
  atMs += 1;
  const second = certificate();
  expect(second).not.toBe(first);
  expect(typeof readCertificate(second, { ...check, kind: 'host', nowMs: atMs, understood: new Set() })).toBe('object');
});
