import { createCipheriv } from 'node:crypto';
import type { Values } from '../../contract/mask.ts';

export const blockBytes = 16;

/** Enciphers whole blocks, each by itself. Only as a pseudo-random function: nothing is ever hidden by it. */
export function blockCipher(key: Buffer): (blocks: Buffer) => Buffer {
  const cipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false);
  return (blocks) => cipher.update(blocks);
}

/**
 * AES-256-CMAC of many messages in lock-step: the n-th blocks of all of them go through the cipher in one call, because a call into OpenSSL costs
 * twenty times what it does. NIST SP 800-38B, RFC 4493.
 */
export class Cmac {
  readonly #encipher: (blocks: Buffer) => Buffer;
  /** K1 and K2 of the standard: for a last block that is whole, and for one that is padded. */
  readonly #whole: Buffer;
  readonly #padded: Buffer;

  constructor(key: Buffer) {
    this.#encipher = blockCipher(key);
    this.#whole = doubled(Buffer.from(this.#encipher(Buffer.alloc(blockBytes))));
    this.#padded = doubled(this.#whole);
  }

  /** @returns 16 bytes for each value; of one that is NULL, or longer than `maxBytes`, they mean nothing */
  tags(values: Values, maxBytes: number): Buffer {
    const { starts, ends, count } = values;
    let tags: Buffer = Buffer.alloc(count * blockBytes);
    const input = Buffer.allocUnsafe(count * blockBytes);
    const members = new Int32Array(count);
    for (let round = 0; ; round++) {
      let filled = 0;
      for (let i = 0; i < count; i++) {
        const length = (ends[i] ?? 0) - (starts[i] ?? 0);
        const isDone = length < 0 || length > maxBytes || (round > 0 && length <= round * blockBytes);
        if (isDone) continue;
        this.#fill(values, i, round * blockBytes, tags, input, filled * blockBytes);
        members[filled++] = i;
      }
      if (filled === 0) return tags;
      const output = this.#encipher(input.subarray(0, filled * blockBytes));
      if (filled === count) tags = output;
      else
        for (let n = 0; n < filled; n++)
          output.copy(tags, (members[n] ?? 0) * blockBytes, n * blockBytes, (n + 1) * blockBytes);
    }
  }

  /** The block of value `i` that begins at `from`, added to what the blocks before it gave. */
  #fill({ bytes, starts, ends }: Values, i: number, from: number, tags: Buffer, input: Buffer, at: number): void {
    const start = (starts[i] ?? 0) + from;
    const left = (ends[i] ?? 0) - start;
    const before = i * blockBytes;
    const last = left > blockBytes ? noKey : left === blockBytes ? this.#whole : this.#padded;
    const taken = left < blockBytes ? left : blockBytes;
    for (let k = 0; k < taken; k++) input[at + k] = (bytes[start + k] ?? 0) ^ (last[k] ?? 0);
    if (taken < blockBytes) input[at + taken] = 0x80 ^ (last[taken] ?? 0);
    for (let k = taken + 1; k < blockBytes; k++) input[at + k] = last[k] ?? 0;
    // Before the first block there is nothing.
    if (from > 0) for (let k = 0; k < blockBytes; k++) input[at + k] = (input[at + k] ?? 0) ^ (tags[before + k] ?? 0);
  }
}

const noKey = Buffer.alloc(blockBytes);

/** Doubling in GF(2^128): RFC 4493 section 2.3. */
function doubled(block: Buffer): Buffer {
  const result = Buffer.alloc(blockBytes);
  for (let i = 0; i < blockBytes; i++) result[i] = ((block[i] ?? 0) << 1) | ((block[i + 1] ?? 0) >> 7);
  if ((block[0] ?? 0) & 0x80) result[blockBytes - 1] = (result[blockBytes - 1] ?? 0) ^ 0x87;
  return result;
}
