import { describe, expect, test } from 'vitest';
import { examplesOf } from './blocks.ts';
import { matchesOutput } from './output.ts';

describe('an output', () => {
  test.each([
    ['the same text', 'a\nb', 'a\nb\n'],
    ['other widths', ' id | name\n----+-----\n  1 | x', ' id |   name   \n----+----------\n  1 | x'],
    ['anything within a line', 'request … done', 'request 01ABC done'],
    ['any number of lines', 'a\n…\nz', 'a\nb\nc\nz'],
    ['no lines at all', 'a\n…\nz', 'a\nz'],
  ])('is matched by %s', (_name, wanted, found) => expect(matchesOutput(wanted, found)).toBe(true));

  test.each([
    ['another word', 'a b', 'a c'],
    ['a line more', 'a', 'a\nb'],
    ['a line less', 'a\nb', 'a'],
    ['what … would have to reach over a line for', 'a … d', 'a\nd'],
    ['a sign of regular expressions as itself', 'a.c', 'abc'],
  ])('is not matched by %s', (_name, wanted, found) => expect(matchesOutput(wanted, found)).toBe(false));
});

describe('a page', () => {
  test('gives its examples with directives and output', () => {
    const page = [
      'Text',
      '<!-- example: as=ana exit=1 skip="a reason" -->',
      '',
      '```sql',
      'select 1;',
      '```',
      'prints',
      '```text',
      '1',
      '```',
      '```json',
      '{}',
      '```',
    ].join('\n');
    const [block, ...others] = examplesOf('page.md', page);
    expect(others).toEqual([]);
    expect(block).toMatchObject({ line: 4, language: 'sql', text: 'select 1;\n', output: '1\n' });
    expect([...(block?.directives ?? [])]).toEqual([
      ['as', 'ana'],
      ['exit', '1'],
      ['skip', 'a reason'],
    ]);
  });
  test('has directives for the next block only', () => {
    const page = '<!-- example: skip="x" -->\n\n```sh\na\n```\n\n```sh\nb\n```';
    expect(examplesOf('page.md', page).map((block) => block.directives.size)).toEqual([1, 0]);
  });
  test('does not end inside a block', () => {
    expect(() => examplesOf('page.md', '```sh\nls')).toThrow('page.md:1: a block that nothing closes');
  });
});
