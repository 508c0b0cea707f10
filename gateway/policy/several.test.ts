import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { settled } from '../testing/settled.ts';
import { BundleArchive } from './archive/archive.ts';
import { openPast } from './archive/past.ts';
import { generateSigningKey } from './bundle/keys.ts';
import { facts, frame, requestId, statement } from '../testing/commands.ts';
import {
  allowing,
  compileRego,
  decidingBy,
  findings,
  key,
  signedBundle,
  signedData,
  someTimeMs,
  temporaryFolder,
} from './fixtures.ts';
import { parseLabels } from './labels.ts';
import { openPolicy, type OpenPolicy, type PolicyEvent, type PolicyOptions } from './open.ts';
import { FileSource } from './sources/files.ts';
import { readLastGood } from './sources/last-good.ts';

/** Rules of one team, people and columns of two others: whoever is on the list may. */
const denying = allowing({ effect: '"deny"', findings: findings({ allow: '[]' }) });
const rego = {
  ...decidingBy('rules.answer'),
  'rules.rego': `package rules\n\nanswer := ${allowing()} if {\n\tinput.target.name\n\tdata.people[input.principal.id]\n} else := ${denying} if input.target.name\n`,
};
for (const [name, text] of Object.entries(rego)) {
  if (name !== 'rules.rego') Object.assign(rego, { [name]: text.replace('data.sets', 'data.rules') });
}
const ruleRoots = ['rules', 'sallyport', 'canaries', 'labels'];
const labels = JSON.stringify({ labels: { 'pii.ssn': { mask: 'partial', readers: [] } } });
const data = generateSigningKey('data-team');

let wasm: Buffer;
let home: Awaited<ReturnType<typeof temporaryFolder>>;
let turn = 0;

beforeAll(async () => {
  home = await temporaryFolder();
  wasm = await compileRego(process.env, rego);
});
afterAll(() => home[Symbol.asyncDispose]());

const rules = (sequence: number, more: Parameters<typeof signedBundle>[1] = {}) =>
  signedBundle(wasm, { revision: `r${sequence}`, metadata: { sequence }, roots: ruleRoots, data: labels, ...more });
const people = (sequence: number, ids: readonly string[], more: Partial<Parameters<typeof signedData>[1]> = {}) =>
  signedData(JSON.stringify({ people: Object.fromEntries(ids.map((id) => [id, true])) }), {
    roots: ['people'],
    revision: `p${sequence}`,
    metadata: { sequence },
    by: data.signing,
    ...more,
  });
const columns = (sequence: number, label = 'pii.ssn', more: Partial<Parameters<typeof signedData>[1]> = {}) =>
  signedData(JSON.stringify({ columns: { crm: { 'public.customers.ssn': [label] } } }), {
    roots: ['columns/crm'],
    revision: `c${sequence}`,
    metadata: { sequence },
    by: data.signing,
    ...more,
  });

type Name = 'rules' | 'people' | 'columns';

interface Stage {
  readonly events: PolicyEvent[];
  readonly options: PolicyOptions;
  readonly folder: string;
  put(name: Name, archive: Buffer | Promise<Buffer>): Promise<void>;
  remove(name: Name): Promise<void>;
}

/** Three sources of their own. Nothing polls unless told: tests call `refresh`. */
async function stage(changes: Partial<PolicyOptions> = {}, pollMs = 1e6): Promise<Stage> {
  const folder = join(home.path, String(turn++));
  await mkdir(folder);
  const events: PolicyEvent[] = [];
  const path = (name: string) => join(folder, `${name}.tar.gz`);
  const source = (name: Name) => new FileSource(path(name), pollMs);
  const options: PolicyOptions = {
    source: [
      { name: 'rules', source: source('rules'), keys: [key.trusted] },
      { name: 'people', source: source('people'), keys: [data.trusted], roots: ['people', 'columns'] },
      { name: 'columns', source: source('columns'), keys: [data.trusted], roots: ['columns'] },
    ],
    keys: [],
    clock: { now: () => someTimeMs },
    onEvent: (event) => void events.push(event),
    stateFile: join(folder, 'state.json'),
    lastGoodFile: join(folder, 'last-good.tar.gz'),
    ...changes,
  };
  const put = async (name: Name, archive: Buffer | Promise<Buffer>) => {
    await writeFile(`${path(name)}.new`, await archive);
    await rename(`${path(name)}.new`, path(name));
  };
  return { events, options, folder, put, remove: (name) => rm(path(name)) };
}

/** The same with first versions of all three. */
async function filled(changes: Partial<PolicyOptions> = {}, pollMs?: number): Promise<Stage> {
  const s = await stage(changes, pollMs);
  await s.put('rules', rules(1));
  await s.put('people', people(1, ['ana']));
  await s.put('columns', columns(1));
  return s;
}

