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
  typed.during typed.home typed.tags typed.doc typed.bits typed.code far.big far.num far.day far.at far.bits worn.ssn docs.body.secret`.split(
    /\s+/,
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
  },
  300_000,
);

test('without the gateway many of them tell the databases apart', async () => {
  expect(await countDirectDifferences(world, lines)).toBeGreaterThanOrEqual(28);
}, 120_000);
