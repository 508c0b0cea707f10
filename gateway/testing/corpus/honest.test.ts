import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Rig, startRig } from '../rig.ts';
import { honestPolicies, type HonestStatement, isBlind, readBlind, readHonest } from './honest.ts';
import { type HonestResult, runHonest } from './run-honest.ts';

let rig: Rig;
let statements: readonly HonestStatement[];
let results: readonly HonestResult[];
beforeAll(async () => {
  const [started, honest, blind] = await Promise.all([
    startRig({ policies: [honestPolicies], env: 'test' }),
    readHonest(),
    readBlind(),
  ]);
  rig = started;
  statements = [...honest, ...blind];
  results = await runHonest(rig, statements);
}, 240_000);
afterAll(async () => {
  await rig?.[Symbol.asyncDispose]();
});

const told = (result: HonestResult): string =>
  `${result.statement.id} ${result.statement.title}: ${result.outcome === 'allowed' ? 'allowed' : result.reason}`;

test('an honest statement that is allowed brings the rows of the database, masked where they are labelled', () => {
  expect(results.filter(({ outcome }) => outcome === 'wrong').map(told)).toEqual([]);
});

test('the statements that are refused are those that the corpus names, by the rule that it names', () => {
  const other = results.filter((result) => {
    const { refused, tells } = result.statement;
    // Of the blind sets what is refused needlessly may run one day; what tells something must not.
    if (isBlind(result.statement) && tells === undefined && result.outcome === 'allowed') return false;
    if (result.outcome !== 'refused') return refused !== undefined;
    return refused === undefined || !result.reason.includes(refused);
  });
  expect(other.map(told)).toEqual([]);
});

test('at least 200 statements of people who know what is masked, of which at least 95 in 100 are allowed', () => {
  const known = results.filter(({ statement }) => statement.over === 'shop');
  expect(known.length).toBeGreaterThanOrEqual(200);
  const allowed = known.filter(({ outcome }) => outcome === 'allowed').length;
  expect(allowed / known.length).toBeGreaterThanOrEqual(0.95);
});
