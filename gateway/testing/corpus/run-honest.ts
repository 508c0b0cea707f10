import { readFile } from 'node:fs/promises';
import pg from 'pg';
import type { Rig } from '../rig.ts';
import { type Databases, honestSetup, type HonestStatement, moreSetups } from './honest.ts';
import { labelledValues, type LabelledValues } from './labelled-values.ts';

export type HonestOutcome =
  | { readonly outcome: 'allowed' }
  /** `reason` is what the client was told. */
  | { readonly outcome: 'refused'; readonly reason: string }
  /** The database itself refuses it, or the gateway gives other rows, or a labelled value in clear. */
  | { readonly outcome: 'wrong'; readonly reason: string };
export type HonestResult = HonestOutcome & { readonly statement: HonestStatement };

/**
 * Runs each statement twice, straight at the rig's database and through its gateway, and compares the rows: what holds no labelled value is
 * the same, what holds one is masked. Every statement is rolled back, but for those that run outside of a transaction.
 * @param rig with the shop (`crm`) in it
 * @param done called after each statement
 */
export async function runHonest(
  rig: Rig,
  statements: readonly HonestStatement[],
  done: (result: HonestResult) => void = () => undefined,
): Promise<readonly HonestResult[]> {
  await using open = new AsyncDisposableStack();
  const connect = async (port: number, user: string, password: string): Promise<pg.Client> => {
    const client = new pg.Client({ host: '127.0.0.1', port, user, password, database: 'crm', types: asText });
    await client.connect();
    open.defer(() => client.end());
    return client;
  };
  const owner = await connect(rig.postgres.port, 'owner', rig.passwords.owner);
  await owner.query(await readFile(honestSetup, 'utf8'));
  for (const { file } of Object.values(moreSetups)) await owner.query(await readFile(file, 'utf8'));
  const labelled = await labelledValues(owner);
  const opened = new Map<string, Connections>();
  const openThree = async (over: Databases, user: 'app' | 'owner'): Promise<Connections> => {
    const known = opened.get(`${over} ${user}`);
    if (known) return known;
    const direct = await connect(rig.postgres.port, user, rig.passwords[user]);
    if (over !== 'shop') await direct.query(`alter role ${user} set search_path = ${moreSetups[over].path}`);
    const three = {
      direct: over === 'shop' ? direct : await connect(rig.postgres.port, user, rig.passwords[user]),
      agent: await connect(rig.port, user, await rig.token('billing-agent')),
      person: await connect(rig.port, user, await rig.token('ben')),
    };
    await direct.query(`alter role ${user} reset search_path`);
    opened.set(`${over} ${user}`, three);
    return three;
  };
  const results: HonestResult[] = [];
  for (const statement of statements) {
    const ready = { ...statement, sql: await withOids(owner, statement.sql) };
    const params =
      statement.params &&
      (await Promise.all(
        statement.params.map((each) => Promise.resolve(each === null ? null : withOids(owner, each))),
      ));
    const of = await openThree(statement.over, statement.asOwner ? 'owner' : 'app');
    const isAgent = statement.id.startsWith('agent-') || statement.title.startsWith('agent: ');
    const gateway = isAgent ? of.agent : of.person;
    const outcome = compare(
      statement,
      await run(of.direct, owner, ready, params),
      await run(gateway, owner, ready, params),
      labelled,
    );
    const result = { ...outcome, statement };
    results.push(result);
    done(result);
  }
  return results;
}

interface Connections {
  readonly direct: pg.Client;
  /** Through the gateway, as those who send the statements. */
  readonly agent: pg.Client;
  readonly person: pg.Client;
}

/** Everything as the server writes it. */
const asText = { getTypeParser: () => (value: unknown) => value };

