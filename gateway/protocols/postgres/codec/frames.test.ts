import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Framer } from './frames.ts';

const limit = (): number => 1 << 20;

interface Seen {
  readonly tag: number;
  readonly bytes: string;
}

function message(tag: number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head[0] = tag;
  head.writeInt32BE(4 + body.length, 1);
  return Buffer.concat([head, body]);
}

function drain(framer: Framer, chunks: readonly Buffer[]): Seen[] {
  const seen: Seen[] = [];
  for (const chunk of chunks) {
    framer.push(chunk);
    while (framer.next())
      seen.push({ tag: framer.tag, bytes: framer.buffer.toString('hex', framer.start, framer.end) });
  }
  return seen;
}

const messages = fc.array(fc.tuple(fc.integer({ min: 1, max: 255 }), fc.uint8Array({ maxLength: 40 })), {
  maxLength: 8,
});

describe('frames', () => {
  test('are the same wherever the network cut them', () => {
    fc.assert(
      fc.property(messages, fc.array(fc.nat({ max: 400 })), (list, cuts) => {
        const parts = list.map(([tag, body]) => message(tag, body));
        const stream = Buffer.concat(parts);
        const points = [0, ...cuts.map((cut) => cut % (stream.length + 1)).toSorted((a, b) => a - b), stream.length];
        const chunks = points.slice(1).map((to, i) => stream.subarray(points[i], to));
        const expected = parts.map((part) => ({ tag: part[0], bytes: part.toString('hex') }));
        expect(drain(new Framer(limit), chunks)).toEqual(expected);
      }),
    );
  });

  test('are the same when cut at every single byte', () => {
    const parts = [
      message(0x51, Buffer.from('select 1\0')),
      message(0x53, Buffer.alloc(0)),
      message(0x64, Buffer.alloc(3000, 7)),
    ];
    const stream = Buffer.concat(parts);
    for (let at = 0; at <= stream.length; at++)
      expect(drain(new Framer(limit), [stream.subarray(0, at), stream.subarray(at)])).toHaveLength(3);
    const bytes = Array.from(stream, (_, i) => stream.subarray(i, i + 1));
    expect(drain(new Framer(limit), bytes).map((frame) => frame.bytes)).toEqual(
      parts.map((part) => part.toString('hex')),
    );
  });

  test('that lie in one chunk are ranges of it, and a run of one tag is one range', () => {
    const chunk = Buffer.concat([
      message(0x44, Buffer.alloc(9)),
      message(0x44, Buffer.alloc(2)),
      message(0x43, Buffer.alloc(4)),
    ]);
    const framer = new Framer(limit);
    framer.push(chunk);
    expect(framer.next()).toBe(true);
    expect(framer.extend()).toBe(2);
    expect(framer.buffer).toBe(chunk);
    expect([framer.start, framer.end]).toEqual([0, 21]);
    expect(framer.next()).toBe(true);
    expect([framer.tag, framer.start, framer.end]).toEqual([0x43, 21, chunk.length]);
    expect(framer.next()).toBe(false);
  });

  test('runs count every message exactly once, wherever the stream was cut', () => {
    const stream = Buffer.concat(Array.from({ length: 5 }, (_, i) => message(0x44, Buffer.alloc(i))));
    for (let at = 0; at <= stream.length; at++) {
      const framer = new Framer(limit);
      let count = 0;
      for (const chunk of [stream.subarray(0, at), stream.subarray(at)]) {
        framer.push(chunk);
        while (framer.next()) count += framer.extend();
      }
      expect(count).toBe(5);
    }
  });

  test('a slice that was kept does not change when later frames arrive', () => {
    const framer = new Framer(limit);
    const stream = Buffer.concat([message(0x44, Buffer.alloc(2000, 1)), message(0x44, Buffer.alloc(2000, 2))]);
    framer.push(stream.subarray(0, 100));
    expect(framer.next()).toBe(false);
    framer.push(stream.subarray(100, 2100));
    expect(framer.next()).toBe(true);
    const kept = framer.buffer.subarray(framer.start, framer.end);
    expect(framer.next()).toBe(false);
    framer.push(stream.subarray(2100));
    expect(framer.next()).toBe(true);
    expect(kept.equals(stream.subarray(0, 2005))).toBe(true);
  });

  test('say how many bytes are missing', () => {
    const framer = new Framer(limit);
    const stream = message(0x51, Buffer.alloc(100));
    framer.push(stream.subarray(0, 3));
    framer.next();
    expect(framer.missingBytes).toBe(2);
    framer.push(stream.subarray(3, 50));
    framer.next();
    expect(framer.missingBytes).toBe(55);
    framer.push(stream.subarray(50));
    expect(framer.next()).toBe(true);
    expect(framer.missingBytes).toBe(0);
  });

  test('give back what belongs to no complete frame', () => {
    const framer = new Framer(limit);
    const stream = Buffer.concat([message(0x51, Buffer.alloc(4)), message(0x53, Buffer.alloc(0))]);
    framer.push(stream.subarray(0, 4));
    framer.next();
    framer.push(stream.subarray(4));
    framer.next();
    expect(framer.takeRest().toString('hex')).toBe('5300000004');
    expect(framer.next()).toBe(false);
  });

  test.each([
    ['a length of 0', 0x51, 0, 'protocol-violation'],
    ['a length of 3', 0x51, 3, 'protocol-violation'],
    ['a length over the limit', 0x51, 1001, 'frame-too-large'],
    ['a length of 2 GiB', 0x51, 0x7fffffff, 'frame-too-large'],
    ['a negative length', 0x51, 0xffffffff, 'frame-too-large'],
    ['a tag that does not belong here', 0x7a, 4, 'protocol-violation'],
  ])('%s is refused from the header alone, in one piece or cut, and for good', (_, tag, length, code) => {
    const head = Buffer.alloc(5);
    head[0] = tag;
    head.writeUInt32BE(length, 1);
    for (const at of [0, 1, 4, 5]) {
      const framer = new Framer((t) => (t === 0x51 ? 1000 : 0));
      const read = (): void => {
        framer.push(head.subarray(0, at));
        framer.next();
        framer.push(head.subarray(at));
        framer.next();
      };
      expect(read).toThrow(expect.objectContaining({ code }));
      expect(() => framer.next()).toThrow(expect.objectContaining({ code }));
    }
  });

  test('a run stops before a message whose length lies, and the next call refuses it', () => {
    const framer = new Framer(limit);
    framer.push(Buffer.concat([message(0x44, Buffer.alloc(3)), Buffer.from('4400000002', 'hex')]));
    expect(framer.next()).toBe(true);
    expect(framer.extend()).toBe(1);
    expect(() => framer.next()).toThrow(expect.objectContaining({ code: 'protocol-violation' }));
  });

  test('a declared length takes no memory before its bytes have come', () => {
    const framer = new Framer(() => 1 << 30);
    const head = Buffer.from('510fffffff', 'hex');
    const before = process.memoryUsage().arrayBuffers;
    framer.push(head);
    expect(framer.next()).toBe(false);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1 << 20);
  });

  test('a chunk pushed over an unread one is a mistake of ours', () => {
    const framer = new Framer(limit);
    framer.push(message(0x53, Buffer.alloc(0)));
    expect(() => framer.push(message(0x53, Buffer.alloc(0)))).toThrow(TypeError);
  });
});
