import { expect, test } from 'vitest';
import { exactly, table } from './output.ts';

const rows = [['01JD', 'update orders set status = 1 where id = 42']];

test('a table without a width has its cells whole', () => {
  expect(table(['id', 'command'], rows)).toBe('ID    COMMAND\n01JD  update orders set status = 1 where id = 42');
});

test('a table with a width has its last column cut to what is left of the line', () => {
  expect(table(['id', 'command'], rows, 30).split('\n')).toEqual(['ID    COMMAND', '01JD  update orders set statu…']);
});

test('a table with a width that is too small keeps twenty columns for the last', () => {
  expect(table(['id', 'command'], rows, 10).split('\n')[1]).toBe('01JD  update orders set s…');
});

test('nothing in a cell reaches the terminal as an escape sequence or a line of its own', () => {
  expect(table(['a'], [['x\u001b[2J\ny']])).toBe('A\nx\ufffd[2J y');
});

test.each([
  ['true \u001b];reboot;\u0007', 'true \\u{1b}];reboot;\\u{7}'],
  ['rm a\u001b]8;;\u0007b', 'rm a\\u{1b}]8;;\\u{7}b'],
  ['-- a note\ndelete from t', '-- a note\n    delete from t'],
  ['rm \u202etxt.a', 'rm \\u{202e}txt.a'],
  ['rm a\u00a0b\u3164\u200b', 'rm a\\u{a0}b\\u{3164}\\u{200b}'],
  ['touch\ta  b', 'touch\ta  b'],
])('what somebody answers for is shown letter by letter: %j', (text, shown) => {
  expect(exactly(text, '    ')).toBe(shown);
});
