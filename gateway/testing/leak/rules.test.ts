import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ways } from './conversation.ts';
import { countDirectDifferences, runLeakCorpus, type LeakRun } from './corpus.ts';
import { leakLines } from './lines.ts';
import { roles, startLeakWorld, type LeakWorld } from './world.ts';

const here = (name: string): URL => new URL(name, import.meta.url);
/** What a database does by itself with its values, what shows beside results, and settings that change how things are said. */
const lines = leakLines(here('rules.sql'));
const labelled =
  `accounts.ssn accounts.card_number vaults.owner parts.key slots.room triggered.ssn indexed.ssn deferred.ssn
  typed.during typed.home typed.tags typed.doc typed.bits typed.code spelled.ssn far.big far.num far.day far.at far.bits worn.ssn crowded.ssn docs.body.secret
  stands.ssn given.ssn redundant.ssn mixed.ssn compared.home texts.ssn papers.body.person.ssn checked_papers.body.person.ssn checked.ssn checked_sql.ssn hashed.ssn whened.ssn keeping.ssn ranged.ssn
  entered.ssn entered_by.ssn entered_if.ssn ranges_of.ssn sorted_by.ssn spread.ssn surveyed.score homes.country gone.ssn gone_over.ssn saying.ssn retyped.ssn
  steered.ssn styled.day styled.at styled.born born.day owning.ssn unowning.ssn below_owned.ssn`.split(/\s+/);

/** Of which no more than texts is withheld. Some fail by the server's own word: they are not the role's to say, or not five times. */
const plainly: ReadonlySet<string> = new Set(
  'L853 L857 L1001 L1002 L1003 L1004 L1005 L1006 L1007 L1008 L1009'.split(' '),
);

let world: LeakWorld;
beforeAll(async () => {
  const extra = readFileSync(here('rules-setup.sql'), 'utf8');
  world = await startLeakWorld({ extra, labelled: labelled.map((column) => `public.${column}`) });
}, 120_000);
afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});

test.each(roles)(
  'no constraint, index, policy, partition, default, setting or plan tells a value to %s',
  async (role) => {
    const runs: LeakRun[] = [];
    for (const [i, way] of ways.entries()) {
      const share = lines.filter((_, at) => (at + roles.indexOf(role) * 2) % ways.length === i);
      runs.push(...(await runLeakCorpus(world, share, { roles: [role], ways: [way] })));
    }
    expect(runs).toHaveLength(lines.length);
    expect(runs.filter(({ leaks }) => leaks.length > 0)).toEqual([]);
    expect(runs.filter(({ unsteady }) => unsteady).map(({ id }) => id)).toEqual([]);
    const plain = runs.filter(({ id }) => plainly.has(id));
    expect(plain.filter(({ outcome }) => outcome === 'denied')).toEqual([]);
    expect(plain).toHaveLength(plainly.size);
  },
  300_000,
);

test('without the gateway many of them tell the databases apart', async () => {
  expect(await countDirectDifferences(world, lines)).toBeGreaterThanOrEqual(28);
}, 120_000);

test('what somebody wrote for a type tells no value where the server runs it by itself', async () => {
  const extra = `
    CREATE TYPE place AS (street text, zip text);
    CREATE FUNCTION place_of(i int) RETURNS place LANGUAGE sql AS $f$ SELECT ROW(get_ssn(i), 'z')::place $f$;
    CREATE CAST (int AS place) WITH FUNCTION place_of(int) AS IMPLICIT;
    CREATE FUNCTION street_of(p place) RETURNS text LANGUAGE sql AS 'SELECT (p).street';
    CREATE TABLE places (id int PRIMARY KEY, home place);
    CREATE DOMAIN guarded AS text CHECK (VALUE <> get_ssn(1));
    CREATE TYPE holder AS (g guarded, n int);
    CREATE TABLE guards (id int PRIMARY KEY, g guarded, gs guarded[], h holder);
    GRANT ALL ON places, guards TO app;`;
  await using open = await startLeakWorld({ extra });
  const types = leakLines(here('types.sql'));
  const runs = await runLeakCorpus(open, types, { ways: ['simple', 'extended binary'] });
  expect(runs.filter(({ leaks, unsteady }) => leaks.length > 0 || unsteady)).toEqual([]);
  expect(runs.filter(({ outcome }) => outcome === 'denied').length).toBeGreaterThanOrEqual(types.length * 3);
  expect(await countDirectDifferences(open, types)).toBeGreaterThanOrEqual(8);
}, 120_000);

