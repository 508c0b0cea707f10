import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import pg from 'pg';
import { leakLabels } from '../../facts/sql/fixtures/leak-database.ts';
import { type Wire, wireDirect, wireThrough } from '../behaviour/wire.ts';
import { type GatewayRig, startGatewayRig } from '../gateway-rig.ts';
import { startPostgres18, type PostgresOptions, type TestPostgres } from '../postgres.ts';
import { disguiseScript, sides, type Canaries, type Side } from './canary.ts';

/** Two servers that differ in nothing but the labelled values, and one gateway before both. */
export interface LeakWorld extends AsyncDisposable {
  readonly canaries: Readonly<Record<Side, Canaries>>;
  /** See `LeakWorldOptions`. */
  readonly lookups: boolean;
  /** Through the gateway, as somebody who may do everything and read no label: the hardest case. */
  through(side: Side, role: Role): Promise<Wire>;
  /** Past the gateway. */
  direct(side: Side, role: Role): Promise<Wire>;
  /** Ends the gateway, and reads everything it has written anywhere, metrics and log included. */
  written(): Promise<readonly { readonly name: string; readonly bytes: Buffer }[]>;
}

/** Logins of the databases: a superuser, who may read everything that there is, and an ordinary one. */
export const roles = ['postgres', 'app'] as const;
export type Role = (typeof roles)[number];

const label = 'leak.all';
const database = 'leak_t';
const rolePassword = 'app';

export interface LeakWorldOptions {
  /** SQL that both databases get after the corpus' own, with the same canaries. */
  readonly extra?: string;
  /** Columns that are labelled beside the corpus' own: `public.accounts.ssn`. */
  readonly labelled?: readonly string[];
  /**
   * Whether values of one side are as long as their like on the other. How large a table is on disk follows from that, and the order of rows
   * that nothing orders follows from how large a table is. Default: other.
   */
  readonly lengths?: 'same' | 'other';
  /** Policy lets everything that is labelled be looked up, as often as anybody likes. */
  readonly lookups?: boolean;
  /** Another PostgreSQL than 18. What no older one knows has to be left out of `extra` then. */
  readonly start?: (options: PostgresOptions) => Promise<TestPostgres>;
}

export async function startLeakWorld(options: LeakWorldOptions = {}): Promise<LeakWorld> {
  const { extra = '', labelled = [], lengths = 'other', lookups = false, start: open = startPostgres18 } = options;
  await using opening = new AsyncDisposableStack();
  const setup = readFileSync(new URL('../../facts/sql/fixtures/setup.sql', import.meta.url), 'utf8');
  const script = (side: Side) => disguiseScript(`${setup}\n${extra}`, side, lengths, lookups);
  const start = async (side: Side): Promise<TestPostgres> => {
    // Nothing but the clients may count up transactions, or one server would run ahead of the other.
    const server = opening.use(await open({ settings: { autovacuum: 'off' } }));
    await load(server, script(side).script);
    return server;
  };
  const [a, b] = await Promise.all([start('a'), start('b')]);
  const servers = { a, b };
  const policies = await writePolicies([...leakLabels.keys(), ...labelled], lookups);
  opening.defer(() => rm(policies, { recursive: true, force: true }));
  const decisions = join(policies, 'decisions.ndjson');
  const rig = opening.use(await openGateway(servers, policies, decisions));
  const opened = opening.move();
  return {
    lookups,
    canaries: { a: script('a').canaries, b: script('b').canaries },
    through: async (side, role) =>
      wireThrough({ port: rig.port, user: role, database: targetOf(side), password: await rig.token('ben') }),
    direct: (side, role) =>
      wireDirect({
        port: servers[side].port,
        user: role,
        database,
        password: role === 'app' ? rolePassword : servers[side].password,
      }),
    written: () => readWritten(rig, decisions),
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

function targetOf(side: Side): string {
  return `leak_${side}`;
}

async function load(server: TestPostgres, script: string): Promise<void> {
  const run = async (name: string, sql: string): Promise<void> => {
    const client = new pg.Client({ connectionString: server.url.replace(/\/postgres$/, `/${name}`) });
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  };
  await run('postgres', `create database ${database}`);
  await run(database, script);
  await run(database, `alter role app password '${rolePassword}'`);
}

/** Every labelled column leaves redacted, and nobody reads it: what is masked milder shows a part by design. */
async function writePolicies(labelled: readonly string[], lookups: boolean): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'sallyport-leak-'));
  const columns = Object.fromEntries(labelled.map((column) => [column, [label]]));
  const write = async (path: readonly string[], value: object): Promise<void> => {
    await mkdir(join(dir, ...path), { recursive: true });
    await writeFile(join(dir, ...path, 'data.json'), JSON.stringify(value));
  };
  for (const side of sides) await write(['columns', targetOf(side)], columns);
  const looked = lookups ? { lookup: 'equality', lookups_per_hour: 1_000_000_000 } : {};
  await write(['labels', label], { title: 'Anything that must not get out', mask: 'redact', readers: [], ...looked });
  return dir;
}

function openGateway(
  servers: Readonly<Record<Side, TestPostgres>>,
  policies: string,
  decisions: string,
): Promise<GatewayRig> {
  process.env['LEAK_APP'] = rolePassword;
  for (const side of sides) process.env[`LEAK_SUPER_${side}`] = servers[side].password;
  return startGatewayRig({
    policies: [policies],
    config: {
      decision_log: { file: { path: decisions } },
      targets: sides.map((side) => ({
        name: targetOf(side),
        protocol: 'postgres',
        host: '127.0.0.1',
        port: servers[side].port,
        database,
        tls: { mode: 'disable' },
        labels: { env: 'dev' },
        roles: {
          app: { password: { env: 'LEAK_APP' } },
          postgres: { password: { env: `LEAK_SUPER_${side}` } },
        },
        catalog_role: 'postgres',
      })),
    },
  });
}

async function readWritten(
  rig: GatewayRig,
  decisions: string,
): Promise<readonly { readonly name: string; readonly bytes: Buffer }[]> {
  const { host, port } = rig.gateway.addresses.admin;
  const metrics = await (await fetch(`http://${host}:${String(port)}/metrics`)).text();
  // A gateway that runs renames and drops files of its own while they are read.
  await rig.gateway[Symbol.asyncDispose]();
  const found = [
    { name: 'metrics', bytes: Buffer.from(metrics) },
    { name: 'log', bytes: Buffer.from(rig.log.join('\n')) },
    { name: 'decision log', bytes: await readFile(decisions) },
  ];
  for (const dir of ['recordings', 'audit', 'state']) {
    for (const entry of await readdir(join(rig.dir, dir), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const bytes = await readFile(join(entry.parentPath, entry.name));
      found.push({
        name: `${dir}/${entry.name}`,
        bytes: entry.name.endsWith('.zst') ? zstdDecompressSync(bytes) : bytes,
      });
    }
  }
  return found;
}
