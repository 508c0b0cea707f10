import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ways } from './conversation.ts';
import { countDirectDifferences, runLeakCorpus, type LeakRun } from './corpus.ts';
import { leakLines } from './lines.ts';
import { startLeakWorld, type LeakWorld } from './world.ts';

const here = (name: string): URL => new URL(name, import.meta.url);
/** Statements of PostgreSQL's regression suite, which nobody wrote with labels in mind, over tables of which every second column has one. */
const lines = leakLines(here('suite.sql'));
const labelled =
  `int8_tbl.q2 subselect_tbl.f2 gstest2.d distinct_on_tbl.z j2_tbl.k j1_tbl.j j1_tbl.t graph0.t graph.label text_tbl.f1 varchar_tbl.f1
  empsalary.salary shoe_data.slunit shoelace_data.sl_unit department.name test_having.c aggtest.b quadtable.q people.fn fullname.last
  arrtest.c`.split(/\s+/);

let world: LeakWorld;
beforeAll(async () => {
  const extra = readFileSync(here('suite-setup.sql'), 'utf8');
  world = await startLeakWorld({
    extra,
    labelled: labelled.map((column) => `public.${column}`),
    lengths: 'same',
  });
}, 120_000);
afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});

test("no statement of PostgreSQL's own tests tells the databases apart", async () => {
  const runs: LeakRun[] = [];
  const share = (nth: number) => lines.filter((_, i) => i % ways.length === nth);
  for (const [nth, way] of ways.entries())
    runs.push(...(await runLeakCorpus(world, share(nth), { roles: ['postgres'], ways: [way] })));
  expect(runs).toHaveLength(lines.length);
  expect(runs.filter(({ leaks }) => leaks.length > 0)).toEqual([]);
  expect(runs.filter(({ unsteady }) => unsteady).map(({ id }) => id)).toEqual([]);
  const outcomes = Object.groupBy(runs, ({ outcome }) => outcome);
  // Of each there are enough to mean something.
  expect(outcomes.denied?.length).toBeGreaterThan(50);
  expect((outcomes.allowed?.length ?? 0) + (outcomes.masked?.length ?? 0)).toBeGreaterThan(50);
  console.log(`suite: ${Object.entries(outcomes).map(([outcome, of]) => `${String(of?.length)} ${outcome}`).join(', ')}`); // prettier-ignore
}, 300_000);

test('without the gateway many of them do', async () => {
  expect(await countDirectDifferences(world, lines)).toBeGreaterThan(50);
}, 120_000);
