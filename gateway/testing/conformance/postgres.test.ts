import { afterAll, beforeAll, test } from 'vitest';
import { conform } from '../../protocols/conformance.ts';
import { startPostgres18, type TestPostgres } from '../postgres.ts';
import { openPostgresSubject, prepareDatabase } from './postgres.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres18();
  await prepareDatabase(postgres);
});
afterAll(() => postgres[Symbol.asyncDispose]());

conform({ open: () => openPostgresSubject(postgres), skips: {}, test });
