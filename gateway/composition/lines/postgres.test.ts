import { afterAll, expect, test } from 'vitest';
import { openPostgresLines } from './postgres.ts';

const sql = openPostgresLines();
afterAll(() => sql[Symbol.asyncDispose]());

const section = {
  relations: {
    'public.people': ['id', 'ssn'],
    'public.v': { kind: 'view', columns: ['number'], definition: 'SELECT people.ssn AS number FROM public.people' },
  },
  functions: { 'public.f': {} },
};
const target = { name: 'crm', protocol: 'postgres', labels: {} } as const;
const labels = new Map([['public.people.ssn', ['pii.ssn']]]);

async function commandOf(text: string, params: readonly (string | null)[] = []) {
  const read = await sql.commandsOf({ text, params }, { target, section: sql.fixture.parse(section), labels });
  if (!read.ok) return { refused: read.why };
  const [first] = read.commands;
  if (first?.command.protocol !== 'postgres') throw new TypeError('no SQL came out');
  return { ...first.command, count: read.commands.length };
}

test('a line is read by the catalog and the labels of its target', async () => {
  expect(await commandOf('select * from people')).toMatchObject({
    action: 'read',
    labels: ['pii.ssn'],
    analysis: { complete: true },
  });
});
test('a view is seen through', async () => {
  expect(await commandOf('select number from v')).toMatchObject({ output: [{ name: 'number', labels: ['pii.ssn'] }] });
});
test('the catalog of the server itself is known', async () => {
  expect(await commandOf('select relname from pg_class')).toMatchObject({
    relations: [{ schema: 'pg_catalog', kind: 'catalog' }],
  });
});
test('a relation that the fixture does not have is not known', async () => {
  expect(await commandOf('select * from nowhere')).toMatchObject({ analysis: { complete: false } });
});
test('parameters are there for policy', async () => {
  expect(await commandOf('select id from people where id = $1', ['7'])).toMatchObject({ params: ['7'] });
});
test('EXECUTE is what stands behind the name', async () => {
  expect(await commandOf('prepare p as delete from people; execute p')).toMatchObject({ count: 2 });
  expect(await commandOf('execute p')).toEqual({ refused: 'statement p was declared by nobody in this line' });
});
test('what does not parse says what the server would', async () => {
  expect(await commandOf('selct 1')).toEqual({ refused: 'syntax error at or near "selct"' });
});
test('other labels are another answer', async () => {
  const plain = await sql.commandsOf(
    { text: 'select ssn from people', params: [] },
    { target, section: sql.fixture.parse(section), labels: new Map() },
  );
  expect(plain).toMatchObject({ ok: true, commands: [{ command: { labels: [] } }] });
  expect(await commandOf('select ssn from people')).toMatchObject({ labels: ['pii.ssn'] });
});
