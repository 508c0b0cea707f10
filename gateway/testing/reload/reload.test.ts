import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { apiClient } from '../../api/client.ts';
import { PastBundles } from '../../composition/past/bundles.ts';
import { logged } from '../../composition/past/recordings.ts';
import { sweep, type Sweep } from '../../composition/past/sweep.ts';
import { BundleArchive } from '../../policy/archive/archive.ts';
import { recordingFiles } from '../../recordings/files.ts';
import { audited } from '../behaviour/audited.ts';
import { type Rig, rigPrincipals, startRig } from '../rig.ts';
import { settled } from '../settled.ts';

/** One reload, seen by everybody whom it concerns: four busy readers, a held command, and somebody who has left. */
let rig: Rig;
const clients: pg.Client[] = [];
/** Does the same before and after. */
let worker: pg.Client;

beforeAll(async () => {
  rig = await startRig({
    principals: [
      ...rigPrincipals,
      { name: 'rita', kind: 'human', groups: ['readers', 'reload-readers'] },
      { name: 'dave', kind: 'human', groups: ['developers', 'reload-developers'] },
      { name: 'lena', kind: 'human', groups: ['readers', 'reload-leavers'] },
    ],
  });
  worker = await connected('ana');
  await say(worker, ...work);
});
afterAll(async () => {
  await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
  await rig[Symbol.asyncDispose]();
});

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
  clients.push(client);
  return client;
}

const admin = (principal: string) => {
  const { host, port } = rig.gateway.addresses.admin;
  return apiClient({ url: `http://${host}:${port}`, token: () => rig.token(principal) });
};

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

/** Rows, or the code and text of the error. */
async function outcome(client: pg.Client, sql: string): Promise<string> {
  try {
    await client.query(sql);
    return 'rows';
  } catch (error) {
    return error instanceof pg.DatabaseError ? `${error.code ?? ''} ${error.message}` : `lost: ${String(error)}`;
  }
}

test('a reload swaps between two commands: no session is dropped, held commands meet the new policy, who has left is out', async () => {
  const readers = await Promise.all(Array.from({ length: 4 }, () => connected('rita')));
  const lena = await connected('lena');
  const left = Promise.withResolvers<string>();
  lena.on('error', (error) => left.resolve(error.message)); // the message first, then the closed connection
  expect(await outcome(lena, 'select 1')).toBe('rows');

  // A command that waits for its approval.
  const dave = await connected('dave', 'owner');
  const held = outcome(dave, 'create table reload_test (id int)');
  const hold = await vi.waitFor(async () => {
    const listed = await admin('dora').approvals.list({ status: 'open' });
    if (!listed.ok) throw new Error(listed.problem.detail);
    const [first] = listed.value;
    if (!first) throw new Error('nothing is held');
    return first;
  }, settled);

  // Readers that never pause.
  let going = true;
  const seen = readers.map(() => [] as string[]);
  const busy = Promise.all(
    readers.map(async (client, i) => {
      while (going) seen[i]?.push(await outcome(client, 'select id from orders limit 1'));
    }),
  );
  await rig.publish([fileURLToPath(new URL('rules', import.meta.url))]);
  const after = await Promise.all(readers.map((client) => outcome(client, 'select id from orders limit 1')));
  going = false;
  await busy;

  // Rows, then denials, and nothing else: no error of another kind, and no row after the first denial.
  for (const outcomes of seen) {
    const turned = outcomes.findIndex((o) => o !== 'rows');
    const later = turned < 0 ? [] : outcomes.slice(turned);
    expect(turned).not.toBe(0);
    expect(later.filter((o) => !/^42501 .*orders are closed/s.test(o))).toEqual([]);
  }
  for (const one of after) expect(one).toMatch(/^42501 .*orders are closed/s);
  expect(await Promise.all(readers.map((client) => outcome(client, 'select id from customers limit 1')))).toEqual(
    readers.map(() => 'rows'),
  );

  // The approval comes after the reload, and does not bring the old policy back.
  await admin('dora').approvals.approve(hold.id, hold.digest, 'fine');
  expect(await held).toMatch(/^42501 .*the schema is frozen/s);
  expect(await outcome(dave, 'select 1')).toBe('rows');

  // Admission is asked again, and says no.
  expect(await left.promise).toContain('policy no longer admits it');
  await expect(connected('lena')).rejects.toThrow('has left');
}, 120_000);

