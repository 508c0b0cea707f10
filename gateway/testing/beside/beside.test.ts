import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { filesWith } from '../behaviour/audited.ts';
import { apiClient } from '../../api/client.ts';
import { buildBundle } from '../../policy/build/build.ts';
import { findOpa } from '../../policy/build/opa.ts';
import { defaultSources, root } from '../../policy/fixtures.ts';
import { type Rig, rigPrincipals, startRig } from '../rig.ts';
import { settled } from '../settled.ts';

/** What watches beside the data path, on one gateway: the decision log in its three ways, and a shadow bundle. */

/** A value that stands in statements beside a labelled column, and must be in no byte that leaves. */
const canary = '987-65-4321';

let dir: string;
let rig: Rig;
const received: { readonly path: string; readonly headers: IncomingHttpHeaders; readonly text: string }[] = [];
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    received.push({
      path: request.url ?? '',
      headers: request.headers,
      text: gunzipSync(Buffer.concat(chunks)).toString(),
    });
    response.writeHead(200).end('{}');
  });
});

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sallyport-decisions-'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // of a listening TCP server
  const at = `http://127.0.0.1:${port}`;
  rig = await startRig({
    principals: [...rigPrincipals, { name: 'sheila', kind: 'human', groups: ['readers', 'shadowed'] }],
    config: {
      policy: { shadow: { bundle: join(dir, 'shadow.tar.gz'), cpu_percent: 50 } },
      decision_log: {
        labels: { app: 'shop' },
        file: { path: join(dir, 'decisions.ndjson') },
        http: { url: `${at}/logs`, headers: { 'X-Api-Key': { file: await keyFile() } }, max_delay_ms: 50 },
        otlp: { url: `${at}/v1/logs`, max_delay_ms: 50 },
      },
    },
  });
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(dir, { recursive: true, force: true });
});

async function keyFile(): Promise<string> {
  await writeFile(join(dir, 'api-key'), 'the-api-key\n', { mode: 0o600 });
  return join(dir, 'api-key');
}

async function connected(principal: string): Promise<pg.Client> {
  const client = new pg.Client({
    host: 'localhost',
    port: rig.port,
    user: 'app',
    database: 'crm',
    password: await rig.token(principal),
    ssl: { ca: rig.ca },
  });
  client.on('error', () => undefined); // a gateway that stops says so
  await client.connect();
  return client;
}

const eventShape = z.looseObject({
  decision_id: z.string(),
  path: z.string(),
  labels: z.record(z.string(), z.string()),
  input: z.looseObject({ command: z.looseObject({ action: z.string(), text: z.string().optional() }) }),
  result: z.looseObject({ effect: z.string() }),
});

async function fileEvents() {
  const text = await readFile(join(dir, 'decisions.ndjson'), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => eventShape.parse(JSON.parse(line)));
}

test('a labelled value in a literal or a parameter is in no byte of any sink', async () => {
  // Who may read the column sees the value; who may not is denied. Neither leaves it here.
  for (const principal of ['ana', 'carl']) {
    const client = await connected(principal);
    for (const statement of [
      { text: `select id from customers where ssn = '${canary}'` },
      { text: 'select id from customers where ssn = $1', values: [canary] },
      { text: `select ssn from customers where name = $1 and id::text <> '${canary}'`, values: [canary] },
      { text: `update customers set ssn = '${canary}' where id = -1` },
      { text: `insert into customers (ssn) values ($1)`, values: [canary] },
      { text: `prepare by_ssn(text) as select id from customers where ssn = $1` },
      { text: `execute by_ssn('${canary}')` },
      { text: `do $$ begin perform 1 from customers where ssn = '${canary}'; end $$` },
      { text: `select id from customers where no_such_column = '${canary}'` },
      { text: `select id from customers /* ${canary} */ where ssn is null` },
      { text: `explain select id from customers where ssn = '${canary}'` },
    ]) {
      await client.query(statement).catch(() => undefined);
    }
    await client.query('select 1 as mark');
    await client.end();
  }
  const whole = async () => (await fileEvents()).filter((e) => e.input.command.text === 'select 1 as mark').length;
  await vi.waitFor(async () => expect(await whole()).toBe(2), settled);
  const ids = (await fileEvents()).map((e) => e.decision_id);
  for (const path of ['/logs', '/v1/logs']) {
    const sent = () =>
      received
        .filter((r) => r.path === path)
        .map((r) => r.text)
        .join('');
    await vi.waitFor(() => expect(ids.filter((id) => !sent().includes(id))).toEqual([]), settled);
  }
  expect(received.filter((r) => r.text.includes(canary))).toEqual([]);
  expect(await filesWith(dir, [canary])).toEqual([]);
  expect(await filesWith(join(rig.dir, 'state'), [canary])).toEqual([]);
  // EXECUTE carries the argument in its own text: the record must not have it either.
  expect(await filesWith(join(rig.dir, 'audit'), [`execute by_ssn('${canary}')`])).toEqual([]);
  expect((await filesWith(join(rig.dir, 'audit'), [`execute by_ssn('…')`])).length).toBeGreaterThan(0);
});

