import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readLabels } from '../../policy/labels.ts';
import { root } from '../../policy/fixtures.ts';
import { loadCrm } from '../../testing/crm/load.ts';
import { startPostgres18, type TestPostgres } from '../../testing/postgres.ts';
import { readLiveCatalog } from '../lines/postgres-live.ts';
import { coverageOf } from './coverage.ts';
import { openPathsOf } from './open-paths.ts';
import { openSampler } from './sample.ts';
import { suggestLabels, type Suggestion } from './suggest.ts';

/** Names that lie, numbers that only look like something, and values where nobody expects them. */
const traps = `
  create schema hr;
  create domain hr.email_address as text;
  create table orders (
    id int primary key,
    order_no text, serial_no bigint, pan_european_id text,
    email boolean, email_verified text, phone_model text, phone text, token_count int,
    colour text, kundennummer text, info text, status_note text, "E-Mail Adresse" text, "we""ird" text, meta jsonb, tags text[], ip inet
  );
  insert into orders select i,
    lpad((4242424242424241 + i * 20)::text, 16, '0'), 4111000000000000 + i * 7, 'EU-' || i,
    i % 2 = 0, 'yes', 'iPhone ' || i % 15, (array['red', 'green', 'blue'])[1 + i % 3], i,
    'person' || i || '@example.com', '9' || lpad((i % 100)::text, 2, '0') || '-11-' || lpad((i + 1)::text, 4, '0'),
    case when i % 5 = 0 then 'please write to person' || i || '@example.com about it' else 'nothing to say here' end,
    'ok', null, 'DE89370400440532013000', jsonb_build_object('to', 'person' || i || '@example.com'), array['a', 'b'], '10.0.0.1'
    from generate_series(1, 400) i;
  create table hr.people (
    id int primary key, kontakt hr.email_address, nummer text, gehalt numeric(10,2), geburtsdatum date, nachname text,
    salary_band_id int, "strasse" text, mot_de_passe text, full_name_length int
  );
  comment on column hr.people.nummer is 'Sozialversicherungsnummer der Person';
  insert into hr.people values (1, null, null, 1, '1980-01-01', 'x', 1, 'y', null, 2);
  create table events (id int, secret_note text) partition by range (id);
  create table events_1 partition of events for values from (0) to (100000);
  insert into events select i, 'ghp_' || md5(i::text) || 'abcd' from generate_series(1, 60000) i;
  create table hr.locked (email text);
  insert into hr.locked values ('nobody-reads-this@example.com');
  create view shown as select colour from orders;
  create role reader login password 'pw';
  grant usage on schema hr to reader;
  grant select on all tables in schema public, hr to reader;
  create table hr.sealed (payload jsonb);
  revoke all on hr.locked, hr.sealed from reader;
  create table profiles (id int primary key, profile jsonb, kept json);
  insert into profiles select i, jsonb_build_object('address', jsonb_build_object('phone', '911-11-1111', 'city', 'x'),
    'contacts', jsonb_build_array(jsonb_build_object('email', 'person' || i || '@example.com')), 'person' || i || '@example.com', 1), '{"to": "x"}'
    from generate_series(1, 300) i;
  grant select on profiles to reader;
  analyze;`;

let postgres: TestPostgres;
let traplist: Suggestion;
beforeAll(async () => {
  postgres = await startPostgres18();
  await loadCrm(postgres.url, { app: 'pw', owner: 'pw' });
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  await client.query(traps);
  await client.end();
  traplist = await suggest('postgres', 'reader', {});
});
afterAll(() => postgres[Symbol.asyncDispose]());

describe('a column of which a path is decided', () => {
  const columns = {
    'public.profiles.profile.address.phone': ['pii.phone'],
    'public.profiles.kept.more': [],
    'public.profiles.kept': [],
  };

  test('has a label proposed for its other paths, and none as a whole', async () => {
    const found = await suggest('postgres', 'reader', { columns });
    const own = Object.entries(brief(found)).filter(([column]) => column.startsWith('public.profiles.'));
    expect(own).toEqual([['public.profiles.profile.contacts.email', 'pii.email high']]);
  });
  test('has none where no value may be read', async () => {
    const found = await suggest('postgres', 'reader', { columns, samples: false });
    expect(Object.keys(brief(found)).filter((column) => column.startsWith('public.profiles.'))).toEqual([]);
  });
  test('lists its other paths, and no value', async () => {
    const { where, login, signal } = placeOf('postgres', 'reader');
    const { snapshot } = await readLiveCatalog(where, login, signal);
    await using sampler = await openSampler(where, login, { rows: 200, timeoutMs: 60_000 }, signal);
    const found = coverageOf(snapshot, columns, []);
    expect(await openPathsOf(found, snapshot, sampler)).toEqual({
      paths: ['*', 'address.city', 'contacts.email'].map((path) => `public.profiles.profile.${path}`),
      unread: [],
    });
    const unseen = coverageOf(snapshot, { 'hr.locked.email.a': [] }, []);
    const nothing = await openPathsOf(unseen, snapshot, sampler);
    expect(nothing).toEqual({ paths: [], unread: [] });
  });
  test('is named where its documents may not be read', async () => {
    const { where, login, signal } = placeOf('postgres', 'reader');
    const { snapshot } = await readLiveCatalog(where, login, signal);
    await using sampler = await openSampler(where, login, { rows: 200, timeoutMs: 60_000 }, signal);
    const found = coverageOf(snapshot, { 'hr.sealed.payload.a': [] }, []);
    expect(await openPathsOf(found, snapshot, sampler)).toEqual({
      paths: [],
      unread: [{ relation: 'hr.sealed', sqlstate: '42501' }],
    });
  });
});

