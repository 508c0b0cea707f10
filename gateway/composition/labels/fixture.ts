import { z } from 'zod';
import type { CatalogSnapshot } from '../../facts/sql/index.ts';
import { fixtureFile } from '../../policy/lines/case.ts';
import { mistakeLine, readYaml } from '../../policy/lines/yaml-file.ts';
import { postgresFixture, snapshotOf } from '../lines/postgres.ts';

const postgresFile = fixtureFile.extend({ protocol: z.literal('postgres'), postgres: postgresFixture });

/** The catalog in a fixture of `policy catalog`, or what is wrong with the file, by line. */
export async function readFixtureCatalog(
  file: string,
): Promise<{ readonly ok: true; readonly snapshot: CatalogSnapshot } | { readonly ok: false; readonly why: string }> {
  const read = await readYaml(file, postgresFile);
  if (!read.ok) return { ok: false, why: read.mistakes.map(mistakeLine).join('\n') };
  return { ok: true, snapshot: snapshotOf(read.value.postgres) };
}
