import { describe, expect, test } from 'vitest';
import type { Detector } from '../../contract/detector.ts';
import type { MaskMethod } from '../../contract/decision.ts';
import type { ValueShape } from '../../contract/mask.ts';
import { valueShapes } from '../../contract/mask.ts';
import { Search } from './search.ts';

const wanted = (...methods: readonly (readonly [Detector, MaskMethod])[]) => new Search(new Map(methods));

/** One cell of that shape, as it leaves; null for NULL. */
function left(search: Search, text: string, shape: ValueShape = 'text'): string | null {
  const [mask] = search.masksOf([{ name: 'x', shape }]);
  if (!mask) return text;
  const source = Buffer.from(`<<${text}>>`);
  const target = Buffer.alloc(mask.room(source.length - 4) + 2, '#');
  const written = mask.write(source, 2, source.length - 2, target, 1);
  expect(target.toString('utf8', 1 + Math.max(0, written))).toMatch(/^#/); // it wrote no more than it says
  return written < 0 ? null : target.toString('utf8', 1, 1 + written);
}

describe('texts that no label covers', () => {
  test('leave without what is found in them', () => {
    const search = wanted(['card', 'redact'], ['email', 'redact']);
    expect(left(search, 'ada@example.com: 4242424242424242, bob@example.com')).toBe('***: ***, ***');
    expect(left(search, 'für 4242424242424242 ü')).toBe('für *** ü');
    expect(left(search, 'call 303-555-0123')).toBe('call 303-555-0123');
    expect(left(search, '')).toBe('');
  });
  test.each(['redact', 'tokenize', 'hash', 'partial'] as const)('of a part of a text, %s hides all', (method) => {
    expect(left(wanted(['card', method]), 'x 4242424242424242')).toBe('x ***');
  });
  test('leave as NULL where the method is null', () => {
    const search = wanted(['card', 'null'], ['email', 'redact']);
    expect(left(search, 'x 4242424242424242 ada@example.com')).toBe(null);
    expect(left(search, 'x ada@example.com')).toBe('x ***');
  });
  test('stay documents where they are some', () => {
    const search = wanted(['card', 'redact']);
    expect(left(search, '{"a": 4242424242424242}', 'json')).toBe('{}');
    expect(left(search, '["4242424242424242"]', 'json')).toBe('[]');
    expect(left(search, '{"a": 1}', 'json')).toBe('{"a": 1}');
    expect(left(wanted(['card', 'null']), '["4242424242424242"]', 'json')).toBe(null);
  });
  test('of other kinds are not searched', () => {
    const others = valueShapes.filter((shape) => shape !== 'text' && shape !== 'json');
    for (const shape of others)
      expect(left(wanted(['card', 'redact']), '4242424242424242', shape)).toBe('4242424242424242');
  });
});

test('messages leave without what is found in them', () => {
  const search = wanted(['card', 'redact'], ['email', 'null']);
  const message = {
    severity: 'error',
    code: '22P02',
    text: 'bad: "4242424242424242"',
    detail: 'to ada@example.com',
  } as const;
  expect(search.message(message)).toEqual({ ...message, text: 'bad: "***"', detail: '***' });
  expect(search.message({ ...message, detail: 'x', hint: '4242424242424242!' })).toMatchObject({
    detail: 'x',
    hint: '***!',
  });
});