const places = () => ({ log: join(rig.dir, 'audit'), recordings: join(rig.dir, 'recordings') });

async function lookBack(): Promise<Sweep> {
  const { log } = places();
  const archive = new BundleArchive(join(rig.dir, 'state/bundles'), { maxBundles: 0, maxBytes: 0 });
  const activations = await logged(log, { type: 'bundle.activated' });
  const keys = [
    { id: 'rig', algorithm: 'ES256' as const, publicKeyPem: await readFile(join(rig.dir, 'bundle.pub'), 'utf8') },
  ];
  using bundles = new PastBundles({ archive, files: [], keys, activations });
  const recordings = { dir: places().recordings, sinceMs: 0, untilMs: Infinity };
  return await sweep({ log, recordings, onRecording: () => undefined }, bundles);
}

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

const root = fileURLToPath(new URL('../../../', import.meta.url));

describe('afterwards', () => {
  beforeAll(async () => {
    await say(worker, ...work);
    const held = say(await connected('ops-agent', 'owner'), 'update orders set status = status where id = 1');
    const waiting = async () => {
      const found = await admin('dora').approvals.list({ status: 'open' });
      return found.ok ? found.value[0] : undefined;
    };
    const hold = await vi.waitUntil(waiting, settled);
    await admin('dora').approvals.approve(hold.id, hold.digest, 'fine');
    await held;
    expect((await admin('eve').approvals.list({ status: 'open' })).ok).toBe(false);
    await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
    await rig.gateway.close();
  });

  test('every decision of the day is the same again, to the bit, but for those over secrets that the recording blanks', async () => {
    const decided = (await logged(places().log, { type: 'decision' })) ?? [];
    const commands = decided.filter(({ action }) => action !== 'connect');
    const { decisions, recordings, entries, wrong } = await lookBack();
    expect(wrong).toEqual([]);
    expect(recordings).toMatchObject({ changed: 0, open: 0 });
    const { same, masked, differs, unreadable } = decisions;
    const all = commands.length + entries;
    expect({ all: same + masked, differs, unreadable }).toEqual({ all, differs: 0, unreadable: 0 });
    // The first bundle reads neither texts nor parameters: only the setting's value is blanked for it.
    expect(masked).toBeGreaterThan(0);
    expect(same).toBeGreaterThan(3 * masked);
  });

  test.each([
    ['an admission', { type: 'session.start', identity: 'ana' }, 'allow (allow '],
    ['a refused admission', { type: 'login.refused', identity: 'lena' }, 'deny (deny '],
    ['the end of a session that policy no longer admits', { type: 'decision', action: 'connect' }, 'deny (deny '],
    ['a call of the API', { type: 'admin', action: 'approvals.decide' }, 'allow (allow '],
    ['a refused call of the API', { type: 'admin', identity: 'eve' }, 'deny (no finding)'],
  ] as const)(
    '%s is made again from its entry in the log, to the bit, and explained',
    async (_what, query, outcome) => {
      const [entry] = await audited(places().log, query);
      const { out, err, code } = await cli('replay', '--request', entry?.request ?? '');
      expect(err).toBe('');
      expect(out).toMatch(/^the same, to the bit\n/);
      expect(out).toContain('the entry has all that it was decided from');
      expect(out.match(/^(then|again) .*$/gm)).toEqual([
        expect.stringContaining(outcome),
        expect.stringContaining(outcome),
      ]);
      expect(code).toBe(0);
      const explained = await cli('explain', '--request', entry?.request ?? '');
      expect(explained.out).toContain(`${outcome.split(' ')[0] ?? ''}: `);
      expect(explained.code).toBe(0);
    },
  );

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
});
