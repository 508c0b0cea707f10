import { afterAll, beforeAll, expect, test } from 'vitest';
import { fuzzSeed } from '../../seed.ts';
import { startLeakWorld, type LeakWorld } from '../world.ts';
import { runGenerator } from './run.ts';
import { extraSetup } from './schema.ts';
import { shrink } from './shrink.ts';
import { statement } from './statements.ts';
import { Tape } from './tape.ts';

const budgetMs = Number(process.env['SALLYPORT_FUZZ_MS'] ?? 10_000);

let world: LeakWorld;
beforeAll(async () => {
  world = await startLeakWorld({ extra: extraSetup, lengths: 'same' });
}, 120_000);
afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
});

test(
  'whatever statement is made, nothing labelled comes out, and what is allowed brings the rows of the database',
  { timeout: budgetMs + 300_000 },
  async () => {
    const { statements, by, compared, findings } = await runGenerator(world, { seed: fuzzSeed, budgetMs });
    expect(findings).toEqual([]);
    console.log(`generator: ${String(statements)} statements from seed ${String(fuzzSeed)}, ${JSON.stringify(by)}`);
    // Statements of every kind are among the first few.
    expect(statements < 100 || Math.min(by.denied, by.masked, by.allowed, compared) > 0).toBe(true);
  },
);

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
