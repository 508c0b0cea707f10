import type { CatalogSnapshot } from '../../facts/sql/index.ts';
import type { Coverage } from './coverage.ts';
import type { Sampler } from './sample.ts';

/** What samples show of columns of which only parts are decided. Holds no value. */
export interface OpenPaths {
  /** `schema.relation.column.path`, in the order of the relations. */
  readonly paths: readonly string[];
  /** Tables whose documents the server did not give, with its SQLSTATE. */
  readonly unread: readonly { readonly relation: string; readonly sqlstate: string }[];
}

/** Paths that are in documents of partly decided columns, and that nobody has decided about. */
export async function openPathsOf(
  { relations }: Coverage,
  snapshot: CatalogSnapshot,
  sampler: Sampler,
): Promise<OpenPaths> {
  const byName = new Map(snapshot.relations.map((relation) => [`${relation.schema}.${relation.name}`, relation]));
  const paths: string[] = [];
  const unread: OpenPaths['unread'][number][] = [];
  for (const { relation, partly } of relations) {
    const table = byName.get(relation);
    if (!table) continue;
    for (const [column, decided] of Object.entries(partly)) {
      const open = await sampler.openPaths(table, column, Object.keys(decided));
      if ('refused' in open) unread.push({ relation, sqlstate: open.refused });
      else paths.push(...open.map(({ names }) => [relation, column, ...names].join('.')));
    }
  }
  return { paths, unread };
}
