import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeAuthority, makeServerCertificate, validFor } from './certificate.ts';
import { encodeDer, encodeInteger, encodeOid, encodeTime } from './der.ts';

const now = new Date();
const authority = makeAuthority('Test authority', validFor(30, now));
const server = makeServerCertificate(authority, ['localhost', '127.0.0.1', '::1', 'db.example.com'], validFor(10, now));

describe('a server certificate', () => {
  test('is signed by its authority, says who may use it, and is no authority itself', () => {
    const [ca, leaf] = [new X509Certificate(authority.certificate), new X509Certificate(server.certificate)];
    expect(leaf.verify(ca.publicKey)).toBe(true);
    expect(leaf.checkIssued(ca)).toBe(true);
    expect(ca.ca).toBe(true);
    expect(leaf.ca).toBe(false);
    expect(leaf.issuer).toBe('CN=Test authority');
    expect(leaf.subjectAltName).toBe(
      'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:db.example.com',
    );
    expect(new Date(leaf.validFrom).getTime()).toBeLessThan(now.getTime());
    expect(new Date(leaf.validTo).getTime() - now.getTime()).toBeGreaterThan(9 * 86_400_000);
  });

  test.each(['localhost', '127.0.0.1'])('is trusted by a TLS client that calls %s', async (host) => {
    expect(await handshake(host, authority.certificate)).toBe('trusted');
  });
  test('is refused by a client that calls another name', async () => {
    expect(await handshake('evil.example.com', authority.certificate)).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  });
  test('is refused by a client that trusts another authority', async () => {
    const other = makeAuthority('Test authority', validFor(30, now));
    expect(await handshake('localhost', other.certificate)).not.toBe('trusted');
  });

  test('passes the strict check of openssl, where it is installed', (context) => {
    const dir = mkdtempSync(join(tmpdir(), 'cert-'));
    try {
      execFileSync('openssl', ['version']);
    } catch {
      context.skip('no openssl here');
    }
    writeFileSync(join(dir, 'ca.pem'), authority.certificate);
    writeFileSync(join(dir, 'leaf.pem'), server.certificate);
    const args = ['verify', '-x509_strict', '-purpose', 'sslserver', '-verify_hostname', 'localhost'];
    const said = execFileSync('openssl', [...args, '-CAfile', join(dir, 'ca.pem'), join(dir, 'leaf.pem')]).toString();
    rmSync(dir, { recursive: true });
    expect(said).toContain('leaf.pem: OK');
  });
});

describe('DER', () => {
  test.each([
    ['short length', encodeDer(0x04, Buffer.alloc(127)).subarray(0, 2), '047f'],
    ['long length', encodeDer(0x04, Buffer.alloc(128)).subarray(0, 3), '048180'],
    ['longer length', encodeDer(0x04, Buffer.alloc(256)).subarray(0, 4), '04820100'],
    ['zero', encodeInteger(Buffer.from([0])), '020100'],
    ['an integer that would read as negative', encodeInteger(Buffer.from([0x80])), '02020080'],
    ['an integer with leading zeros', encodeInteger(Buffer.from([0, 0, 0x7f])), '02017f'],
    ['ecdsa-with-SHA256', encodeOid('1.2.840.10045.4.3.2'), '06082a8648ce3d040302'],
    ['a time of this half century', encodeTime(new Date('2049-12-31T23:59:59Z')), '170d3439313233313233353935395a'],
    ['a time after it', encodeTime(new Date('2050-01-01T00:00:00Z')), '180f32303530303130313030303030305a'],
  ])('%s', (_name, bytes, hex) => expect(bytes.toString('hex')).toBe(hex));

  test('says its own length, whatever it holds', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70_000, size: 'max' }), (body) => {
        const der = encodeDer(0x04, body);
        const first = der[1] ?? 0;
        const head = first < 0x80 ? 2 : 2 + (first & 0x7f);
        const length = first < 0x80 ? first : Number.parseInt(der.subarray(2, head).toString('hex'), 16);
        expect(length).toBe(body.length);
        expect(der.subarray(head)).toEqual(Buffer.from(body));
      }),
      { numRuns: 30 },
    );
  });
});

/** What a client makes of our server: `trusted`, or the code of its refusal. */
async function handshake(host: string, ca: string): Promise<string> {
  const listener = createServer({ cert: server.certificate, key: server.key }, (socket) => socket.end());
  listener.on('tlsClientError', () => undefined);
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP listener has a port');
  try {
    return await new Promise<string>((resolve) => {
      const client = connect({
        host: '127.0.0.1',
        port: address.port,
        ca,
        servername: host === '127.0.0.1' ? '' : host,
      });
      client.on('secureConnect', () => (client.end(), resolve('trusted')));
      client.on('error', (e: NodeJS.ErrnoException) => resolve(e.code ?? e.message));
    });
  } finally {
    listener.close();
  }
}
