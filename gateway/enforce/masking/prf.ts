import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';
import { SallyportError } from '../../contract/errors.ts';
import type { MaskMethod } from '../../contract/decision.ts';

/** What `hash` and `tokenize` are keyed with. The same key and version give the same output for ever, on every gateway. */
export interface MaskKeys {
  /** At least 32 random bytes. */
  readonly secret: Uint8Array;
  /** Part of every derivation: raising it changes all hashes and tokens, as a new secret does. Default 1. */
  readonly version?: number;
}

/**
 * Pseudo-random bytes for the values of one label: HMAC-SHA-256 under a key derived for method and label.
 * Columns of one label agree with each other, whatever table they stand in; columns of two labels do not.
 */
export interface Prf {
  /** 32 bytes. @param attempt another answer for the same value */
  digest(value: Uint8Array, attempt: number): Buffer;
  /** As many bytes as wanted. */
  stream(value: Uint8Array, attempt: number, bytes: number): Buffer;
  /** A number from 0 to `below - 1`. @param below at most 2^53 */
  below(value: Uint8Array, attempt: number, below: number): number;
  /** 32 bytes for another use under the same label. */
  subkey(use: string): Buffer;
}

/** @throws SallyportError `credential-missing` when the secret is too short to be one */
export function labelPrf(keys: MaskKeys, method: MaskMethod, label: string): Prf {
  if (keys.secret.length < 32) {
    throw new SallyportError('credential-missing', 'the masking key has to have at least 32 random bytes');
  }
  const root = createSecretKey(keys.secret);
  const key = createSecretKey(derive(root, `sallyport mask\0${keys.version ?? 1}\0${method}\0${label}`));
  const digest = (value: Uint8Array, attempt: number): Buffer =>
    createHmac('sha256', key).update(Buffer.of(attempt)).update(value).digest();
  return {
    digest,
    stream: (value, attempt, bytes) =>
      hash('shake256', digest(value, attempt), { outputEncoding: 'buffer', outputLength: bytes }),
    // 96 bits over 53: the bias of the remainder is below 2^-43.
    below: (value, attempt, below) => {
      const bits = digest(value, attempt);
      return Number(((bits.readBigUInt64LE(0) << 32n) | BigInt(bits.readUInt32LE(8))) % BigInt(below));
    },
    subkey: (use) => derive(createSecretKey(derive(key, 'subkey')), use),
  };
}

function derive(key: KeyObject, use: string): Buffer {
  return createHmac('sha256', key).update(use).digest();
}
