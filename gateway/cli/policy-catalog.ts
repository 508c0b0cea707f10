import { readFile, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { defaultConfig } from './config.ts';
import { databaseUrl, placeOf, refusePassword, tlsModeOf, tlsModes, usualTlsMode } from './database-url.ts';
import { CliError, exitCodes } from './exit.ts';
import { print, printable, printJson, say } from './output.ts';
import { readSecret } from './prompt.ts';
import { placeOfTarget, readPlace, type Place } from './target-place.ts';

interface CatalogFlags {
  readonly target?: string;
  readonly config: string;
  readonly role?: string;
  readonly url?: string;
  readonly tls?: string;
  readonly tlsCa?: string;
  readonly schema: readonly string[];
  readonly out?: string;
  readonly check?: true;
  readonly json?: true;
}

const urlVariable = 'SALLYPORT_CATALOG_URL';
const examples = `
The database is a target of a gateway's configuration, or at --url, or at ${urlVariable}. The password is in PGPASSWORD, or in ${urlVariable}, or
is asked for. Only system catalogs are read, never a row of anybody's table: the login needs no right but to connect.

Examples:
  sallyport policy catalog --target crm --config sallyport.yaml --out policy-tests/fixtures/crm.yaml
  sallyport policy catalog --url postgres://app@db.example.com/shop --schema public > policy-tests/fixtures/shop.yaml
  sallyport policy catalog --target crm --out policy-tests/fixtures/crm.yaml --check
`;
const olderFormat =
  'its format is an older one, without all that the gateway knows of types and of what tables do by themselves: lines of it may be read otherwise; ';
const connectTimeoutMs = 10_000;
const application = 'sallyport policy catalog';

export function addPolicyCatalog(policy: Command): void {
  policy
    .command('catalog')
    .description('write the catalog of a live database as the fixture that lines are tested by')
    .option('--target <name>', 'a target of the configuration')
    .option('-c, --config <file>', 'configuration file', defaultConfig)
    .option('--role <login>', 'the login of the target to read by; its catalog_role unless given')
    .option('--url <url>', 'postgres://login@host:port/database')
    .option('--tls <mode>', `for a url: ${tlsModes.join(', ')}; verify-full unless the host is this machine`)
    .option('--tls-ca <file>', 'for a url: PEM authorities of the database’s certificate')
    .option('--schema <name...>', 'only these schemas, and what their tables inherit from', [])
    .option('--out <file>', 'where the fixture goes, keeping the labels that it has; standard output unless given')
    .option('--check', 'write nothing, and fail when --out is not what the database says now')
    .option('--json', 'the fixture as JSON')
    .addHelpText('after', examples)
    .action(catalog);
}

async function catalog(flags: CatalogFlags): Promise<void> {
  if (flags.check && flags.out === undefined) throw new CliError(exitCodes.usage, '--check needs --out');
  if (flags.target !== undefined && flags.url !== undefined)
    throw new CliError(exitCodes.usage, '--target or --url, not both');
  const place =
    flags.target === undefined ? await placeAtUrl(flags) : await placeOfTarget(flags.target, flags, application);
  const live = await readPlace(place, flags.schema, 'catalog');
  const [{ fixtureOf }, { fixtureFormat }] = await Promise.all([
    import('../composition/lines/postgres-fixture.ts'),
    import('../composition/lines/postgres.ts'),
  ]);
  const { section, leftOut } = fixtureOf(live, flags.schema);
  for (const name of leftOut) say(`catalog: left out, for the dot in its name: ${printable(name)}`);
  const count = (what: string, of: object = {}): string => `${String(Object.keys(of).length)} ${what}`;
  say(`catalog: ${count('relations', section.relations)}, ${count('functions', section.functions)}`);
  const before = flags.out === undefined ? undefined : await fileAt(flags.out);
  const { fixtureText, formatIn, labelsIn } = await import('../composition/lines/fixture-text.ts');
  const labels = place.labels ?? (before === undefined ? {} : (labelsIn(before) ?? noFixture(flags.out)));
  const fixture = { protocol: 'postgres', labels, postgres: section };
  if (flags.json) return printJson(fixture);
  const text = fixtureText(fixture);
  if (flags.out === undefined) return print(text.trimEnd());
  if (flags.check) {
    if (before === text) return print(`${flags.out}: as the database says`);
    throw new CliError(
      exitCodes.refused,
      `${flags.out} is not what the database says now`,
      `${formatIn(before ?? '') < fixtureFormat ? olderFormat : ''}write it again without --check`,
    );
  }
  await writeFile(flags.out, text);
  print(flags.out);
}

async function placeAtUrl(flags: CatalogFlags): Promise<Place> {
  const named = flags.url ?? process.env[urlVariable];
  if (named === undefined)
    throw new CliError(exitCodes.usage, `which database? Say --target, --url, or set ${urlVariable}`);
  const url = databaseUrl(named);
  if (flags.url !== undefined) refusePassword(url, 'set PGPASSWORD, or leave it out: it is asked for');
  const { host, port, database, login: user } = placeOf(url);
  const mode = flags.tls === undefined ? usualTlsMode(url) : tlsModeOf(flags.tls);
  const ca = flags.tlsCa === undefined ? undefined : await fileAt(flags.tlsCa);
  if (flags.tlsCa !== undefined && ca === undefined) throw new CliError(exitCodes.usage, `cannot read ${flags.tlsCa}`);
  const given = url.password === '' ? process.env['PGPASSWORD'] : decodeURIComponent(url.password);
  const password = given ?? (await readSecret(`Password of ${user}: `));
  return {
    upstream: {
      host,
      port,
      database,
      application,
      connectTimeoutMs,
      tls: mode === 'disable' ? { mode } : { mode, ...(ca !== undefined && { ca }) },
    },
    login: { user, password },
    labels: undefined,
  };
}

function noFixture(file = ''): never {
  throw new CliError(
    exitCodes.refused,
    `${file} is no fixture, and is not written over`,
    'correct it, or move it away',
  );
}

function fileAt(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined); // where there is none, it is written
}
