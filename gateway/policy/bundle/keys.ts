import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { SallyportError } from '../../contract/errors.ts';

/**
 * How a bundle may be signed. RS256 is for pipelines that already have such a key. Symmetric algorithms are not here:
 * whoever can check them can forge them.
 */
export const signingAlgorithms = ['ES256', 'EdDSA', 'RS256'] as const;
export type SigningAlgorithm = (typeof signingAlgorithms)[number];

/** A key whose signature makes a bundle ours. The algorithm is the key's, never the token's. */
export interface TrustedKey {
  readonly id: string;
  readonly algorithm: SigningAlgorithm;
  /** SPKI, PEM. */
  readonly publicKeyPem: string;
}

export interface SigningKey {
  readonly id: string;
  readonly algorithm: SigningAlgorithm;
  /** PKCS #8, PEM. */
  readonly privateKeyPem: string;
}

/** A fresh pair. Write the private half with mode 0600. */
export function generateSigningKey(
  id: string,
  algorithm: 'ES256' | 'EdDSA' = 'ES256',
): { readonly signing: SigningKey; readonly trusted: TrustedKey } {
  const pair =
    algorithm === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
  const privateKeyPem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const publicKeyPem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return { signing: { id, algorithm, privateKeyPem }, trusted: { id, algorithm, publicKeyPem } };
}

/** Whose signatures are those of this key. @throws SallyportError `config-invalid` */
export function trustedHalf(key: SigningKey): TrustedKey {
  const publicKeyPem = createPublicKey(privateKeyOf(key)).export({ type: 'spki', format: 'pem' }).toString();
  return { id: key.id, algorithm: key.algorithm, publicKeyPem };
}

/** @throws SallyportError `config-invalid` when the PEM is not a public key of the algorithm */
export function publicKeyOf(key: TrustedKey): KeyObject {
  return checked(key.id, key.algorithm, () => createPublicKey(key.publicKeyPem));
}

/** @throws SallyportError `config-invalid` when the PEM is not a private key of the algorithm */
export function privateKeyOf(key: SigningKey): KeyObject {
  return checked(key.id, key.algorithm, () => createPrivateKey(key.privateKeyPem));
}

function checked(id: string, algorithm: SigningAlgorithm, open: () => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = open();
  } catch (cause) {
    throw new SallyportError('config-invalid', `bundle key ${id} is not a PEM key`, { cause });
  }
  if (!fits(key, algorithm)) throw new SallyportError('config-invalid', `bundle key ${id} is no ${algorithm} key`);
  return key;
}

function fits(key: KeyObject, algorithm: SigningAlgorithm): boolean {
  switch (algorithm) {
    case 'ES256':
      return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
    case 'EdDSA':
      return key.asymmetricKeyType === 'ed25519';
    case 'RS256':
      return key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048;
    default:
      return algorithm satisfies never;
  }
}
