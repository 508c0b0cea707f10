import { describe, expect, test } from 'vitest';
import { postgresFixture, snapshotOf } from '../lines/postgres.ts';
import { coverageOf } from './coverage.ts';

const snapshot = snapshotOf(
  postgresFixture.parse({
    relations: {
      'public.people': ['id', 'name', 'ssn'],
      'public.orders': ['id', 'person', 'total'],
      'public.orders_2026': { columns: ['id', 'person', 'total'], inherits: ['public.orders'] },
      'public.shown': { kind: 'view', columns: ['ssn'], definition: 'SELECT people.ssn FROM public.people' },
      'public.numbers': { kind: 'sequence', columns: ['last_value'] },
      'hr.notes': { kind: 'foreign_table', columns: ['text', 'a.b'] },
    },
  }),
);
const undecided = (entries: Record<string, readonly string[]>, schemas: readonly string[] = []) =>
  Object.fromEntries(
    coverageOf(snapshot, entries, schemas).relations.map((one) => [one.relation, one.undecided] as const),
  );

test('what nobody has said anything about is undecided; what is computed is not counted', () => {
  const found = coverageOf(snapshot, {}, []);
  expect(found).toMatchObject({ columns: 11, decided: 0, labelled: 0, missing: [] });
  expect(found.relations.map(({ relation }) => relation)).toEqual([
    'hr.notes',
    'public.orders',
    'public.orders_2026',
    'public.people',
  ]);
});

test('a label decides, and so does the word that there is none', () => {
  const found = coverageOf(snapshot, { 'public.people.ssn': ['pii.ssn'], 'public.people.id': [] }, ['public']);
  expect(found).toMatchObject({ columns: 9, decided: 2, labelled: 1 });
  expect(found.relations.at(-1)).toEqual({
    relation: 'public.people',
    columns: 3,
    labelled: { ssn: ['pii.ssn'] },
    undecided: ['name'],
    partly: {},
  });
});

test('a relation is decided as a whole, but for what is said of a column of it', () => {
  const found = coverageOf(snapshot, { 'public.people.ssn': ['pii.ssn'], 'public.people.*': [] }, []);
  expect(found).toMatchObject({ decided: 3, labelled: 1, missing: [] });
  expect(coverageOf(snapshot, { 'public.people.*': [], 'public.people.ssn': ['pii.ssn'] }, [])).toEqual(found);
});

test.each(['public.orders.total', 'public.orders_2026.total'])(
  'what is said of %s is said of its parents and partitions',
  (column) => {
    expect(undecided({ [column]: [] }, ['public'])).toMatchObject({
      'public.orders': ['id', 'person'],
      'public.orders_2026': ['id', 'person'],
    });
  },
);

test('a partition that says nothing takes the parent’s label, not the parent’s silence', () => {
  const { relations } = coverageOf(snapshot, { 'public.orders.*': [], 'public.orders_2026.total': ['hr.salary'] }, []);
  expect(relations.find(({ relation }) => relation === 'public.orders')?.labelled).toEqual({ total: ['hr.salary'] });
});

describe('a path of a column’s documents', () => {
  const phone = { 'public.people.name.address.phone': ['pii.phone'] };

  test('decides a part of it: the rest is open, and the entry is not missing', () => {
    const found = coverageOf(snapshot, { ...phone, 'public.people.name.address.city': [] }, ['public']);
    expect(found).toMatchObject({ decided: 0, labelled: 0, partly: 1, missing: [] });
    expect(found.relations.at(-1)).toMatchObject({
      labelled: {},
      undecided: ['id', 'ssn'],
      partly: { name: { 'address.phone': ['pii.phone'], 'address.city': [] } },
    });
  });
  test.each(['public.people.name', 'public.people.*'])('and %s that the rest is clean', (rest) => {
    const found = coverageOf(snapshot, { ...phone, [rest]: [] }, ['public']);
    expect(found.relations.at(-1)).toMatchObject({ partly: {}, labelled: { name: ['pii.phone'] } });
  });
  test('is one of each partition', () => {
    const { relations } = coverageOf(snapshot, { 'public.orders_2026.person.tel': ['pii.phone'] }, []);
    expect(relations.filter(({ partly }) => Object.hasOwn(partly, 'person')).map(({ relation }) => relation)).toEqual([
      'public.orders',
      'public.orders_2026',
    ]);
  });
  test('is missing where its column is', () => {
    expect(coverageOf(snapshot, { 'public.people.nam.address.phone': ['pii.phone'] }, []).missing).toHaveLength(1);
  });
});

test('a name with a dot in it is found, and what is not there is told', () => {
  expect(undecided({ 'hr.notes.a.b': [] })).toMatchObject({ 'hr.notes': ['text'] });
  const { missing } = coverageOf(
    snapshot,
    { 'public.people.sssn': ['pii.ssn'], 'public.nobody.*': [], 'public.shown.ssn': [], 'hr.notes.a.b': [] },
    [],
  );
  expect(missing).toEqual(['public.people.sssn', 'public.nobody.*']);
});
