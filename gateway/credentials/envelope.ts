import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { SallyportError } from '../contract/errors.ts';
import type { MasterKey } from './master-key.ts';
import { Secret } from './secret.ts';

/** One secret as it lies in the store: encrypted with a key of its own, and that key wrapped with the master key. All base64. */
export interface Envelope {
  readonly version: number;
  /** RFC 3339. */
  readonly set_at: string;
  readonly key_id: string;
  readonly wrapped_key: string;
  readonly sealed: string;
}

/**
 * Encrypts with AES-256-GCM under a fresh random key: no nonce can ever repeat under one key.
 * Name and version are bound in, so an entry moved to another name, or an old one put back under a new version, does not open.
 */
export function sealEnvelope(
  name: string,
  version: number,
  setAt: string,
  secret: Secret,
  master: MasterKey,
): Envelope {
  const key = randomBytes(32);
  const sealed = seal(key, Buffer.from(secret.reveal(), 'utf8'), bound('value', name, version));
  return { version, set_at: setAt, ...wrap(key, name, version, master), sealed };
}

/** @throws SallyportError `credential-missing` when the key is another or anything was changed */
export function openEnvelope(name: string, envelope: Envelope, master: MasterKey): Secret {
  const key = unwrap(name, envelope, master);
  return new Secret(unseal(key, envelope.sealed, bound('value', name, envelope.version), name).toString('utf8'));
}

/** The same secret under another master key. The secret itself is not decrypted. */
export function rewrapEnvelope(name: string, envelope: Envelope, from: MasterKey, to: MasterKey): Envelope {
  return { ...envelope, ...wrap(unwrap(name, envelope, from), name, envelope.version, to) };
}

function wrap(key: Buffer, name: string, version: number, master: MasterKey): Pick<Envelope, 'key_id' | 'wrapped_key'> {
  return { key_id: master.id, wrapped_key: seal(master.wrapping, key, bound('key', name, version)) };
}

function unwrap(name: string, envelope: Envelope, master: MasterKey): Buffer {
  if (envelope.key_id !== master.id) {
    throw new SallyportError(
      'credential-missing',
      `secret "${name}" is kept under master key ${envelope.key_id}, not ${master.id}`,
    );
  }
  return unseal(master.wrapping, envelope.wrapped_key, bound('key', name, envelope.version), name);
}

/** iv (12 bytes), tag (16), ciphertext. NIST SP 800-38D. */
function seal(key: Buffer, plain: Buffer, aad: Buffer): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(aad);
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64');
}

function unseal(key: Buffer, text: string, aad: Buffer, name: string): Buffer {
  try {
    const bytes = Buffer.from(text, 'base64');
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 });
    decipher.setAAD(aad).setAuthTag(bytes.subarray(12, 28));
    return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]);
  } catch (cause) {
    throw new SallyportError('credential-missing', `secret "${name}" was changed in the store and is not used`, {
      cause,
    });
  }
}

/** JSON keeps the border between the parts: no name can be written so that it looks like another with another version. */
function bound(part: 'key' | 'value', name: string, version: number): Buffer {
  return Buffer.from(JSON.stringify(['sallyport-credential-v1', part, name, version]), 'utf8');
}
