import { expect, test } from 'vitest';
import { Gate } from './gate.ts';

test('so many run at once, so many wait in order, and the next is turned away', async () => {
  const gate = new Gate(2, 1);
  const started: string[] = [];
  const work = (name: string) => {
    const ended = Promise.withResolvers<string>();
    const done = gate.run(() => {
      started.push(name);
      return ended.promise;
    });
    return { done, end: () => ended.resolve(name), fail: () => ended.reject(new Error(name)) };
  };
  const [a, b, c, d] = [work('a'), work('b'), work('c'), work('d')];
  expect(await d.done).toBeUndefined();
  expect(started).toEqual(['a', 'b']);
  a.fail();
  await expect(a.done).rejects.toThrow('a');
  expect(started).toEqual(['a', 'b', 'c']);
  b.end();
  c.end();
  expect([await b.done, await c.done]).toEqual(['b', 'c']);
  const e = work('e');
  e.end();
  expect(await e.done).toBe('e');
});
