import { expect, test } from 'vitest';
import { Following, Watching } from './watching.ts';

async function textOf(lines: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  for await (const piece of lines) text += Buffer.from(piece).toString();
  return text;
}

async function* past() {
  yield Buffer.from('a\n');
  yield Buffer.from('b\n');
}

test('what was written comes first, then what is, then the end', async () => {
  const watching = new Watching(() => undefined);
  watching.push('c\n');
  const read = textOf(new Following(past(), watching));
  watching.push('d\n');
  watching.end();
  watching.push('after the end\n');
  expect(await read).toBe('a\nb\nc\nd\n');
});

test('who reads too slowly is let go, with what fitted, and nobody waits for them', async () => {
  let left = 0;
  const watching = new Watching(() => left++, 5);
  watching.push('a\n');
  watching.push('b\n');
  watching.push('too much\n');
  watching.push('c\n');
  expect(left).toBe(1);
  expect(await textOf(watching)).toBe('a\nb\n');
});

test('who hangs up while nothing comes is let go at once', async () => {
  let left = 0;
  const watching = new Watching(() => left++);
  const following = new Following(past(), watching);
  for (let i = 0; i < 2; i++) await following.next();
  const waits = following.next();
  await following.return();
  expect(await waits).toEqual({ done: true, value: undefined });
  expect(left).toBe(1);
});
