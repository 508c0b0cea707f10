import ssh2 from 'ssh2';
import { SallyportError } from '../../contract/errors.ts';
import { publicKeyOf, type PublicKey } from './public-key.ts';

/** A new Ed25519 key in OpenSSH's form. */
export function newHostKey(): string {
  return ssh2.utils.generateKeyPairSync('ed25519', { comment: 'sallyport' }).private;
}

/** The public half of a private key. @throws SallyportError `credential-missing` when it is none, or has a passphrase */
export function publicHalf(privateKey: string): PublicKey {
  const parsed = ssh2.utils.parseKey(privateKey);
  const key = parsed instanceof Error ? parsed.message : publicKeyOf(parsed.getPublicSSH());
  if (typeof key === 'string')
    throw new SallyportError('credential-missing', `the SSH host key cannot be read: ${key}`);
  return key;
}
