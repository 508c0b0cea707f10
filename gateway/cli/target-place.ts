import type { LiveCatalog } from '../composition/lines/postgres-fixture.ts';
import type { DatabaseLogin } from '../composition/lines/postgres-live.ts';
import { SallyportError } from '../contract/errors.ts';
import type { UpstreamTarget } from '../protocols/postgres/index.ts';
import { configOrExit } from './config.ts';
import { CliError, exitCodes } from './exit.ts';
import { say } from './output.ts';

/** A live database, and who reads it. */
export interface Place {
  readonly upstream: UpstreamTarget;
  readonly login: DatabaseLogin;
  /** `input.target.labels`, where the configuration says them. */
  readonly labels: Readonly<Record<string, string>> | undefined;
}

/**
 * A target of the configuration with the login that reads its catalog.
 * @param application what the server sees as `application_name`
 */
export async function placeOfTarget(
  name: string,
  { config: file, role }: { readonly config: string; readonly role?: string },
  application: string,
): Promise<Place> {
  const config = await configOrExit(file);
  const target = config.targets.find((one) => one.name === name);
  if (target === undefined) {
    const known = config.targets.map((one) => one.name).join(', ');
    throw new CliError(exitCodes.usage, `${file} has no target ${name}; there are ${known}`);
  }
  if (target.protocol !== 'postgres')
    throw new CliError(exitCodes.usage, `${name} is reached by ${target.protocol} and has no catalog`);
  const user = role ?? target.catalog_role ?? Object.keys(target.roles)[0] ?? '';
  const login = Object.hasOwn(target.roles, user) ? target.roles[user] : undefined;
  if (login === undefined) throw new CliError(exitCodes.usage, `${name} has no login ${user}`);
  const [{ openSecrets }, { upstreamOf }] = await Promise.all([
    import('../composition/secrets.ts'),
    import('../composition/targets.ts'),
  ]);
  const secrets = await openSecrets(config, process.env, { now: Date.now });
  const password = (await secrets.resolve(login.password)).reveal();
  return {
    upstream: upstreamOf(target, target.database, application),
    login: { user, password },
    labels: target.labels,
  };
}

/**
 * Reads the catalog as the gateway does, or ends the command with what the database said.
 * @param what the command, as it speaks of itself
 * @param schemas each has to be there
 */
export async function readPlace(
  { upstream, login }: Place,
  schemas: readonly string[],
  what: string,
): Promise<LiveCatalog> {
  const { readLiveCatalog } = await import('../composition/lines/postgres-live.ts');
  const { host, port, database } = upstream;
  say(`${what}: reading ${database} at ${host}:${String(port)} as ${login.user}`);
  const live = await readLiveCatalog(upstream, login, new AbortController().signal).catch((error: unknown) => {
    throw unreachable(error);
  });
  const there = new Set(live.snapshot.relations.map(({ schema }) => schema));
  const missing = schemas.find((schema) => !there.has(schema));
  if (missing === undefined) return live;
  const known = [...there].filter((schema) => !schema.startsWith('pg_') && schema !== 'information_schema').sort();
  throw new CliError(
    exitCodes.refused,
    `no relation of ${database} is in the schema ${missing}; there are ${known.join(', ')}`,
  );
}

/** A database that was not to be reached ends the command with its own exit code. */
export function unreachable(error: unknown): unknown {
  const lost = ['upstream-refused', 'upstream-timeout', 'upstream-lost'];
  return error instanceof SallyportError && lost.includes(error.code)
    ? new CliError(exitCodes.unreachable, error.message)
    : error;
}
