import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Decision, Finding } from '../contract/decision.ts';
import { asId, type Revision } from '../contract/ids.ts';
import { type Direction, MaskImpossible } from '../contract/result.ts';
import { connecting, noMasks } from '../testing/commands.ts';
import { Contents, LimitReached } from './contents.ts';
import { Delivery, Tallies } from './delivery.ts';

const finding: Finding = { kind: 'limit', id: 'T-300', msg: 'so much' };

function piece(direction: Direction, offset: number, text: string) {
  return { kind: 'content', direction, offset, bytes: Buffer.from(text) } as const;
}

function deliveries(bytes: number | undefined, masked: Decision['masks'] = {}) {
  const limits = bytes === undefined ? {} : { bytes };
  const base = { effect: 'allow', revision: asId<Revision>('r1'), findings: [finding], approval: null } as const;
  const decision: Decision = { ...base, masks: masked, limits };
  const tallies = new Tallies();
  const session = {};
  return () => new Delivery(connecting, decision, noMasks, session, tallies);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

describe('what goes of a file', () => {
  test('is one range with the digest of the whole, wherever it was cut', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 })), (texts) => {
        const contents = new Contents();
        let offset = 0;
        for (const text of texts) {
          contents.add(piece('in', offset, text));
          offset += Buffer.byteLength(text);
        }
        const whole = { direction: 'in', offset: 0, bytes: offset, sha256: sha256(texts.join('')), scattered: false };
        expect(contents.ranges()).toEqual(texts.length === 0 ? [] : [whole]);
      }),
    );
  });

  test('is a range for each run, and both directions have their own', () => {
    const contents = new Contents();
    for (const [direction, offset, text] of [
      ['in', 0, 'ab'],
      ['out', 10, 'x'],
      ['in', 2, 'cd'],
      ['out', 11, 'y'],
      ['in', 100, 'e'],
    ] as const)
      contents.add(piece(direction, offset, text));
    expect(contents.ranges()).toEqual([
      { direction: 'in', offset: 0, bytes: 4, sha256: sha256('abcd'), scattered: false },
      { direction: 'out', offset: 10, bytes: 2, sha256: sha256('xy'), scattered: false },
      { direction: 'in', offset: 100, bytes: 1, sha256: sha256('e'), scattered: false },
    ]);
  });

  test('in very many pieces ends as one that says so', () => {
    const contents = new Contents();
    for (let i = 0; i < 100; i++) contents.add(piece('in', 1_000 - i * 2, String(i % 10)));
    const ranges = contents.ranges();
    const rest = Array.from({ length: 36 }, (_, i) => String((i + 64) % 10)).join('');
    expect(ranges).toHaveLength(65);
    expect(ranges.at(-1)).toMatchObject({ scattered: true, bytes: 36, sha256: sha256(rest) });
    expect(ranges.slice(0, -1).some(({ scattered }) => scattered)).toBe(false);
  });

  test('is held to the limit, each way, over all files of a session', () => {
    const open = deliveries(4);
    const [one, other] = [open(), open()];
    one.apply(piece('out', 0, 'abc'));
    expect(() => other.apply(piece('out', 0, 'de'))).toThrow(LimitReached);
    expect(() => other.apply(piece('out', 0, 'de'))).toThrow('4 bytes of files through each way in a session [T-300]');
    other.apply(piece('out', 0, 'd'));
    expect(() => other.apply(piece('out', 1, 'e'))).toThrow(LimitReached);
    other.apply(piece('in', 0, 'wxyz'));
    expect(() => one.apply(piece('in', 4, '!'))).toThrow(LimitReached);
    expect(other.sent).toMatchObject({ bytes: 1, contents: [{ direction: 'out' }, { direction: 'in', bytes: 4 }] });
  });

  test('leaves of the masked copy alone: whatever else comes is what nobody has masked', () => {
    const delivery = deliveries(undefined, { 'detector:card': 'redact' })();
    const copy = (text: string, isLast: boolean) => delivery.apply({ kind: 'copy', bytes: Buffer.from(text), isLast });
    expect(() => delivery.apply(piece('out', 0, 'a'))).toThrow(MaskImpossible);
    expect(copy('a 4242 4242', false)).toBeUndefined();
    expect(() => delivery.apply(piece('out', 0, 'a'))).toThrow('not what was masked');
    const masked = `a ${'*'.repeat(19)}\n`;
    expect(copy(' 4242 4242\n', true)).toMatchObject({ bytes: Buffer.from(masked) });
    delivery.apply(piece('out', 0, masked));
    delivery.apply(piece('out', 3, '***'));
    for (const other of [piece('out', 2, '4242'), piece('out', 20, '*\nx'), piece('out', 1, masked)])
      expect(() => delivery.apply(other)).toThrow('not what was masked');
    expect(() => delivery.apply(piece('in', 0, masked))).toThrow('only read');
    expect(() => copy('more', true)).toThrow('behind its end');
    expect(delivery.sent).toMatchObject({ bytes: 25, hidden: { 'detector:card': 1 } });
  });

  test('carries no other masks', () => {
    const delivery = deliveries(undefined, { 'pii.ssn': 'redact' })();
    expect(() => delivery.apply(piece('out', 0, 'abc'))).toThrow(MaskImpossible);
  });
});