test('each decision is there once, in order, log-ins and calls of the API too, with labels and credential', async () => {
  const { host, port } = rig.gateway.addresses.admin;
  await fetch(`http://${host}:${port}/v1/policy`, { headers: { authorization: `Bearer ${await rig.token('dora')}` } });
  await vi.waitFor(async () => expect((await fileEvents()).at(-1)?.path).toBe('sallyport/admin/decision'), settled);
  const events = await fileEvents();
  expect(new Set(events.map((e) => e.decision_id)).size).toBe(events.length);
  expect(events.map((e) => e.decision_id)).toEqual(events.map((e) => e.decision_id).toSorted());
  expect(events[0]).toMatchObject({
    path: 'sallyport/session/decision',
    labels: { id: 'rig.example/audit', app: 'shop' },
    input: { command: { action: 'connect' }, principal: { id: 'ana' } },
    result: { effect: 'allow' },
  });
  expect(received.find((r) => r.path === '/logs')?.headers).toMatchObject({ 'x-api-key': 'the-api-key' });
  const metrics = await (await fetch(`http://${host}:${port}/metrics`)).text();
  expect(metrics).toMatch(/decision_log_events_total\{sink="file",outcome="delivered"\} \d\d/);
  expect(metrics).toMatch(/decision_log_events_total\{sink="http",outcome="lost"\} 0/);
});

const admin = () => {
  const { host, port } = rig.gateway.addresses.admin;
  return apiClient({ url: `http://${host}:${port}`, token: () => rig.token('dora') });
};

async function shadowReport() {
  const reply = await admin().policy.shadow(100);
  if (!reply.ok) throw new Error(reply.problem.detail);
  return reply.value;
}

/** What clients see of these statements: rows, or the error. */
async function answers(client: pg.Client): Promise<readonly string[]> {
  const seen: string[] = [];
  for (const text of [
    'select id from orders order by id limit 1',
    'select name, ssn from customers order by id limit 1',
    'delete from orders where id = -1',
    'delete from customers',
    'select 1',
  ]) {
    await client.query(text).then(
      ({ rows }) => seen.push(JSON.stringify(rows)),
      (error: unknown) => seen.push(String(error).replace(/request \w+/, '')),
    );
  }
  return seen;
}

async function put(archive: Buffer): Promise<void> {
  await writeFile(join(dir, 'shadow.new'), archive);
  await rename(join(dir, 'shadow.new'), join(dir, 'shadow.tar.gz'));
}

test(
  'a shadow bundle says what it would change, and changes nothing, also when it is broken',
  { timeout: 120_000 },
  async () => {
    const client = await connected('sheila');
    expect(await shadowReport()).toMatchObject({
      state: 'waiting',
      refused: expect.stringContaining('no bundle') as string,
    });
    const before = await answers(client);

    const out = join(dir, 'built.tar.gz');
    await buildBundle({
      sources: {
        ...defaultSources,
        policies: [...defaultSources.policies, join(import.meta.dirname, 'rules')],
        tests: [join(import.meta.dirname, 'rule-tests')],
      },
      out,
      key: rig.signing,
      revision: 'with-sh-001',
      sequence: 1,
      builtAtMs: Date.now(),
      expiresAtMs: Date.now() + 86_400_000,
      opa: await findOpa(process.env),
    });
    const good = await readFile(out);
    await put(good);
    await vi.waitFor(async () => expect((await shadowReport()).state).toBe('judging'), settled);
    expect(await answers(client)).toEqual(before);
    await vi.waitFor(async () => {
      const { counts } = await shadowReport();
      expect(counts.groups).toContainEqual(
        expect.objectContaining({
          change: 'tightened',
          tightened: ['allow -> deny'],
          rules: ['SH-001'],
          principal: 'sheila',
          target: 'crm',
          count: 1,
          examples: [expect.objectContaining({ text: 'select id from orders order by id limit 1' })],
        }),
      );
      expect(counts.groups).toContainEqual(
        expect.objectContaining({ change: 'loosened', loosened: ['deny -> allow'], rules: ['SH-500'] }),
      );
      expect(counts.outcomes).toMatchObject({ tightened: 1, loosened: 1, reworded: 1, failed: 0, dropped: 0 });
    }, settled);

    const { host, port } = rig.gateway.addresses.admin;
    const printed = await sallyport(
      ['policy', 'shadow', 'report', '--gateway', `http://${host}:${port}`],
      await rig.token('dora'),
    );
    expect(printed).not.toContain('labels');
    expect(printed).toMatch(/^shadow {5}with-sh-001 \(judging\)$/m);
    expect(printed).toMatch(/^1 x tightened: allow -> deny \[SH-001\]\n {2}sheila on crm, [0-9a-f]{16}, last /m);

    const flipped = Buffer.from(good);
    flipped[good.length >> 1] = (good[good.length >> 1] ?? 0) ^ 1;
    await put(flipped);
    await vi.waitFor(async () => expect((await shadowReport()).refused).not.toBe(''), settled);
    expect(await answers(client)).toEqual(before);
    expect(rig.log.some((line) => line.includes('shadow bundle refused'))).toBe(true);
    await rm(join(dir, 'shadow.tar.gz'));
    expect(await answers(client)).toEqual(before);
    await client.end();
  },
);

test('who may not see what policy runs does not see its shadow', async () => {
  const { host, port } = rig.gateway.addresses.admin;
  const api = apiClient({ url: `http://${host}:${port}`, token: () => rig.token('ana') });
  expect(await api.policy.shadow()).toMatchObject({ ok: false, problem: { code: 'denied' } });
});

function sallyport(args: readonly string[], token: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, SALLYPORT_TOKEN: token };
    execFile(process.execPath, [join(root, 'gateway/cli/main.ts'), ...args], { env }, (error, out, err) =>
      error ? reject(new Error(err)) : resolve(out),
    );
  });
}