interface Choice {
  readonly columns?: Readonly<Record<string, readonly string[]>>;
  readonly samples?: boolean;
  readonly rows?: number;
}

function placeOf(database: string, user: string) {
  const { signal } = new AbortController();
  const tls = { mode: 'disable' } as const;
  const { port } = postgres;
  const where = { host: '127.0.0.1', port, database, tls, application: 'test', connectTimeoutMs: 60_000 };
  return { where, login: { user, password: 'pw' }, signal };
}

async function suggest(database: string, user: string, { columns = {}, samples = true, rows = 200 }: Choice) {
  const { where, login, signal } = placeOf(database, user);
  const { snapshot } = await readLiveCatalog(where, login, signal);
  const labels: unknown = parse(await readFile(join(root, 'policies/labels/data.yaml'), 'utf8'));
  const data = readLabels({ labels, columns: { crm: columns } }, 'data');
  await using opened = new AsyncDisposableStack();
  const sampler = samples
    ? opened.use(await openSampler(where, login, { rows, timeoutMs: 60_000 }, signal))
    : undefined;
  const steps: number[] = [];
  const found = await suggestLabels({
    snapshot,
    data,
    target: 'crm',
    schemas: [],
    sampler,
    onProgress: (done, total) => steps.push(done / total),
  });
  expect(steps.toSorted((a, b) => a - b)).toEqual(steps);
  return found;
}

const brief = ({ proposals }: Suggestion) =>
  Object.fromEntries(proposals.map(({ column, label, confidence }) => [column, `${label} ${confidence}`]));

describe('the made-up customers', () => {
  test('get the labels that they have, and few others', async () => {
    const found = await suggest('crm', 'app', {});
    const wanted = parse(await readFile(join(root, 'policies/columns/data.yaml'), 'utf8')) as {
      readonly crm: Readonly<Record<string, readonly string[]>>;
    };
    const labels = Object.fromEntries(found.proposals.map(({ column, label }) => [column, [label]]));
    expect(labels).toMatchObject(wanted.crm);
    expect(Object.keys(labels).filter((column) => !Object.hasOwn(wanted.crm, column))).toEqual([]);
    expect(brief(found)).toMatchObject({
      'public.customers.email': 'pii.email high',
      'public.customers.card_number': 'pci.pan high',
      'public.employees.salary': 'hr.salary medium',
      'public.customers.notes': 'pii.notes medium',
    });
  });
  test('are left alone where somebody has decided', async () => {
    const found = await suggest('crm', 'app', { columns: { 'public.customers.*': [], 'public.payments.iban': [] } });
    expect(Object.keys(brief(found)).filter((column) => column.startsWith('public.customers.'))).toEqual([]);
    expect(brief(found)).not.toHaveProperty(['public.payments.iban']);
  });
  test('are judged by names where no value may be read', async () => {
    const found = await suggest('crm', 'app', { samples: false });
    expect(brief(found)).toMatchObject({ 'public.customers.email': 'pii.email medium' });
    expect(found.proposals[0]?.reason).toContain('no value was seen');
  });
});

describe('a database full of traps', () => {
  test('is seen through', () => {
    expect(brief(traplist)).toEqual({
      'public.orders.colour': 'pii.email high',
      'public.orders.kundennummer': 'pii.ssn high',
      'public.orders.we"ird': 'pii.iban high',
      'public.orders.info': 'pii.notes medium',
      'public.orders.meta': 'pii.email medium',
      'public.orders.E-Mail Adresse': 'pii.email medium',
      'public.orders.phone': 'pii.phone low',
      'public.events.secret_note': 'secret high',
      'hr.people.kontakt': 'pii.email medium',
      'hr.people.nummer': 'pii.ssn medium',
      'hr.people.gehalt': 'hr.salary medium',
      'hr.people.geburtsdatum': 'pii.birthdate medium',
      'hr.people.nachname': 'pii.name medium',
      'hr.people.strasse': 'pii.address medium',
      'hr.people.mot_de_passe': 'secret medium',
      'hr.locked.email': 'pii.email medium',
      'public.profiles.profile': 'pii.ssn medium',
    });
  });
  test('says why, and what speaks against it', () => {
    const reasons = new Map(traplist.proposals.map(({ column, reason }) => [column, reason]));
    expect(reasons.get('public.orders.colour')).toBe('100 % of 200 sampled values are e-mail addresses');
    expect(reasons.get('public.orders.info')).toBe('20 % of 200 sampled values have e-mail addresses in them');
    expect(reasons.get('public.orders.phone')).toBe('the name says "phone", and no value looks like it');
    expect(reasons.get('hr.people.kontakt')).toBe('its type is called "email address"; no value was seen');
    expect(reasons.get('hr.people.nummer')).toBe('the comment says "sozialversicherungsnummer"; no value was seen');
  });
  test('a table that may not be read is named, with the server’s code and nothing else', () => {
    const unread = ['hr.locked', 'hr.sealed'].map((relation) => ({ relation, sqlstate: '42501' }));
    expect(traplist.unread).toEqual(unread);
  });
  test('not one value is in what comes out', () => {
    const said = JSON.stringify(traplist);
    for (const value of ['example.com', 'person', '9001', '-11-', 'ghp_', 'iPhone', 'please', '3704'])
      expect(said).not.toContain(value);
  });
  test('a handful of rows is enough to ask, and not to be sure', async () => {
    const found = await suggest('postgres', 'reader', { rows: 5 });
    expect(brief(found)).toMatchObject({ 'public.orders.colour': 'pii.email medium' });
  });
});
