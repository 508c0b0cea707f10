import { SallyportError } from '../../contract/errors.ts';
import { catalogReader, connectUpstream, type UpstreamTarget } from '../../protocols/postgres/index.ts';
import type { LiveCatalog } from './postgres-fixture.ts';

export interface DatabaseLogin {
  readonly user: string;
  readonly password: string;
}

const searchPath =
  'SELECT s.name FROM unnest(current_schemas(false)) WITH ORDINALITY AS s(name, place) ORDER BY s.place';

/**
 * Reads the catalog of a database as the gateway does: the same queries, in one read-only transaction. No table of anybody's is read.
 * @throws SallyportError `upstream-refused`, `upstream-auth`, `upstream-lost`; `grammar-unavailable` for a server that no grammar here is of
 */
export async function readLiveCatalog(
  target: UpstreamTarget,
  login: DatabaseLogin,
  signal: AbortSignal,
): Promise<LiveCatalog> {
  let major = 0;
  let schemas: readonly string[] = [];
  await using reader = catalogReader(async (ended) => {
    const upstream = await connectUpstream(target, login, ended);
    major = Number.parseInt(upstream.parameters.get('server_version') ?? '', 10);
    // Before the reader empties it, which it does so that the server qualifies every name.
    const { rows } = await upstream.simpleQuery(searchPath, ended);
    schemas = rows.flatMap(([schema]) => schema ?? []);
    return upstream;
  });
  const snapshot = await reader.read(undefined, signal);
  if (!(major >= 15 && major <= 18)) {
    throw new SallyportError(
      'grammar-unavailable',
      `PostgreSQL ${String(major)}: lines are read as 15 to 18 read them`,
    );
  }
  return { snapshot, major, searchPath: schemas };
}
