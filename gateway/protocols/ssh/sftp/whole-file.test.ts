import { describe, expect, test } from 'vitest';
import { SallyportError } from '../../../contract/errors.ts';
import type { SftpAnswer } from './answers.ts';
import { Room } from './room.ts';
import { Fields, statuses } from './wire.ts';
import { readWhole } from './whole-file.ts';

const end: SftpAnswer = { kind: 'status', status: statuses.eof, text: '' };

function data(bytes: Buffer): SftpAnswer {
  return { kind: 'data', bytes, packet: bytes };
}

/** Reads what a host answers by place and length. */
async function reading(
  answer: (offset: number, length: number) => SftpAnswer,
  maxBytes = 1_000_000,
  wanted = Infinity,
) {
  const room = new Room(2_000_000);
  const pieces: Buffer[] = [];
  let asked = 0;
  const read = await readWhole({
    host: {
      async question(encode) {
        const fields = new Fields(encode(7), 9);
        fields.bytes();
        asked++;
        return answer(fields.uint64(), fields.uint32());
      },
    },
    hostHandle: Buffer.from('h'),
    maxBytes,
    room,
    take(bytes) {
      pieces.push(bytes);
      return { passed: pieces.length < wanted, wait: undefined };
    },
  });
  const held = read.ok ? read.bytes : 0;
  expect([room.take(2_000_000 - held), room.take(1)]).toEqual([true, false]);
  return { read, bytes: Buffer.concat(pieces), asked };
}

describe('a file that is read as a whole', () => {
  const file = Buffer.from(Array.from({ length: 300_001 }, (_, i) => i % 251));
  const honest = (offset: number, length: number) =>
    offset < file.length ? data(file.subarray(offset, offset + length)) : end;

  test('comes in order, and what it needs of the room stays taken', async () => {
    const { read, bytes } = await reading(honest);
    expect(read).toEqual({ ok: true, bytes: file.length });
    expect(bytes.equals(file)).toBe(true);
  });

  test('comes whole from a server that reads less than it was asked for', async () => {
    const { bytes } = await reading((offset, length) => honest(offset, Math.min(length, 1_000 + (offset % 7))));
    expect(bytes.equals(file)).toBe(true);
  });

  test('ends where it has become shorter, and goes on where it has grown', async () => {
    let size = 200_000;
    const shorter = await reading((offset, length) => {
      const answer = offset < size ? data(file.subarray(offset, Math.min(offset + length, size))) : end;
      if (offset > 100_000) size = 120_000;
      return answer;
    });
    expect(shorter.read).toEqual({ ok: true, bytes: shorter.bytes.length });
    expect(shorter.bytes.equals(file.subarray(0, shorter.bytes.length))).toBe(true);
    let grown = 10;
    const longer = await reading((offset, length) => {
      const answer = offset < grown ? data(file.subarray(offset, Math.min(offset + length, grown))) : end;
      if (offset === 0) grown = 20;
      return answer;
    });
    expect(longer.bytes.equals(file.subarray(0, 20))).toBe(true);
  });

  test('that is empty costs two questions at most', async () => {
    expect(await reading(() => end)).toMatchObject({ read: { ok: true, bytes: 0 }, asked: 1 });
  });

  test('that has no end is left at the limit', async () => {
    const { read, asked } = await reading((_, length) => data(Buffer.alloc(length)), 100_000);
    expect(read).toEqual({ ok: false, why: 'too-long' });
    expect(asked).toBeLessThan(12);
  });

  test('is left where there is no room, where nobody wants more, and where the host says no', async () => {
    expect((await reading((_, length) => data(Buffer.alloc(length)), Infinity)).read).toEqual({
      ok: false,
      why: 'no-room',
    });
    expect((await reading(honest, 1_000_000, 2)).read).toEqual({ ok: false, why: 'unwanted' });
    const no = { kind: 'status', status: statuses.failure, text: 'a bad disk' } as const;
    const { read } = await reading((offset, length) => (offset > 50_000 ? no : honest(offset, length)));
    expect(read).toEqual({ ok: false, why: no });
  });

  test.each<[string, SftpAnswer]>([
    ['more than was read', data(Buffer.alloc(32_769))],
    ['nothing, and no end', data(Buffer.alloc(0))],
    ['something else', { kind: 'handle', handle: Buffer.from('x') }],
  ])('is broken where the host answers %s', async (_, answer) => {
    await expect(reading(() => answer)).rejects.toThrow(SallyportError);
  });
});

describe('room', () => {
  test('that is taken is taken of the whole, and comes back with what ends', () => {
    const whole = new Room(10);
    const [one, other] = [new Room(8, whole), new Room(8, whole)];
    expect([one.take(8), one.take(1), other.take(3), other.take(2)]).toEqual([true, false, false, true]);
    one.give(5);
    expect([other.take(5), other.take(1), one.take(0)]).toEqual([true, false, true]);
    one.close();
    one.close();
    one.give(3);
    const third = new Room(10, whole);
    expect([one.take(1), third.take(4), third.take(3)]).toEqual([false, false, true]);
  });
});
