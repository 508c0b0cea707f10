import { expect, test } from 'vitest';
import { table } from './output.ts';

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
  expect(table(['a'], [['x\u001b[2J\ny']])).toBe('A\nx y');
});