/** A new policy over the same files: a source remembers what it saw, and a restart does not. */
function restarted(s: Stage, changes: Partial<PolicyOptions> = {}): Promise<OpenPolicy> {
  const source = (s.options.source as readonly { readonly name: string }[]).map((one) => ({
    ...(one as Extract<PolicyOptions['source'], readonly unknown[]>[number]),
    source: new FileSource(join(s.folder, `${one.name}.tar.gz`), 1e6),
  })); // stage made it a list
  return openPolicy({ ...s.options, source, ...changes });
}

const effectFor = (policy: OpenPolicy, id: string) =>
  policy.policy.openSession(frame({ id })).decide(statement(), 'k', requestId, facts).effect;

test('several bundles are one activation: rules judge by the data of the others, labels come from all', async () => {
  const s = await filled();
  await using policy = await openPolicy(s.options);
  expect(policy.revision()).toBe('r1+columns:c1+people:p1');
  expect(effectFor(policy, 'ana')).toBe('allow');
  expect(effectFor(policy, 'ben')).toBe('deny');
  expect([...policy.columnLabels('crm')]).toEqual([['public.customers.ssn', ['pii.ssn']]]);
  expect(s.events).toMatchObject([
    {
      type: 'bundle.activated',
      revision: 'r1+columns:c1+people:p1',
      keyId: 'test',
      bundles: [
        { name: 'rules', revision: 'r1', sequence: 1, keyId: 'test' },
        { name: 'people', revision: 'p1', keyId: 'data-team' },
        { name: 'columns', revision: 'c1', keyId: 'data-team' },
      ],
    },
  ]);
});

test('a new bundle of data takes effect between two commands, and the rules stay', async () => {
  const s = await filled();
  await using policy = await openPolicy(s.options);
  using session = policy.policy.openSession(frame({ id: 'ben' }));
  expect(session.decide(statement(), 'k', requestId, facts)).toMatchObject({ effect: 'deny' });
  await s.put('people', people(2, ['ben']));
  await policy.refresh();
  expect(session.decide(statement(), 'k', requestId, facts)).toMatchObject({
    effect: 'allow',
    revision: 'r1+columns:c1+people:p2',
  });
});

test('sources are followed without being asked', async () => {
  const s = await filled({}, 10);
  await using policy = await openPolicy(s.options);
  await s.put('people', people(2, ['ben']));
  await vi.waitUntil(() => policy.revision().includes('people:p2'), settled);
  expect(effectFor(policy, 'ana')).toBe('deny');
});

test('bundles that need each other go live together, whichever comes first', async () => {
  const s = await filled();
  await using policy = await openPolicy(s.options);
  await s.put('columns', columns(2, 'pii.name'));
  await policy.refresh();
  expect(policy.status()).toMatchObject({
    revision: 'r1+columns:c1+people:p1',
    refused: { reason: expect.stringContaining('undefined label pii.name') as string },
  });
  await s.put('rules', rules(2, { data: '{"labels":{"pii.name":{"mask":"redact","readers":[]}}}' }));
  await policy.refresh();
  expect(policy.status()).toMatchObject({ revision: 'r2+columns:c2+people:p1', refused: null });
  expect([...policy.columnLabels('crm')]).toEqual([['public.customers.ssn', ['pii.name']]]);
});

test('a number is what was written, also beside other bundles', async () => {
  const s = await filled();
  const text = '{"people":{"ana":9007199254740993,"ben":1.0}}';
  await s.put('people', signedData(text, { roots: ['people'], by: data.signing }));
  await using policy = await openPolicy(s.options);
  expect(effectFor(policy, 'ana')).toBe('allow');
  const kept = (await readLastGood(s.options.lastGoodFile ?? '')).get('people');
  expect(kept?.digest).toBe(policy.status().bundles.find(({ name }) => name === 'people')?.digest);
});

