import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { SallyportError } from '../contract/errors.ts';
import { readPrivateFile } from './private-file.ts';

/** The key that wraps every secret's own key. */
export interface MasterKey {
  /** Names the key without telling of it: a store says which key it wants. */
  readonly id: string;
  /** AES-256 key for wrapping. Derived, so that the same master may serve other purposes. */
  readonly wrapping: Buffer;
}

/** Where a master key is: exactly one of the two. */
export type KeySource = { readonly file: string } | { readonly env: string };

/** A new master key as text, to be put in a file with mode 0600 or into a secret manager. */
export function newMasterKey(): string {
  return randomBytes(32).toString('base64');
}

/**
 * @param text 32 bytes in base64 or hex; white space around it is ignored
 * @throws SallyportError `credential-missing`
 */
export function parseMasterKey(text: string): MasterKey {
  const trimmed = text.trim();
  const isHex = /^[0-9a-f]{64}$/i.test(trimmed);
  if (!isHex && !/^[A-Za-z0-9+/]{43}=$/.test(trimmed)) {
    throw new SallyportError(
      'credential-missing',
      'a master key is 32 bytes in base64 or hex; "sallyport init" makes one',
    );
  }
  const bytes = Buffer.from(trimmed, isHex ? 'hex' : 'base64');
  return {
    id: createHmac('sha256', bytes).update('sallyport key id v1').digest('hex').slice(0, 16),
    wrapping: Buffer.from(hkdfSync('sha256', bytes, '', 'sallyport credentials v1', 32)),
  };
}

/** @throws SallyportError `credential-missing` */
export async function readMasterKey(source: KeySource, env: Environment): Promise<MasterKey> {
  if ('file' in source) return parseMasterKey(await readPrivateFile(source.file));
  const text = env[source.env];
  if (text === undefined)
    throw new SallyportError('credential-missing', `environment variable ${source.env} is not set`);
  return parseMasterKey(text);
}

/** Variables of the process, given by whoever may read them. */
export type Environment = { readonly [name: string]: string | undefined };
