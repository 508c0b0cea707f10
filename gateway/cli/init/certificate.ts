import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import { isIP } from 'node:net';
import {
  encodeBits,
  encodeBoolean,
  encodeDer,
  encodeInteger,
  encodeOctets,
  encodeOid,
  encodeSequence,
  encodeSet,
  encodeText,
  encodeTime,
} from './der.ts';

/**
 * X.509 certificates for trying things out: a private authority and a server certificate under it, both on P-256.
 * Node signs but cannot write certificates, and a fresh machine need not have openssl. RFC 5280.
 */

/** A certificate and its private key, both PEM (the key as PKCS #8). */
export interface KeyedCertificate {
  readonly certificate: string;
  readonly key: string;
}

export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** From five minutes ago, for clocks that differ, and for so many days. */
export function validFor(days: number, now: Date): Validity {
  return { notBefore: new Date(now.getTime() - 300_000), notAfter: new Date(now.getTime() + days * 86_400_000) };
}

/** A new authority, signed by itself. It may sign servers and nothing else. */
export function makeAuthority(name: string, validity: Validity): KeyedCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const id = keyId(spki);
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const extensions = [
    // cA, pathLen 0: it signs end entities, no further authorities.
    extension('2.5.29.19', true, encodeSequence(encodeBoolean(true), encodeInteger(Buffer.from([0])))),
    extension('2.5.29.15', true, encodeBits(Buffer.from([0b0000_0110]), 1)), // keyCertSign, cRLSign
    extension('2.5.29.14', false, encodeOctets(id)),
  ];
  return { certificate: issue({ issuer: name, subject: name, validity, spki, extensions, signingKey: key }), key };
}

/**
 * A server's certificate under `authority`.
 * @param hosts names and addresses that clients may call it by; the first one is also its common name
 */
export function makeServerCertificate(
  authority: KeyedCertificate,
  hosts: readonly [string, ...string[]],
  validity: Validity,
): KeyedCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const above = new X509Certificate(authority.certificate);
  const extensions = [
    extension('2.5.29.19', true, encodeSequence()),
    extension('2.5.29.15', true, encodeBits(Buffer.from([0b1000_0000]), 7)), // digitalSignature
    extension('2.5.29.37', false, encodeSequence(encodeOid('1.3.6.1.5.5.7.3.1'))), // serverAuth
    extension('2.5.29.17', false, encodeSequence(...hosts.map(alternativeName))),
    extension('2.5.29.14', false, encodeOctets(keyId(spki))),
    extension(
      '2.5.29.35',
      false,
      encodeSequence(encodeDer(0x80, keyId(above.publicKey.export({ type: 'spki', format: 'der' })))),
    ),
  ];
  return {
    certificate: issue({
      issuer: commonName(above),
      subject: hosts[0],
      validity,
      spki,
      extensions,
      signingKey: authority.key,
    }),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** What is in the certificate before it is signed, and the PEM key that signs it. */
interface Draft {
  readonly issuer: string;
  readonly subject: string;
  readonly validity: Validity;
  readonly spki: Buffer;
  readonly extensions: readonly Buffer[];
  readonly signingKey: string;
}

const ecdsaWithSha256 = encodeSequence(encodeOid('1.2.840.10045.4.3.2'));

function issue(draft: Draft): string {
  // 16 bytes of serial, the top bit clear and the next set: positive, never shorter, never guessed (RFC 5280 section 4.1.2.2).
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  const toBeSigned = encodeSequence(
    encodeDer(0xa0, encodeInteger(Buffer.from([2]))), // version 3
    encodeInteger(serial),
    ecdsaWithSha256,
    distinguishedName(draft.issuer),
    encodeSequence(encodeTime(draft.validity.notBefore), encodeTime(draft.validity.notAfter)),
    distinguishedName(draft.subject),
    draft.spki,
    encodeDer(0xa3, encodeSequence(...draft.extensions)),
  );
  const signature = sign('sha256', toBeSigned, createPrivateKey(draft.signingKey));
  return toPem(encodeSequence(toBeSigned, ecdsaWithSha256, encodeBits(signature)));
}

function distinguishedName(name: string): Buffer {
  return encodeSequence(encodeSet(encodeSequence(encodeOid('2.5.4.3'), encodeText(name))));
}

function commonName(certificate: X509Certificate): string {
  return /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? '';
}

function extension(oid: string, critical: boolean, value: Buffer): Buffer {
  return encodeSequence(encodeOid(oid), ...(critical ? [encodeBoolean(true)] : []), encodeOctets(value));
}

/** SHA-1 over the public key's bits, as everybody does: it names the key and protects nothing (RFC 5280 section 4.2.1.2). */
function keyId(spki: Buffer): Buffer {
  const jwk = createPublicKey({ key: spki, format: 'der', type: 'spki' }).export({ format: 'jwk' });
  const point = [Buffer.from([4]), Buffer.from(jwk.x ?? '', 'base64url'), Buffer.from(jwk.y ?? '', 'base64url')];
  return createHash('sha1').update(Buffer.concat(point)).digest();
}

function alternativeName(host: string): Buffer {
  switch (isIP(host)) {
    case 4:
      return encodeDer(0x87, Buffer.from(host.split('.').map(Number)));
    case 6:
      return encodeDer(0x87, ipv6Bytes(host));
    default:
      return encodeDer(0x82, Buffer.from(host, 'latin1'));
  }
}

function ipv6Bytes(address: string): Buffer {
  const [head = '', tail] = address.split('::');
  const groups = (text: string): readonly string[] => (text === '' ? [] : text.split(':'));
  const [front, back] = [groups(head), groups(tail ?? '')];
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => '0');
  return Buffer.from([...front, ...zeros, ...back].map((g) => g.padStart(4, '0')).join(''), 'hex');
}

function toPem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
