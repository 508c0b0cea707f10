import { defineConfig } from 'vitest/config';
import { LongestFirst } from './scripts/suite-order.ts';

/**
 * Tests start real servers and child processes: one process per file keeps their ports, signals and memory apart.
 * The time-outs end what hangs. They measure nothing: two busy cores are slow, and a machine that others use too is many times slower.
 */
export default defineConfig({
  test: {
    include: ['gateway/**/*.test.ts', 'scripts/**/*.test.ts', 'policy-tests/**/*.test.ts'],
    globalSetup: ['gateway/testing/temporary.ts'],
    setupFiles: ['gateway/testing/seed.ts'],
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    // See `scripts/sallyport`.
    execArgv: ['--no-memory-protection-keys'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    restoreMocks: true,
  },
});
