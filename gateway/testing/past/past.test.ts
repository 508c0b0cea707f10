import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { apiClient } from '../../api/client.ts';
import { PastBundles } from '../../composition/past/bundles.ts';
import { logged } from '../../composition/past/recordings.ts';
import { sweep, type Sweep } from '../../composition/past/sweep.ts';
import { BundleArchive } from '../../policy/archive/archive.ts';
import { recordingFiles } from '../../recordings/files.ts';
import { audited } from '../behaviour/audited.ts';
import { type Rig, startRig } from '../rig.ts';

/**
 * A day of a real gateway, looked at afterwards: readers, a developer with an approval, denials, prepared statements, transactions,
 * parameters and secrets, under two bundles of which the second reads everything that changes from command to command.
 */
let rig: Rig;
const root = fileURLToPath(new URL('../../../', import.meta.url));
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

async function connected(principal: string, user = 'app'): Promise<pg.Client> {
  const client = new pg.Client({
    host: 'localhost',
    port: rig.port,
    user,
    database: 'crm',
    password: await rig.token(principal),
    ssl: { ca: rig.ca },
  });
  await client.connect();
  return client;
}

/** Statements one after the other, with or without parameters; a denial is an answer like any other. */
async function say(
  client: pg.Client,
  ...statements: readonly (string | readonly [sql: string, ...params: unknown[]])[]
) {
  for (const one of statements) {
    const [text, ...values] = typeof one === 'string' ? [one] : one;
    await client.query(values.length === 0 ? text : { text, values }).catch((error: unknown) => {
      if (!(error instanceof pg.DatabaseError)) throw error;
    });
  }
}

const secret = '078-05-1120';
const work = [
  'select id, name, ssn from customers order by id limit 3',
  'select id, name, ssn from customers order by id limit 3',
  'select count(*) from orders; select id from orders limit 2',
  'delete from customers',
  ['select id from orders where customer_id = $1', 7],
  ['select id from orders where customer_id = $1', 8],
  `select name from customers where ssn = '${secret}'`,
  ['select name from customers where ssn = $1', secret],
  `select set_config('my.word', '${secret}', false) from customers where ssn = '${secret}'`,
  'begin',
  'select nosuch from nowhere',
  'rollback',
  'prepare p as select id from orders where id = $1',
  'execute p(1)',
  'execute p(2)',
  "select 'forbidden' as word",
  ['select id from orders where id = $1', 666],
] as const;

beforeAll(async () => {
  rig = await startRig();
  const client = await connected('ana');
  await say(client, ...work);
  const developer = await connected('ops-agent', 'owner');
  const held = say(developer, 'update orders set status = status where id = 1', 'select 1');
  const { host, port } = rig.gateway.addresses.admin;
  const dora = apiClient({ url: `http://${host}:${port}`, token: () => rig.token('dora') });
  const hold = await vi.waitUntil(async () => {
    const found = await dora.approvals.list({ status: 'open' });
    return found.ok ? found.value[0] : undefined;
  }, 60_000);
  const approved = await dora.approvals.approve(hold.id, hold.digest, 'fine');
  if (!approved.ok) throw new Error(JSON.stringify(approved));
  await held;
  await rig.publish([here('rules')]);
  await say(client, ...work);
  await Promise.all([client.end(), developer.end()]);
  await rig.gateway.close();
});
afterAll(() => rig[Symbol.asyncDispose]());

const places = () => ({ log: join(rig.dir, 'audit'), recordings: join(rig.dir, 'recordings') });

async function lookBack(log: string | undefined = places().log): Promise<Sweep> {
  const archive = new BundleArchive(join(rig.dir, 'state/bundles'), { maxBundles: 0, maxBytes: 0 });
  const activations = await logged(log, { type: 'bundle.activated' });
  const keys = [
    { id: 'rig', algorithm: 'ES256' as const, publicKeyPem: await readFile(join(rig.dir, 'bundle.pub'), 'utf8') },
  ];
  using bundles = new PastBundles({ archive, files: [], keys, activations });
  const recordings = { dir: places().recordings, sinceMs: 0, untilMs: Infinity };
  return await sweep({ log, recordings, onRecording: () => undefined }, bundles);
}

test('every decision of the day is the same again, to the bit, but for those over secrets that the recording blanks', async () => {
  const decided = await audited(places().log, { type: 'decision' });
  const { decisions, recordings, wrong } = await lookBack();
  expect(wrong).toEqual([]);
  expect(recordings).toEqual({ read: 2, changed: 0, open: 0 });
  const { same, masked, differs, unreadable } = decisions;
  expect({ all: same + masked, differs, unreadable }).toEqual({ all: decided.length, differs: 0, unreadable: 0 });
  // The first bundle reads neither texts nor parameters: only the setting's value is blanked for it.
  expect(masked).toBeGreaterThan(0);
  expect(same).toBeGreaterThan(3 * masked);
});

function cli(
  ...args: readonly string[]
): Promise<{ readonly code: unknown; readonly out: string; readonly err: string }> {
  const command = [join(root, 'gateway/cli/main.ts'), 'policy', ...args, '--config', rig.configFile];
  return new Promise((resolve) => {
    execFile(process.execPath, command, { cwd: root }, (error, out, err) =>
      resolve({ code: error?.code ?? 0, out, err }),
    );
  });
}

test('a denial is explained by the rules of the bundle that made it', async () => {
  const [denied] = await audited(places().log, { type: 'decision', action: 'delete', effect: 'deny' });
  const { out, code } = await cli('explain', '--request', denied?.request ?? '');
  expect(out).toContain('deny PG-002: No write on every row\n');
  expect(out).toMatch(/rules\/postgres\/writes\.rego:\d+/);
  expect(out).toContain(denied?.revision);
  expect(code).toBe(0);
});

test('a decision that somebody rewrote in the recording is noticed twice: by its digest, and because policy decides otherwise', async () => {
  const [denied] = await audited(places().log, { type: 'decision', action: 'delete', effect: 'deny' });
  const { request, session } = denied ?? { request: '', session: '' };
  const path = (await recordingFiles(places().recordings)).find((file) => file.includes(session)) ?? '';
  const original = await readFile(`${path}.zst`);
  const plain = zstdDecompressSync(original).toString();
  expect(plain).toContain('"unfiltered":true');
  await writeFile(
    `${path}.zst`,
    zstdCompressSync(Buffer.from(plain.replaceAll('"unfiltered":true', '"unfiltered":false'))),
  );
  const { code, out, err } = await cli('replay', '--request', request, '--json');
  await writeFile(`${path}.zst`, original);
  expect(JSON.parse(out)).toMatchObject({
    verdict: 'differs',
    recording: { vouching: 'changed' },
    recorded: { effect: 'deny' },
  });
  expect(err).toContain('the recording is not the one whose digest is in the log');
  expect(err).toContain('policy decides otherwise');
  expect(code).toBe(1);
  expect((await cli('replay', '--request', request)).out).toMatch(/^the same, to the bit\n/);
});

test('no secret stands in what was added to the recordings for this', async () => {
  for (const path of await recordingFiles(places().recordings)) {
    expect(zstdDecompressSync(await readFile(`${path}.zst`)).includes(secret)).toBe(false);
  }
});