const life = (changes: object) => ({ metadata: { sequence: 2, ...changes } });
const bad: readonly (readonly [string, string, string, Name, () => Promise<Buffer>])[] = [
  [
    'that brings code',
    'bundle-invalid',
    'data only, and has policy.wasm',
    'people',
    () => people(2, [], { files: { 'policy.wasm': 'x' } }),
  ],
  [
    'that brings Rego',
    'bundle-invalid',
    'data only, and has x.rego',
    'people',
    () => people(2, [], { files: { 'x.rego': 'package x' } }),
  ],
  ['that is a delta', 'bundle-invalid', 'delta', 'people', () => people(2, [], { files: { 'patch.json': '{}' } })],
  [
    'signed by a key that counts for others',
    'bundle-signature',
    'people: bundle is signed by the key',
    'people',
    () => people(2, ['ben'], { by: key.signing }),
  ],
  [
    'that expired',
    'bundle-expired',
    'people: bundle p2 expired',
    'people',
    () => people(2, ['ben'], life({ expires_at: '2026-01-01T00:00:00Z' })),
  ],
  [
    'of the same sequence',
    'bundle-rollback',
    'have the same sequence 1',
    'people',
    () => people(1, ['ben'], { revision: 'other' }),
  ],
  [
    'that claims what another has',
    'bundle-invalid',
    'overlap',
    'people',
    () => people(2, [], { roots: ['people', 'columns/crm/x'] }),
  ],
  [
    'that claims the rules',
    'bundle-invalid',
    'claims rules',
    'people',
    () => people(2, [], { roots: ['people', 'rules'] }),
  ],
  ['that claims everything', 'bundle-invalid', '.manifest', 'people', () => people(2, [], { roots: [''] })],
  [
    'with data outside its roots',
    'bundle-invalid',
    'has data at columns/hr',
    'columns',
    () => signedData('{"columns":{"crm":{},"hr":{}}}', { roots: ['columns/crm'], by: data.signing, ...life({}) }),
  ],
  [
    'with a name that looks like a place',
    'bundle-invalid',
    'has data at columns/crm',
    'columns',
    () => signedData('{"columns/crm":{}}', { roots: ['columns/crm'], by: data.signing, ...life({}) }),
  ],
  [
    'with a value where its root is',
    'bundle-invalid',
    'has data at columns',
    'columns',
    () => signedData('{"columns":7}', { roots: ['columns/crm'], by: data.signing, ...life({}) }),
  ],
  [
    'with data that is no object',
    'bundle-invalid',
    'no object',
    'columns',
    () => signedData('[]', { roots: ['columns/crm'], by: data.signing, ...life({}) }),
  ],
  [
    'with a sequence that is none',
    'bundle-invalid',
    '.manifest',
    'people',
    () => people(2, [], { metadata: { sequence: 0 } }),
  ],
  ['with a manifest of more', 'bundle-invalid', '.manifest', 'people', () => people(2, [], life({ reads: {} }))],
  [
    'of rules that claim everything',
    'bundle-invalid',
    'bundles rules (root "", everything) and columns (root columns/crm) overlap',
    'rules',
    () => rules(2, { roots: [''] }),
  ],
  [
    'of rules that leave their own root open',
    'bundle-invalid',
    'leave out canaries',
    'rules',
    () => rules(2, { roots: ['rules', 'sallyport'] }),
  ],
  [
    'of rules with a rule outside',
    'bundle-invalid',
    'has the rule people.any, outside its roots',
    'rules',
    () =>
      rules(2, {
        metadata: { sequence: 2, rules: [{ name: 'people.any', file: 'x.rego', line: 1, digest: '0'.repeat(16) }] },
      }),
  ],
  [
    'of rules with data outside',
    'bundle-invalid',
    'bundle rules has data at people',
    'rules',
    () => rules(2, { data: '{"people":{"ben":true}}' }),
  ],
  ['that is garbage', 'bundle-invalid', 'is no gzip archive', 'columns', () => Promise.resolve(Buffer.from('hello'))],
];

test.each(bad)(
  'a bundle %s is refused (%s: %s), told of once, and all of the last good ones stay',
  async (_what, code, said, name, make) => {
    const s = await filled();
    await using policy = await openPolicy(s.options);
    await s.put(name, make());
    await policy.refresh();
    await policy.refresh();
    expect(s.events.slice(1)).toMatchObject([
      { type: 'bundle.refused', code, reason: expect.stringContaining(said) as string },
    ]);
    expect(policy.status()).toMatchObject({ revision: 'r1+columns:c1+people:p1', refused: { code } });
    expect(effectFor(policy, 'ana')).toBe('allow');
    await s.put(name, { rules: () => rules(3), people: () => people(3, ['ana']), columns: () => columns(3) }[name]());
    await policy.refresh();
    expect(policy.status().refused).toBeNull();
  },
);

test('a bundle older than the newest of its name is refused, whatever the others have', async () => {
  const s = await filled();
  await s.put('people', people(7, ['ana']));
  await using policy = await openPolicy(s.options);
  await s.put('people', people(6, ['ben']));
  await s.put('rules', rules(2));
  await policy.refresh();
  expect(policy.status()).toMatchObject({ revision: 'r1+columns:c1+people:p7', refused: { code: 'bundle-rollback' } });
});

test.each(['rules', 'people', 'columns'] as const)('nothing starts without the bundle %s', async (name) => {
  const s = await filled();
  await s.remove(name);
  await expect(openPolicy(s.options)).rejects.toMatchObject({
    code: 'bundle-invalid',
    message: expect.stringContaining(`${name}.tar.gz`) as string,
  });
  expect(s.events).toMatchObject([{ type: 'bundle.refused' }]);
});

