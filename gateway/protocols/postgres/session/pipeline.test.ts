import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Expected, Pipeline } from './pipeline.ts';

const empty: Expected = { kind: 'empty' };
const sync: Expected = { kind: 'sync', own: false };
const poison = (name: string): Expected => ({ kind: 'poison', error: Buffer.from(name) });

function contents(pipeline: Pipeline): readonly Expected[] {
  const all: Expected[] = [];
  for (let item = pipeline.take(); item; item = pipeline.take()) all.push(item);
  return all;
}

test('answers are expected in the order of the questions, however many are open', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.integer({ min: 1, max: 400 }), fc.integer({ min: -400, max: -1 }))), (steps) => {
      const pipeline = new Pipeline();
      const model: Expected[] = [];
      for (const step of steps) {
        for (let i = 0; i < step; i++) {
          const item = poison(String(i));
          pipeline.push(item);
          model.push(item);
        }
        for (let i = 0; i > step; i--) expect(pipeline.take()).toBe(model.shift());
        expect(pipeline.length).toBe(model.length);
        expect(pipeline.current).toBe(model[0]);
      }
    }),
  );
});

test('a failure drops what the server skips, up to the Sync and not further', () => {
  const pipeline = new Pipeline();
  const first = poison('first');
  const second = poison('second');
  for (const item of [first, empty, sync, second, sync]) pipeline.push(item);
  expect(pipeline.dropToSync()).toEqual([first, empty]);
  expect(contents(pipeline)).toEqual([sync, second, sync]);
});

test('a failure without a Sync in sight drops everything', () => {
  const pipeline = new Pipeline();
  for (const item of [empty, empty]) pipeline.push(item);
  expect(pipeline.dropToSync()).toHaveLength(2);
  expect(pipeline.length).toBe(0);
});

test('Syncs sent along with COPY data get no answer, and the COPY stays where it is', () => {
  const pipeline = new Pipeline();
  const copy = poison('copy');
  const next = poison('next');
  for (const item of [empty, copy, sync, sync, next]) pipeline.push(item);
  pipeline.take();
  pipeline.dropLeadingSyncs();
  expect(contents(pipeline)).toEqual([copy, next]);
});
