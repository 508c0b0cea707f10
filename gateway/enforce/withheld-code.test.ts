import { describe, expect, test } from 'vitest';
import { withheldCode } from './withheld-code.ts';

describe('of an error whose text is withheld', () => {
  test.each([
    '22012',
    '22P02',
    '42P01',
    '42704',
    '21000',
    '54000',
    '0A000',
    'XX000',
    '23514',
    '53400',
    '2F005',
    '44000',
  ])('%s is not told: a row can bring it about', (code) => {
    expect(withheldCode({ code })).toBe('22000');
  });
  test.each([
    ['42P01', 'text'],
    ['42883', 'text'],
    ['23505', 'table'],
    ['23514', 'table'],
    ['42501', undefined],
    ['40001', undefined],
    ['57014', undefined],
    ['55P03', undefined],
    ['P0001', undefined],
  ] as const)('%s (about: %s) is told', (code, about) => {
    expect(withheldCode({ code, ...(about && { about }) })).toBe(code);
  });
  test('class 22 is not told wherever it is from', () => {
    expect(withheldCode({ code: '22P02', about: 'text' })).toBe('22000');
  });
});