test('event triggers tell no value where the schema changes, and it may change', async () => {
  const extra = `
    CREATE TABLE noted (id int, t text);
    CREATE TABLE unlabelled (id int PRIMARY KEY, a text); INSERT INTO unlabelled VALUES (1, 'x');
    CREATE MATERIALIZED VIEW seen_of AS SELECT id FROM unlabelled;
    CREATE FUNCTION noting() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN RAISE NOTICE 'noted %', (SELECT ssn FROM public.customers WHERE id = 1); RETURN NEW; END $f$;
    CREATE TRIGGER t BEFORE INSERT ON noted FOR EACH ROW EXECUTE FUNCTION noting();
    GRANT ALL ON noted, unlabelled, seen_of TO app; GRANT CREATE ON SCHEMA public TO app;
    CREATE FUNCTION announces() RETURNS event_trigger LANGUAGE plpgsql AS $f$ BEGIN RAISE NOTICE 'v %', (SELECT ssn FROM public.customers WHERE id = 1); END $f$;
    CREATE FUNCTION runs_text() RETURNS event_trigger LANGUAGE plpgsql AS $f$ DECLARE v text; BEGIN EXECUTE 'SELECT s' || 'sn FROM public.cust' || 'omers WHERE id = 1' INTO v; RAISE WARNING 'v %', v; END $f$;
    CREATE FUNCTION notes() RETURNS event_trigger LANGUAGE plpgsql AS $f$ BEGIN INSERT INTO public.noted VALUES (1, tg_tag); END $f$;
    CREATE EVENT TRIGGER announces ON ddl_command_start EXECUTE FUNCTION announces();
    CREATE EVENT TRIGGER runs_text ON ddl_command_end EXECUTE FUNCTION runs_text();
    CREATE EVENT TRIGGER notes ON sql_drop EXECUTE FUNCTION notes();`;
  await using open = await startLeakWorld({ extra });
  const events = leakLines(here('events.sql'));
  const runs = await runLeakCorpus(open, events, { roles: ['postgres'], ways: ['simple', 'extended binary'] });
  expect(runs.filter(({ leaks, unsteady }) => leaks.length > 0 || unsteady)).toEqual([]);
  expect(runs.filter(({ outcome }) => outcome !== 'allowed').map(({ id }) => id)).toEqual([]);
  expect(await countDirectDifferences(open, events)).toBe(events.length);
}, 120_000);

test('a key over a plain column and a labelled one says what look-ups say, and nothing else', async () => {
  const extra = `
    CREATE TABLE placed (id int PRIMARY KEY, tenant int, ssn text, UNIQUE (tenant, ssn));
    INSERT INTO placed VALUES (1, 1, '078-05-1120'), (2, 2, '219-09-9999'), (3, 1, '457-55-5462'), (4, 3, '078-05-1120');
    CREATE TABLE twins (id int PRIMARY KEY, ssn text, name text, UNIQUE (ssn, name));
    INSERT INTO twins VALUES (1, '078-05-1120', 'zebracanary'), (2, '219-09-9999', 'zebracanary');
    CREATE TABLE mailed (id int PRIMARY KEY, ssn text, gone text);
    CREATE UNIQUE INDEX ON mailed (lower(ssn)) WHERE gone IS NULL;
    INSERT INTO mailed VALUES (1, '078-05-1120', NULL), (2, '219-09-9999', NULL), (3, '457-55-5462', 'yes');`;
  const columns = ['placed.ssn', 'twins.ssn', 'twins.name', 'mailed.ssn'].map((column) => `public.${column}`);
  await using open = await startLeakWorld({ extra, labelled: columns, lengths: 'same', lookups: true });
  const keys = leakLines(here('keys.sql'));
  const tellers = (runs: readonly LeakRun[]): readonly string[] =>
    runs.flatMap(({ id, leaks, unsteady }) => (leaks.length > 0 || unsteady ? [id] : []));
  const options = { roles: ['postgres'], ways: ways.slice(0, 1) } as const;
  // Asked with one side's value, the sides say whether they have it; each asked with its own, they say the same.
  expect(tellers(await runLeakCorpus(open, keys, options))).toEqual([
    'L601',
    'L603',
    'L604',
    'L606',
    'L607',
    'L612',
    'L621',
    'L623',
  ]);
  expect(tellers(await runLeakCorpus(open, keys, { ...options, own: true }))).toEqual([]);
}, 120_000);
