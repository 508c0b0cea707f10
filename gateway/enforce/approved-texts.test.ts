import { expect, test } from 'vitest';
import type { Exchange } from '../contract/exchange.ts';
import { approvedTexts } from './approved-texts.ts';

const update = 'update orders set status = $1 where id = $2';

/** The commands of an exchange, as an approver reads them. */
function shown(...commands: readonly { readonly text: string; readonly params?: readonly (string | null)[] }[]) {
  const texts = commands.map(({ text, params = [] }) => ({ text, params }));
  return approvedTexts({
    commands: texts.map(() => ({ protocol: 'postgres' })),
    recordText: (i: number) => texts[i],
  } as unknown as Exchange);
}

test('a statement stands with what its parameters are', () => {
  expect(shown({ text: update, params: ['refunded', '42'] })).toEqual([`${update}\nwith $1 = 'refunded', $2 = '42'`]);
  expect(shown({ text: 'begin' }, { text: update, params: [null, '[masked]'] })).toEqual([
    'begin',
    `${update}\nwith $1 = NULL, $2 = '[masked]'`,
  ]);
});

test('no value looks like another one', () => {
  expect(shown({ text: update, params: ["x', $2 = '1", 'NULL'] })).toEqual([
    `${update}\nwith $1 = 'x'', $2 = ''1', $2 = 'NULL'`,
  ]);
});

test('what is too much to be read is said to be more', () => {
  const [long = ''] = shown({ text: 'select $1', params: ['a'.repeat(1_000_000)] });
  expect(long).toBe(`select $1\nwith $1 = '${'a'.repeat(1_000)}' and 999000 more characters`);
  const [many = ''] = shown({ text: 'select 1', params: Array.from({ length: 65_535 }, () => '7') });
  expect(many).toMatch(/, \$100 = '7' and 65435 more$/);
});
