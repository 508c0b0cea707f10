import { expect, test } from 'vitest';
import { DocumentPaths } from './document-paths.ts';

function openIn(documents: readonly unknown[], ...decided: readonly string[]): readonly string[] {
  const paths = new DocumentPaths(decided);
  for (const document of documents) paths.add(JSON.stringify(document));
  return paths.open().map(({ names }) => names.join('.'));
}
const often = (document: unknown): readonly unknown[] => Array.from({ length: 10 }, () => document);

test.each([
  ['nothing', [], ['address.city', 'address.phone', 'mails.to']],
  ['a path', ['address.phone'], ['address.city', 'mails.to']],
  ['another spelling of it', ['ADDRESS.Phone'], ['address.city', 'mails.to']],
  ['what it is in', ['address'], ['mails.to']],
  ['any member', ['address.*'], ['mails.to']],
  ['what would go on below a text', ['address.phone.home'], ['address.city', 'mails.to']],
  ['an element of an array', ['mails.*.to'], ['address.city', 'address.phone']],
  ['each element of an array', ['mails.to'], ['address.city', 'address.phone']],
])('where %s is decided, the rest is open', (_what, decided, open) => {
  const document = { address: { phone: '1', city: 'a' }, mails: [{ to: 'x' }, { to: 'y' }], nothing: null, no: '' };
  expect(openIn(often(document), ...decided)).toEqual(open);
});

test('names of members that may be values are not said', () => {
  const documents = Array.from({ length: 40 }, (_, i) => ({
    [`person${String(i)}`]: { email: 'x@example.com' },
    'bob@example.com': 'x',
    'first name': 'x',
    known: 'x',
    ...(i < 3 && { Rarely: 'x' }),
  }));
  expect(openIn(documents)).toEqual(['*', '*.email', 'known']);
});

test('few documents say no name', () => {
  expect(openIn([{ a: 'x' }, { a: 'y' }])).toEqual(['*']);
});

test('values are counted by what they look like, and a document that is none counts for nothing', () => {
  const paths = new DocumentPaths([]);
  for (let i = 0; i < 5; i++) paths.add(JSON.stringify({ to: `person${String(i)}@example.com`, n: i }));
  paths.add('{"to": ');
  paths.add(null);
  paths.add('"text"');
  const [n, to] = paths.open();
  expect(n).toMatchObject({ names: ['n'], tally: { values: 5, whole: {} } });
  expect(to).toMatchObject({ names: ['to'], tally: { values: 5, whole: { email: 5 } } });
  expect(JSON.stringify(paths.open())).not.toContain('person');
});

test('thousands of names are told apart no longer, and their values still count', () => {
  const many = Object.fromEntries(Array.from({ length: 9_000 }, (_, i) => [`m${String(i)}`, 'x']));
  const paths = new DocumentPaths([]);
  paths.add(JSON.stringify(many));
  expect(paths.open()).toMatchObject([{ names: ['*'], tally: { values: 9_000 } }]);
});

test('a document that is nested without end is looked at to some depth', () => {
  const deep = `${'{"a":'.repeat(2_000)}1${'}'.repeat(2_000)}`;
  const paths = new DocumentPaths([]);
  paths.add(deep);
  expect(paths.open()).toEqual([]);
});