/** Tools look something up by name and then ask by its number, which is another one in every database. */
async function withOids(owner: pg.Client, text: string): Promise<string> {
  let done = text;
  for (const [written, kind, name] of text.matchAll(/\{(oid|proc):([\w.]+)\}/g)) {
    const type = kind === 'oid' ? 'regclass' : 'regproc';
    const { rows } = await owner.query<{ oid: string }>(`select $1::${type}::oid as oid`, [name]);
    done = done.replaceAll(written, rows[0]?.oid ?? '');
  }
  return done;
}

const rewindSequences = `select setval(format('%I.%I', schemaname, sequencename)::regclass, 9000) from pg_sequences where schemaname <> 'pg_catalog'`;

type Cell = string | null;
type Answer =
  | { readonly ok: true; readonly names: readonly string[]; readonly rows: readonly (readonly Cell[])[] }
  | { readonly ok: false; readonly message: string; readonly denied: boolean };

async function run(
  client: pg.Client,
  owner: pg.Client,
  { sql: text, outside }: HonestStatement,
  params: readonly Cell[] | undefined,
): Promise<Answer> {
  // A sequence goes on after a rollback: both runs begin where it began.
  if (/\binsert\b/i.test(text)) await owner.query(rewindSequences);
  if (!outside) await client.query('begin');
  try {
    const answer = await client.query<Cell[]>({ text, values: params ? [...params] : [], rowMode: 'array' });
    // Of several statements the last that brings rows; behind it stand COMMIT and the like.
    const several = Array.isArray(answer) ? (answer as (typeof answer)[]) : [answer];
    const last = several.findLast(({ fields }) => fields.length > 0) ?? several.at(-1);
    return { ok: true, names: last?.fields.map((field) => field.name) ?? [], rows: last?.rows ?? [] };
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    return { ok: false, message: error.message, denied: error.code === '42501' && /policy/.test(error.message) };
  } finally {
    if (!outside) await client.query('rollback');
  }
}

function compare(statement: HonestStatement, expected: Answer, got: Answer, labelled: LabelledValues): HonestOutcome {
  const wrong = (reason: string): HonestOutcome => ({ outcome: 'wrong', reason });
  if (!expected.ok) return wrong(`the database refuses it: ${expected.message}`);
  if (!got.ok) return got.denied ? { outcome: 'refused', reason: got.message } : wrong(got.message);
  if (got.names.join() !== expected.names.join()) return wrong(`columns are ${got.names.join()}`);
  if (statement.variesInNumber) return { outcome: 'allowed' };
  if (got.rows.length !== expected.rows.length) return wrong(`${got.rows.length} rows, not ${expected.rows.length}`);
  if (statement.varies) return { outcome: 'allowed' };
  const isSorted = /\border by\b/i.test(statement.sql);
  const isMasked = expected.names.map(
    (name, i) => statement.masked.includes(name) || expected.rows.some((row) => labelled.standIn(row[i] ?? null)),
  );
  const comparable = ({ rows }: { readonly rows: readonly (readonly Cell[])[] }): readonly string[] => {
    const texts = rows.map((row) => JSON.stringify(row.filter((_, i) => !isMasked[i])));
    return isSorted ? texts : texts.sort();
  };
  const clear = [comparable(expected), comparable(got)] as const;
  const other = clear[0].findIndex((row, i) => row !== clear[1][i]);
  if (other !== -1) return wrong(`row ${other} is ${clear[1][other] ?? ''}, not ${clear[0][other] ?? ''}`);
  for (const [i, name] of expected.names.entries()) {
    if (!isMasked[i]) continue;
    const leaked = got.rows.find((row) => labelled.standIn(row[i] ?? null));
    if (leaked) return wrong(`${name} comes out as ${leaked[i] ?? ''}`);
    const same = got.rows.some((row, n) => isSorted && row[i] !== null && row[i] === expected.rows[n]?.[i]);
    if (same && statement.masked.includes(name)) return wrong(`${name} comes out as it is`);
  }
  return { outcome: 'allowed' };
}
