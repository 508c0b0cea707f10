import { createHash } from 'node:crypto';

/** A public key as `ssh-keygen` writes it: its type and its wire form in base64. Comments and options are no part of it. */
export interface PublicKey {
  /** `ssh-ed25519`, `ecdsa-sha2-nistp256` ... */
  readonly type: string;
  /** RFC 4253 section 6.6: the type again, then its numbers. */
  readonly blob: Buffer;
}

const known: ReadonlySet<string> = new Set([
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'ssh-rsa',
]);

/** Shorter moduli can be factored. */
const minRsaBlobBytes = 270;

/** Reads `ssh-ed25519 AAAA... comment`. @returns a sentence when it is no such line */
export function parsePublicKey(line: string): PublicKey | string {
  const [type = '', base64 = ''] = line.trim().split(/\s+/);
  if (!known.has(type))
    return `a key of type ${JSON.stringify(type.slice(0, 40))} is not read: use one of ${[...known].join(', ')}`;
  if (!/^[A-Za-z0-9+/]{40,8192}={0,2}$/.test(base64)) return 'behind the type stands no base64';
  return publicKeyOf(Buffer.from(base64, 'base64'), type);
}

/** The same of a key in its wire form. @param type what it has to be */
export function publicKeyOf(blob: Buffer, type?: string): PublicKey | string {
  const length = blob.length >= 4 ? blob.readUInt32BE(0) : 0;
  const written = blob.toString('latin1', 4, Math.min(4 + length, 44));
  if (!known.has(written)) return 'it is no key of a type that is read';
  if (type !== undefined && written !== type) return `it says ${type} and holds a key of another type`;
  if (written === 'ssh-rsa' && blob.length < minRsaBlobBytes) return 'an RSA key below 2048 bits is too weak';
  return { type: written, blob };
}

/** `SHA256:...` as `ssh-keygen -l` and OpenSSH's warnings show it. */
export function fingerprint(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** As a line of known_hosts or authorized_keys has it. */
export function publicKeyLine({ type, blob }: PublicKey): string {
  return `${type} ${blob.toString('base64')}`;
}
