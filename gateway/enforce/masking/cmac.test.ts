import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Values } from '../../contract/mask.ts';
import { Cmac } from './cmac.ts';
import { labelPrf } from './prf.ts';

function valuesOf(list: readonly (Uint8Array | null)[]): Values {
  const starts = new Int32Array(list.length);
  const ends = new Int32Array(list.length);
  let at = 0;
  for (const [i, value] of list.entries()) {
    starts[i] = at;
    ends[i] = value ? (at += value.length) : at - 1;
  }
  return { bytes: Buffer.concat(list.map((value) => value ?? new Uint8Array())), starts, ends, count: list.length };
}

const message = Buffer.from(
  '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710',
  'hex',
);
const key = Buffer.from('603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4', 'hex');

test('gives the tags of the standard, all in one call: NIST SP 800-38B, examples for AES-256', () => {
  const tags = new Cmac(key).tags(valuesOf([0, 16, 40, 64].map((length) => message.subarray(0, length))), 64);
  expect(tags.toString('hex').match(/.{32}/g)).toEqual([
    '028962f61b7bf89efc6b551f4667d983',
    '28a7023f452e8f82bd4bf28d8c37c35c',
    'aaf3d8f1de5640c232f5b169b9c911e6',
    'e1992190549f6ed5696a2c056c315410',
  ]);
});

/** RFC 4493 section 2.4, one block after the other. */
function plainCmac(value: Uint8Array): Buffer {
  const aes = (block: Buffer): Buffer => createCipheriv('aes-256-ecb', key, null).setAutoPadding(false).update(block);
  const double = (block: Buffer): Buffer => {
    const number = BigInt(`0x${block.toString('hex')}`) << 1n;
    const reduced = number >> 128n ? (number ^ 0x87n) & ((1n << 128n) - 1n) : number;
    return Buffer.from(reduced.toString(16).padStart(32, '0'), 'hex');
  };
  const xor = (a: Uint8Array, b: Uint8Array): Buffer => Buffer.from(a.map((byte, i) => byte ^ (b[i] ?? 0)));
  const k1 = double(aes(Buffer.alloc(16)));
  const blocks = Array.from({ length: Math.max(1, Math.ceil(value.length / 16)) }, (_, i) =>
    value.subarray(16 * i, 16 * i + 16),
  );
  const last = blocks.pop() ?? new Uint8Array();
  const padded = Buffer.alloc(16);
  padded.set(last);
  if (last.length < 16) padded[last.length] = 0x80;
  const whole = xor(padded, last.length === 16 ? k1 : double(k1));
  return [...blocks, whole].reduce((state: Buffer, block) => aes(xor(block, state)), Buffer.alloc(16));
}

const anyValues = fc.array(fc.option(fc.uint8Array({ maxLength: 70 })), { maxLength: 20 });

test('of many values at once each has the tag that it has alone', () => {
  const cmac = new Cmac(key);
  fc.assert(
    fc.property(anyValues, (list) => {
      const tags = cmac.tags(valuesOf(list), 64);
      // What is longer than 64 bytes has none.
      const tagged = (tagOf: (value: Uint8Array, i: number) => Buffer) =>
        list.map((value, i) => (value && value.length <= 64 ? tagOf(value, i).toString('hex') : undefined));
      expect(tagged((_, i) => tags.subarray(16 * i, 16 * i + 16))).toEqual(tagged(plainCmac));
    }),
  );
});

test('random bytes of a value are the same in whatever company it comes, and others at each attempt', () => {
  const prf = labelPrf({ secret: Buffer.alloc(32, 7), version: 3 }, 'hash', 'pii.x');
  const drawn = (list: readonly (Uint8Array | null)[], i: number, attempt: number, bytes: number) => {
    const { bytes: random, at } = prf.draw(valuesOf(list), attempt, (length) => Math.max(bytes, length));
    return random.toString('hex', at[i], (at[i] ?? 0) + bytes);
  };
  const values = fc.array(fc.option(fc.uint8Array({ maxLength: 100 })), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(values, fc.nat({ max: 255 }), fc.integer({ min: 16, max: 200 }), (list, attempt, bytes) => {
      const seen = new Map<string, string>();
      for (const [i, value] of list.entries()) {
        if (!value) continue;
        const together = drawn(list, i, attempt, bytes);
        expect(drawn([value], 0, attempt, bytes)).toBe(together);
        expect(drawn([value], 0, (attempt + 1) % 256, bytes)).not.toBe(together);
        const before = seen.get(together);
        expect(before ?? Buffer.from(value).toString('hex')).toBe(Buffer.from(value).toString('hex'));
        seen.set(together, Buffer.from(value).toString('hex'));
      }
    }),
  );
});
