import { type CatalogReader, catalogReader, connectUpstream } from '../../gateway/protocols/postgres/index.ts';

export const tables = 10_000;

/** One labelled column in each tenth table. */
export const labelled: ReadonlyMap<string, readonly string[]> = new Map(
  Array.from({ length: tables / 10 }, (_, i) => [`public.t_${String(i * 10)}.ssn`, ['pii.ssn']]),
);

export interface CatalogPlace {
  readonly port: number;
  readonly password: string;
  readonly database: string;
}

export function readerOf({ port, password, database }: CatalogPlace): CatalogReader {
  const target = { host: '127.0.0.1', port, database, application: 'bench', connectTimeoutMs: 10_000 } as const;
  return catalogReader((signal) =>
    connectUpstream({ ...target, tls: { mode: 'disable' } }, { user: 'postgres', password }, signal),
  );
}
