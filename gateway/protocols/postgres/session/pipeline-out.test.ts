import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OutQueue } from './pipeline-out.ts';

/** Slices of a few chunks, with a `take` now and then. */
const steps = fc.array(
  fc.oneof(fc.tuple(fc.nat(3), fc.nat(20), fc.nat(20)), fc.constant('take' as const), fc.constant('next' as const)),
  { maxLength: 60 },
);

test('what comes out is what went in, in order, whatever was taken when', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 20, maxLength: 20 }), { minLength: 4, maxLength: 4 }),
      steps,
      (bytes, given) => {
        const chunks = bytes.map((chunk) => Buffer.from(chunk));
        const queue = new OutQueue();
        const before: Buffer[] = [];
        const after: Buffer[] = [];
        let last = { chunk: chunks[0] ?? Buffer.alloc(20), end: 0 };
        for (const step of given) {
          if (step === 'take') {
            after.push(...queue.take());
            continue;
          }
          // `next` goes on where the slice before ended: what joins again.
          const chunk = step === 'next' ? last.chunk : (chunks[step[0]] ?? last.chunk);
          const start = step === 'next' ? last.end : Math.min(step[1], step[2]);
          const end = step === 'next' ? chunk.length : Math.max(step[1], step[2]);
          queue.add(chunk, start, end);
          before.push(chunk.subarray(start, end));
          last = { chunk, end };
        }
        after.push(...queue.take());
        expect(Buffer.concat(after).equals(Buffer.concat(before))).toBe(true);
        expect(queue.take()).toEqual([]);
      },
    ),
  );
});

test('neighbours of one chunk leave as that chunk, without a copy', () => {
  const chunk = Buffer.from('one packet of several messages');
  const queue = new OutQueue();
  queue.add(chunk, 0, 3);
  queue.add(chunk, 3, 20);
  queue.add(chunk, 20, chunk.length);
  const [whole, ...more] = queue.take();
  expect(whole).toBe(chunk);
  expect(more).toEqual([]);
});

test.each([10, 20_000])('two pieces of %i bytes reach the stream whole and in order', async (size) => {
  const queue = new OutQueue();
  const stream = new PassThrough();
  const pieces = [Buffer.alloc(size, 'a'), Buffer.alloc(size, 'b')];
  for (const piece of pieces) queue.add(piece);
  queue.writeTo(stream);
  stream.end();
  expect(Buffer.concat(await stream.toArray()).equals(Buffer.concat(pieces))).toBe(true);
});

test('a stream that takes no more says so, and its drain comes', async () => {
  const queue = new OutQueue();
  const stream = new PassThrough({ highWaterMark: 1_000 });
  for (let i = 0; i < 4; i++) queue.add(Buffer.alloc(20_000));
  expect(queue.writeTo(stream)).toBe(false);
  const drained = once(stream, 'drain');
  stream.resume();
  await drained;
  expect(queue.writeTo(stream)).toBe(true);
});