test('a bundle that goes away is told of, and what it had last goes with what the others bring', async () => {
  const s = await filled();
  const archive = await readFile(join(s.folder, 'people.tar.gz'));
  await using policy = await openPolicy(s.options);
  await s.remove('people');
  await policy.refresh();
  expect(policy.status()).toMatchObject({ refused: { reason: expect.stringContaining('people.tar.gz') as string } });
  await s.put('columns', columns(2));
  await policy.refresh();
  expect(policy.status()).toMatchObject({
    revision: 'r1+columns:c2+people:p1',
    refused: { reason: expect.stringContaining('people.tar.gz') as string },
  });
  await s.put('people', archive);
  await policy.refresh();
  expect(policy.status().refused).toBeNull();
  expect(s.events.map((e) => e.type)).toEqual(['bundle.activated', 'bundle.refused', 'bundle.activated']);
});

test('the end of one is the end of all', async () => {
  let nowMs = someTimeMs;
  const s = await filled({ clock: { now: () => nowMs } });
  const until = new Date(someTimeMs + 3_600_000).toISOString();
  await s.put('people', people(1, ['ana'], { metadata: { expires_at: until } }));
  await using policy = await openPolicy(s.options);
  expect(policy.status()).toMatchObject({ expired: false, expiresAtMs: someTimeMs + 3_600_000 });
  nowMs += 3_600_000;
  expect(policy.status().expired).toBe(true);
  expect(effectFor(policy, 'ana')).toBe('deny');
});

test('a gateway starts with what was last in force together, all of it, when one source has nothing', async () => {
  const s = await filled();
  {
    await using policy = await openPolicy(s.options);
    await s.put('people', people(2, ['ben']));
    await policy.refresh();
  }
  await s.put('rules', rules(5));
  await s.remove('columns');
  await using policy = await restarted(s);
  expect(policy.status()).toMatchObject({ origin: 'last-good', revision: 'r1+columns:c1+people:p2' });
  expect(effectFor(policy, 'ben')).toBe('allow');
  await s.put('columns', columns(2));
  await policy.refresh();
  expect(policy.status()).toMatchObject({ origin: 'source', revision: 'r5+columns:c2+people:p2', refused: null });
});

test('a restart opens no way back for any of them', async () => {
  const s = await filled();
  await s.put('columns', columns(4));
  {
    await using _ran = await openPolicy(s.options);
  }
  await s.put('columns', columns(3));
  await rm(s.options.lastGoodFile ?? '');
  await expect(restarted(s)).rejects.toMatchObject({ code: 'bundle-rollback' });
});

test('the numbers of a single bundle from before are still kept to', async () => {
  const s = await stage();
  await writeFile(s.options.stateFile ?? '', '{"sequence":5,"revision":"v5"}');
  const path = join(s.folder, 'alone.tar.gz');
  await writeFile(path, await signedBundle(wasm, { revision: 'v4', metadata: { sequence: 4 } }));
  const alone = { ...s.options, source: path, keys: [key.trusted], pollMs: 1e6 };
  await expect(openPolicy(alone)).rejects.toMatchObject({ code: 'bundle-rollback' });
  await writeFile(path, await signedBundle(wasm, { revision: 'v6', metadata: { sequence: 6 } }));
  await using _policy = await openPolicy(alone);
  const state: unknown = JSON.parse(await readFile(s.options.stateFile ?? '', 'utf8'));
  expect(state).toEqual({ bundles: { policy: { sequence: 6, revision: 'v6' } } });
});

test('what was in force together is archived as one, under the digest that the log has, and opens again', async () => {
  const archive = new BundleArchive(join(home.path, `bundles${String(turn)}`), { maxBundles: 10, maxBytes: 1 << 30 });
  const s = await filled({ archive });
  await using policy = await openPolicy(s.options);
  const { digest, revision } = policy.status();
  const found = await archive.byDigest(digest);
  expect(found).toMatchObject({ revision, digest });
  expect(await archive.byRevision(revision)).toHaveLength(1);
  if (found === undefined) throw new TypeError('not there');
  const past = await openPast(found, [key.trusted, data.trusted], undefined);
  expect(past).toMatchObject({ trust: 'signature', bundle: { manifest: { revision } } });
  expect(parseLabels(past.bundle.data).columnsOf('crm').size).toBe(1);
  await expect(openPast(found, [key.trusted], undefined)).rejects.toMatchObject({ code: 'bundle-signature' });
  expect(await openPast(found, [], digest)).toMatchObject({ trust: 'log', bundle: { manifest: { revision } } });
});
