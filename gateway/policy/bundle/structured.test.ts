import fc from 'fast-check';
import { expect, test } from 'vitest';
import { structuredText } from './structured.ts';

test.each([
  ['{"b":1,"a":2}', '{"a":2,"b":1}'],
  [' { "a" : [ 1 , 2 ] } ', '{"a":[1,2]}'],
  ['1.0', '1.0'],
  ['[1e400,-0,12345678901234567890]', '[1e400,-0,12345678901234567890]'],
  ['"<>&\\u2028"', '"<>&\\u2028"'],
  ['"\\u00e9\\/"', '"é/"'],
  ['{"\\ud800":1}', '{"\ufffd":1}'],
  ['[true,false,null,{},[]]', '[true,false,null,{},[]]'],
])('%s is hashed as %s', (json, canonical) => {
  expect(structuredText(json)).toBe(canonical);
});

test('keys are sorted by their UTF-8 bytes, which is not the order of JavaScript', () => {
  const keys = ['\u{10000}', '\uffff', 'z', 'é'];
  const json = JSON.stringify(Object.fromEntries(keys.map((k) => [k, 0])));
  expect(Object.keys(JSON.parse(structuredText(json)) as object)).toEqual(['z', 'é', '\uffff', '\u{10000}']);
});

test.each([
  '',
  '{',
  '{"a":1,}',
  '[1,]',
  '01',
  '1.',
  '+1',
  'nul',
  '{a:1}',
  "{'a':1}",
  '1 2',
  '"\\x"',
  '"a\u0001"',
  '\ufeff1',
])('%j is refused', (json) => {
  expect(() => structuredText(json)).toThrow(SyntaxError);
});

test('an object with a key twice is refused: two readers could believe different ones', () => {
  expect(() => structuredText('{"a":1,"\\u0061":2}')).toThrow('twice');
});

test('nesting has a bound', () => {
  expect(structuredText('['.repeat(200) + ']'.repeat(200))).toHaveLength(400);
  expect(() => structuredText('['.repeat(300) + ']'.repeat(300))).toThrow('too deep');
});

test('the canonical text of a value is a value of the same meaning, and canonical already', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = structuredText(JSON.stringify(value));
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(structuredText(text)).toBe(text);
    }),
  );
});
