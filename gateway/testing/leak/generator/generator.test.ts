import { expect, test } from 'vitest';
import { fuzzSeed } from '../../seed.ts';
import { startLeakWorld, type LeakWorld } from '../world.ts';
import { runGenerator } from './run.ts';
import { extraSetup } from './schema.ts';
import { shrink } from './shrink.ts';
import { statement } from './statements.ts';
import { Tape } from './tape.ts';

const budgetMs = Number(process.env['SALLYPORT_FUZZ_MS'] ?? 10_000);

test.each([
  ['nothing labelled comes out', false],
  ['nothing labelled comes out but which rows have a value that was looked up', true],
] as const)(
  'whatever statement is made, %s, and what is allowed brings the rows of the database',
  { timeout: budgetMs + 420_000 },
  async (_, lookups) => {
    await using world = await startLeakWorld({ extra: extraSetup, lengths: 'same', lookups });
    const { statements, by, compared, findings } = await runGenerator(world, { seed: fuzzSeed, budgetMs });
    expect(findings).toEqual([]);
    console.log(`generator: ${String(statements)} statements from seed ${String(fuzzSeed)}, ${JSON.stringify(by)}`);
    // Statements of every kind are among the first few.
    expect(statements < 100 || Math.min(by.denied, by.masked, by.allowed, compared) > 0).toBe(true);
    // Asked with one side's values on both, some of the same look-ups tell the databases apart.
    const apart = lookups ? await firstDifference({ ...world, lookups: false }) : 'difference';
    expect(apart).toBe('difference');
  },
);

/** Of statements that look something up, one each. */
async function firstDifference(world: LeakWorld): Promise<string> {
  const seeds = Array.from({ length: 5_000 }, (_, i) => i);
  const lookingUp = seeds.filter((seed) => /^SELECT .*<look-up:(alice|bob)/.test(statement(Tape.from(seed))));
  for (const seed of lookingUp) {
    const { findings } = await runGenerator(world, { seed, budgetMs: 0 });
    if (findings.length > 0) return 'difference';
  }
  return `nothing, in ${String(lookingUp.length)} statements`;
}

test('a seed makes the same statement, and others make others', () => {
  const made = Array.from({ length: 50 }, (_, i) => statement(Tape.from(i)));
  expect(made).toEqual(Array.from({ length: 50 }, (_, i) => statement(Tape.from(i))));
  expect(new Set(made).size).toBeGreaterThan(45);
});

test('the end of the tape makes the simplest statement', () => {
  expect(statement(new Tape([]))).toBe('SELECT t1.id AS c2 FROM customers AS t1');
});

test('what fails is made simple', async () => {
  const seed = Array.from({ length: 500 }, (_, i) => i).find((i) => {
    const text = statement(Tape.from(i));
    return text.length > 500 && text.includes(' USING (id)');
  });
  const tape = Tape.from(seed ?? 0);
  const whole = statement(tape);
  const fails = (text: string): boolean => text.includes(' USING (id)');
  const numbers = await shrink(tape.read, async (each) => fails(statement(new Tape(each))));
  const simple = statement(new Tape(numbers));
  expect([fails(whole), fails(simple)]).toEqual([true, true]);
  expect(simple.length).toBeLessThan(whole.length / 2);
});
