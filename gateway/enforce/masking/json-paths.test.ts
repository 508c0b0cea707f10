import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PathFact } from '../../contract/command-postgres.ts';
import type { MaskMethod } from '../../contract/decision.ts';
import { MaskImpossible } from '../../contract/result.ts';
import { labelledPaths } from './labelled-paths.ts';
import { openMasks } from './masks.ts';

const masks = openMasks({ secret: Buffer.alloc(32, 9) });
const methods: { readonly [label: string]: MaskMethod } = {
  'pii.ssn': 'redact',
  'pii.phone': 'partial',
  'pii.email': 'tokenize',
  'pii.key': 'hash',
  'pii.gone': 'null',
};

function masked(document: string, paths: readonly (readonly [path: string, label: string])[]): string {
  const facts: readonly PathFact[] = paths.map(([path, label]) => ({ path, labels: [label] }));
  return labelledPaths(facts, methods, masks).rewrite?.(Buffer.from(document)).toString() ?? '';
}

const ssn = [['ssn', 'pii.ssn']] as const;
const phone = [['address.phone', 'pii.phone']] as const;
const emails = [['contacts.*.email', 'pii.email']] as const;

describe('only the values at the path change', () => {
  test.each([
    ['a member', '{"id": 1, "ssn": "078-05-1120", "x": 2}', ssn, '{"id": 1, "ssn": "***", "x": 2}'],
    [
      'spaces, order and digits stay',
      '{ "z":1.00 ,\n"ssn" : "1" , "a":1e400,"b":-0}',
      ssn,
      '{ "z":1.00 ,\n"ssn" : "***" , "a":1e400,"b":-0}',
    ],
    [
      'a path through objects',
      '{"address": {"phone": "+1 555 123 4567", "city": "x"}}',
      phone,
      '{"address": {"phone": "+* *** *** **67", "city": "x"}}',
    ],
    [
      'the same name elsewhere stays',
      '{"phone": "1", "a": {"phone": "2"}}',
      phone,
      '{"phone": "1", "a": {"phone": "2"}}',
    ],
    ['null stays null', '{"ssn": null}', ssn, '{"ssn": null}'],
    ['a number', '{"ssn": 78051120, "n": 1}', ssn, '{"ssn": 0, "n": 1}'],
    ['a boolean', '{"ssn": true}', ssn, '{"ssn": false}'],
    ['an object where the value was awaited', '{"ssn": {"old": "1"}}', ssn, '{"ssn": {}}'],
    ['an array where the value was awaited', '{"ssn": ["1", "2"]}', [['ssn', 'pii.ssn']], '{"ssn": []}'],
    ['nothing at the path', '{"id": 1, "t": "x"}', ssn, '{"id": 1, "t": "x"}'],
    ['an empty document', '{}', ssn, '{}'],
    ['an empty array', '[]', ssn, '[]'],
    [
      'by null',
      '{"a": "x", "b": 1}',
      [
        ['a', 'pii.gone'],
        ['b', 'pii.gone'],
      ],
      '{"a": null, "b": null}',
    ],
    [
      'a label that may be read',
      '{"a": "x"}',
      [
        ['a', 'pii.unmasked'],
        ['b', 'pii.ssn'],
      ],
      '{"a": "x"}',
    ],
    [
      'the more private of two paths',
      '{"a": {"b": "x"}}',
      [
        ['a.b', 'pii.phone'],
        ['a.*', 'pii.ssn'],
      ],
      '{"a": {"b": "***"}}',
    ],
  ] as const)('%s', (_, document, paths, expected) => {
    expect(masked(document, paths)).toBe(expected);
  });
});

describe('tricks', () => {
  test.each([
    ['every one of several members of the name', '{"ssn": "1", "ssn": "2", "x": 0, "ssn": "3"}', ssn],
    ['a name written with escapes', '{"\\u0073sn": "1"}', ssn],
    ['a name in another case', '{"SSN": "1", "Ssn": "2"}', ssn],
    ['a name in full-width letters', '{"ｓｓｎ": "1"}', ssn],
    ['an array where an object was awaited', '{"address": [{"phone": "1"}, [{"phone": "2"}]]}', phone],
    ['an array around the document', '[{"ssn": "1"}, {"ssn": "2"}]', ssn],
    ['a string where an object was awaited', '{"address": "phone 12"}', phone],
    ['a number where an object was awaited', '{"address": 12}', phone],
    ['a scalar for a document', '"12"', ssn],
    ['elements by the star', '{"contacts": [{"email": "1"}, {"email": "2"}]}', emails],
    ['members by the star', '{"contacts": {"x": {"email": "1"}, "y": {"email": "2"}}}', emails],
    ['elements of an array of documents', '{"email": "1"}', [['*.email', 'pii.email']]],
    ['a value written with escapes', '{"ssn": "\\u0031\\"2\\\\"}', ssn],
    ['a quote in a name before it', '{"a\\"": {"b": 0}, "ssn": "1"}', ssn],
    ['spaces around names', '{\n "ssn"\t:\r\n "1" }', ssn],
  ] as const)('%s', (_, document, paths) => {
    const said = masked(document, paths);
    expect(said).not.toMatch(/[12]|\\u003[12]/);
    expect(() => void JSON.parse(said)).not.toThrow();
  });

  test.each([
    '',
    '{',
    '{"ssn": "1"',
    '{"ssn" "1"}',
    '{ssn: 1}',
    '{"a": 1} x',
    '{"a": tru}',
    '[1 2]',
    "{'ssn': 1}",
    '{"a": 01}',
  ])('what is no JSON is refused: %s', (document) => {
    expect(() => masked(document, ssn)).toThrow(MaskImpossible);
  });

  test('a document that is too deep is refused', () => {
    expect(() => masked(`${'['.repeat(5000)}${']'.repeat(5000)}`, ssn)).toThrow(MaskImpossible);
  });
});

test('equal values have equal tokens, wherever they stand', () => {
  const said = JSON.parse(
    masked('{"contacts": [{"email": "a@b.de"}, {"email": "a@b.de"}, {"email": "c@d.de"}]}', emails),
  ) as {
    contacts: { email: string }[];
  };
  const [first, second, third] = said.contacts.map(({ email }) => email);
  expect(first).toMatch(/^[a-z]@[a-z]\.[a-z]{2}$/);
  expect(second).toBe(first);
  expect(third).not.toBe(first);
});

test('any document without the path comes out as it was, and any with it as JSON without the value', () => {
  const documents = fc.jsonValue({ maxDepth: 4 });
  const spaces = fc.constantFrom(0, 1, 2);
  fc.assert(
    fc.property(
      documents,
      documents,
      spaces,
      fc.constantFrom<MaskMethod>('redact', 'partial', 'hash', 'tokenize', 'null'),
      (other, secret, indent, method) => {
        const safe = JSON.stringify({ other: [other] }, null, indent);
        const by = (text: string) =>
          labelledPaths([{ path: 'canary.at', labels: ['l'] }], { l: method }, masks)
            .rewrite?.(Buffer.from(text))
            .toString() ?? '';
        expect(by(safe)).toBe(safe);
        const canary = { at: ['CANARYCANARY', secret] };
        const said = by(JSON.stringify({ other: [other], canary }, null, indent));
        expect(said).not.toContain('CANARYCANARY');
        expect((JSON.parse(said) as { other: unknown }).other).toEqual(JSON.parse(JSON.stringify([other])));
      },
    ),
  );
});
