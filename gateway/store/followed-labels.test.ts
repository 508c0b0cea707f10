import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryFolder } from '../policy/fixtures.ts';
import { FollowedLabelStore } from './followed-labels.ts';

let home: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  home = await temporaryFolder();
});
afterEach(() => home[Symbol.asyncDispose]());

const open = () => new FollowedLabelStore(join(home.path, 'labels.sqlite'), () => 1_000);
const by = { session: 's', identity: 'ada', request: 'r' };
const copy = { column: 'public.t.x', labels: ['pii.iban', 'pii.ssn'], sources: ['public.c.ssn'] };

test('what followed is there for the next gateway, for its own database only', () => {
  {
    using store = open();
    store.of('crm/crm').follow([copy], by);
    store.of('crm/crm').follow([{ ...copy, sources: ['public.d.ssn'] }], { ...by, identity: 'eve' });
  }
  using store = open();
  expect(
    store
      .of('crm/crm')
      .followed()
      .map(({ column, labels }) => [column, ...labels]),
  ).toEqual([
    ['public.t.x', 'pii.iban'],
    ['public.t.x', 'pii.ssn'],
  ]);
  // The first is who it was.
  expect(store.list().map(({ identity, sources, atMs }) => [identity, sources, atMs])).toEqual([
    ['ada', ['public.c.ssn'], 1_000],
    ['ada', ['public.c.ssn'], 1_000],
  ]);
  expect(store.of('crm/other').followed()).toEqual([]);
});

test('anchors are replaced as a whole, with the version of the labels', () => {
  const anchor = { relation: 16_384, attnum: 2, column: 'public.c.ssn', labels: ['pii.ssn'] };
  using store = open();
  const keeper = store.of('crm/crm');
  expect(keeper.anchors()).toEqual({ version: '', anchors: [] });
  keeper.anchor('1', [anchor, { ...anchor, attnum: 3 }]);
  keeper.anchor('2', [anchor]);
  expect(keeper.anchors()).toEqual({ version: '2', anchors: [anchor] });
  expect(store.of('crm/other').anchors()).toEqual({ version: '', anchors: [] });
});

test('what is forgotten is off that column and its anchor, and nothing else', () => {
  using store = open();
  const keeper = store.of('crm/crm');
  keeper.follow([copy, { ...copy, column: 'public.t.y' }], by);
  keeper.anchor('1', [{ relation: 1, attnum: 1, column: 'public.t.x', labels: ['pii.ssn'] }]);
  expect(store.forget('crm/other', 'public.t.x')).toBe(0);
  expect(store.forget('crm/crm', 'public.t.x')).toBe(2);
  expect(keeper.followed().every(({ column }) => column === 'public.t.y')).toBe(true);
  expect(keeper.anchors().anchors).toEqual([]);
});
