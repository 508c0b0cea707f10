import fc from 'fast-check';
import { expect, test } from 'vitest';
import { claimAt, parseClaimPath } from './claim-path.ts';
import { duplicateName } from './duplicate-name.ts';
import { parseToken } from './token.ts';

const encode = (text: string) => Buffer.from(text).toString('base64url');

test('no text makes the reader throw', () => {
  const part = fc.oneof(fc.string(), fc.json().map(encode), fc.base64String());
  fc.assert(
    fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
      const read = parseToken(parts.join('.'));
      expect(read.ok || read.why === 'malformed').toBe(true);
    }),
  );
});

test('names of JSON without doubled ones are never taken for doubled', () => {
  fc.assert(fc.property(fc.json({ maxDepth: 5 }), (text) => duplicateName(text) === undefined));
});

test('a doubled name is found however it is written and wherever it is', () => {
  const name = fc.string({ minLength: 1 });
  fc.assert(
    fc.property(name, fc.json(), fc.boolean(), (key, filler, escaped) => {
      const hex = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
      const second = escaped ? `"${key.split('').map(hex).join('')}"` : JSON.stringify(key);
      const text = `[{"\\"{": [${filler}]}, {${JSON.stringify(key)}: ${filler} , ${second}\n: 1}]`;
      expect(duplicateName(text)).toBe(key);
    }),
  );
});

test.each(['__proto__', 'constructor.name', 'a.toString', 'a.length', 'list.0'])(
  'a claim path %s leads out of nothing',
  (path) => {
    expect(claimAt({ a: 'text', list: ['x'] }, parseClaimPath(path))).toBeUndefined();
  },
);
