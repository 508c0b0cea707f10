import { randomBytes } from 'node:crypto';
import ssh2 from 'ssh2';
import { SallyportError } from '../../contract/errors.ts';
import { certificateBody, type Certificate, certificateSuffix } from './certificate.ts';
import { newHostKey, publicHalf } from './host-key.ts';
import { fingerprint, publicKeyLine, type PublicKey } from './public-key.ts';
import type { HostSecret } from './upstream.ts';
import { wireString } from './wire.ts';

/** An Ed25519 key that vouches for others. */
export interface Authority {
  readonly publicKey: PublicKey;
  /** @returns the certificate's wire form */
  sign(certificate: Certificate): Buffer;
}

/** @throws SallyportError `credential-missing` when the key cannot be read, or is not Ed25519 */
export function openAuthority(privateKey: string): Authority {
  const publicKey = publicHalf(privateKey);
  const key = ssh2.utils.parseKey(privateKey);
  if (key instanceof Error || publicKey.type !== 'ssh-ed25519')
    throw new SallyportError('credential-missing', `the authority’s key has to be Ed25519, and is ${publicKey.type}`);
  return {
    publicKey,
    sign(certificate) {
      const body = certificateBody(certificate, publicKey);
      const signature = key.sign(body);
      if (signature instanceof Error) throw signature;
      return Buffer.concat([body, wireString(Buffer.concat([wireString(publicKey.type), wireString(signature)]))]);
    },
  };
}

/** A certificate as `id_ed25519-cert.pub` has it. */
export function certificateLine(certificate: Buffer, { type }: PublicKey): string {
  return `${type}${certificateSuffix} ${certificate.toString('base64')}`;
}

/** Clocks differ: a certificate is good from this long before it was made. */
const skewMs = 5 * 60_000;

/** Only a gateway understands it: no sshd takes such a certificate, whomever it trusts. */
const loginOption = 'login@sallyport';
export const understoodOfUsers: ReadonlySet<string> = new Set([loginOption]);

/** Random: one serial is one login. */
export function newSerial(): bigint {
  return randomBytes(8).readBigUInt64BE();
}

export interface UserCertificate {
  readonly key: PublicKey;
  readonly serial: bigint;
  readonly principal: string;
  /** When the token was issued, RFC 3339. */
  readonly loggedInAt: string;
  readonly nowMs: number;
  readonly untilMs: number;
}

/** Lets a key log in to this gateway as a principal. */
export function userCertificate(authority: Authority, user: UserCertificate): Buffer {
  const { key, serial, principal, loggedInAt, nowMs, untilMs } = user;
  return authority.sign({
    ...{ key, serial, kind: 'user', id: principal, principals: [principal] },
    ...{ validFromMs: nowMs - skewMs, validUntilMs: untilMs },
    critical: new Map([[loginOption, loggedInAt]]),
    extensions: new Map(),
  });
}

const hostCertificateMs = 24 * 3_600_000;
const hostRenewalMs = 3_600_000;

/** The name that clients look the gateway up by: `HostKeyAlias` of `sallyport ssh config`. */
export const gatewayName = 'sallyport';

/** What the gateway shows beside its host key. Made again each hour, and good for a day. */
export function hostCertificate(authority: Authority, key: PublicKey, now: () => number): () => Buffer {
  let made: { readonly atMs: number; readonly certificate: Buffer } | undefined;
  return () => {
    const nowMs = now();
    if (made && nowMs < made.atMs + hostRenewalMs && nowMs >= made.atMs) return made.certificate;
    const certificate = authority.sign({
      ...{
        key,
        serial: newSerial(),
        kind: 'host',
        id: `sallyport ${fingerprint(key.blob)}`,
        principals: [gatewayName],
      },
      ...{ validFromMs: nowMs - skewMs, validUntilMs: nowMs + hostCertificateMs },
      ...{ critical: new Map(), extensions: new Map() },
    });
    made = { atMs: nowMs, certificate };
    return certificate;
  };
}

/** A login takes seconds; the certificate is good for nothing else. */
const upstreamMs = 2 * 60_000;

/**
 * A new key with a certificate for one login to one host.
 * @param id what sshd writes into its log
 */
export function upstreamCertificate(authority: Authority, user: string, id: string, nowMs: number): HostSecret {
  const privateKey = newHostKey();
  const certificate = authority.sign({
    ...{ key: publicHalf(privateKey), serial: newSerial(), kind: 'user', id, principals: [user] },
    ...{ validFromMs: nowMs - skewMs, validUntilMs: nowMs + upstreamMs },
    critical: new Map(),
    // What a session may need at all: whether it may is decided before it reaches the host.
    extensions: new Map([
      ['permit-port-forwarding', ''],
      ['permit-pty', ''],
    ]),
  });
  return { key: privateKey, certificate };
}

/** A line of known_hosts by which every key that the authority vouches for is known. */
export function authorityLine(name: string, { publicKey }: Authority): string {
  return `@cert-authority ${name} ${publicKeyLine(publicKey)}`;
}
