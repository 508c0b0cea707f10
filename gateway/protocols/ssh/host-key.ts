import { createPrivateKey } from 'node:crypto';
import ssh2 from 'ssh2';
import { SallyportError } from '../../contract/errors.ts';
import { publicKeyOf, type PublicKey } from './public-key.ts';

/** A new Ed25519 key in OpenSSH's form. */
export function newHostKey(): string {
  return ssh2.utils.generateKeyPairSync('ed25519', { comment: 'sallyport' }).private;
}

/** A new Ed25519 key for somebody else to hold: in OpenSSH's form, and as the bytes that an agent takes (RFC 8709). */
export function newKeyPair(): {
  readonly privateKey: string;
  readonly publicKey: PublicKey;
  readonly publicBytes: Buffer;
  readonly privateBytes: Buffer;
} {
  const privateKey = newHostKey();
  const publicKey = publicHalf(privateKey);
  const publicBytes = publicKey.blob.subarray(-32);
  const read = ssh2.utils.parseKey(privateKey);
  if (read instanceof Error) throw read;
  const seed = createPrivateKey(read.getPrivatePEM()).export({ format: 'jwk' }).d ?? '';
  return {
    privateKey,
    publicKey,
    publicBytes,
    privateBytes: Buffer.concat([Buffer.from(seed, 'base64url'), publicBytes]),
  };
}

/** The public half of a private key. @throws SallyportError `credential-missing` when it is none, or has a passphrase */
export function publicHalf(privateKey: string): PublicKey {
  const parsed = ssh2.utils.parseKey(privateKey);
  const key = parsed instanceof Error ? parsed.message : publicKeyOf(parsed.getPublicSSH());
  if (typeof key === 'string') throw new SallyportError('credential-missing', `the private key cannot be read: ${key}`);
  return key;
}
