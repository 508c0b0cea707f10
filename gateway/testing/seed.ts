import fc from 'fast-check';

/** Where random tests begin. Fixed, so that a commit passes or fails the same way each time; CONTRIBUTING.md says how to explore. */
export const fuzzSeed = Number(process.env['SALLYPORT_FUZZ_SEED'] ?? 20_260_714);

fc.configureGlobal({ seed: fuzzSeed });
