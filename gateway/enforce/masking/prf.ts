import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import type { MaskMethod } from '../../contract/decision.ts';
import { SallyportError } from '../../contract/errors.ts';
import type { Values } from '../../contract/mask.ts';
import { blockBytes, blockCipher, Cmac } from './cmac.ts';
import { oneBuffer } from './form.ts';

/** What `hash` and `tokenize` are keyed with. The same key and version give the same output for ever, on every gateway. */
export interface MaskKey {
  /** At least 32 random bytes. */
  readonly secret: Uint8Array;
  /** 1 to 255: part of every derivation, and written into every output that has room for it. Default 1. */
  readonly version?: number;
}

/** Random bytes for some values: those of the value at `i` begin at `at[i]`. */
export interface Draws {
  readonly bytes: Buffer;
  readonly at: Int32Array;
}

/**
 * Pseudo-random bytes for the values of one label, under keys derived for method and label: columns of one label agree with each other, whatever
 * table they stand in; columns of two labels do not. docs/design/masking.md says why it is built so.
 */
export interface Prf {
  readonly version: number;
  /**
   * Bytes for many values in a few calls.
   * @param attempt 0 to 255: other bytes for the same value
   * @param wanted how many bytes a value of so many bytes takes
   */
  draw(values: Values, attempt: number, wanted: (inputBytes: number) => number): Draws;
  /** 32 bytes for another use under the same label. */
  subkey(use: string): Buffer;
}

/** Longer values are hashed one by one: of few values with many blocks a call for each block gains nothing. */
const maxCmacBytes = 64;

/** @throws SallyportError `credential-missing` when the secret is too short to be one */
export function labelPrf({ secret, version = 1 }: MaskKey, method: MaskMethod, label: string): Prf {
  if (secret.length < 32) {
    throw new SallyportError('credential-missing', 'the masking key has to have at least 32 random bytes');
  }
  const key = createSecretKey(derive(createSecretKey(secret), `sallyport mask\0${version}\0${method}\0${label}`));
  const short = new Cmac(derive(key, 'cmac'));
  const long = createSecretKey(derive(key, 'long'));
  const expand = blockCipher(derive(key, 'expand'));
  return {
    version,
    draw: (values, attempt, wanted) => {
      const tags = short.tags(values, maxCmacBytes);
      longTags(values, long, tags);
      const at = new Int32Array(values.count);
      const blocks = expansion(values, tags, attempt, wanted, at);
      return { bytes: expand(blocks), at };
    },
    subkey: (use) => derive(createSecretKey(derive(key, 'subkey')), use),
  };
}

function longTags({ bytes, starts, ends, count }: Values, key: KeyObject, tags: Buffer): void {
  for (let i = 0; i < count; i++) {
    const [start = 0, end = 0] = [starts[i], ends[i]];
    if (end - start <= maxCmacBytes) continue;
    createHmac('sha256', key)
      .update(bytes.subarray(start, end))
      .digest()
      .copy(tags, i * blockBytes, 0, blockBytes);
  }
}

/**
 * The blocks that become random bytes: each value's tag with the attempt and a counter added. Tags look random and are as long as a block, so two
 * blocks are the same no sooner than two of 2^128 numbers drawn at random are.
 */
function expansion(
  { starts, ends, count }: Values,
  tags: Buffer,
  attempt: number,
  wanted: (inputBytes: number) => number,
  at: Int32Array,
): Buffer {
  let total = 0;
  for (let i = 0; i < count; i++) {
    at[i] = total;
    const length = (ends[i] ?? 0) - (starts[i] ?? 0);
    if (length >= 0) total += Math.ceil(wanted(length) / blockBytes) * blockBytes;
  }
  const blocks = oneBuffer(total);
  for (let i = 0; i < count; i++) {
    const end = i + 1 < count ? (at[i + 1] ?? 0) : total;
    const tag = i * blockBytes;
    for (let to = at[i] ?? 0, counter = 0; to < end; to += blockBytes, counter++) {
      for (let k = 0; k < 11; k++) blocks[to + k] = tags[tag + k] ?? 0;
      blocks[to + 11] = (tags[tag + 11] ?? 0) ^ attempt;
      blocks[to + 12] = (tags[tag + 12] ?? 0) ^ (counter >>> 24);
      blocks[to + 13] = (tags[tag + 13] ?? 0) ^ (counter >>> 16);
      blocks[to + 14] = (tags[tag + 14] ?? 0) ^ (counter >>> 8);
      blocks[to + 15] = (tags[tag + 15] ?? 0) ^ counter;
    }
  }
  return blocks;
}

function derive(key: KeyObject, use: string): Buffer {
  return createHmac('sha256', key).update(use).digest();
}
