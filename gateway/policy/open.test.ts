import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { facts, frame, requestId, statement } from '../testing/commands.ts';
import { settled } from '../testing/settled.ts';
import {
  allowing,
  compileRego,
  decidingBy,
  findings,
  key,
  signedBundle,
  someTimeMs,
  temporaryFolder,
} from './fixtures.ts';
import { BundleArchive } from './archive/archive.ts';
import { generateSigningKey } from './bundle/keys.ts';
import { openPolicy, type OpenPolicy, type PolicyEvent, type PolicyOptions } from './open.ts';
import { keepLastGood, readLastGood } from './sources/last-good.ts';

const denying = allowing({ effect: '"deny"', findings: findings({ allow: '[]' }) });
const guarded = (decision: string) => ({
  ...decidingBy('sets.answer'),
  'sets.rego': `package sets\n\nanswer := ${decision} if input.target.name\n`,
});
const data = JSON.stringify({
  labels: { 'pii.ssn': { mask: 'partial', readers: [] } },
  columns: { crm: { 'public.customers.ssn': ['pii.ssn'] } },
});

let yes: Buffer;
let no: Buffer;
let home: Awaited<ReturnType<typeof temporaryFolder>>;
let turn = 0;

beforeAll(async () => {
  home = await temporaryFolder();
  yes = await compileRego(process.env, guarded(allowing()));
  no = await compileRego(process.env, guarded(denying));
});
afterAll(() => home[Symbol.asyncDispose]());

interface Stage {
  readonly path: string;
  readonly events: PolicyEvent[];
  readonly options: PolicyOptions;
  put(archive: Buffer): Promise<void>;
}

/** A source of its own, with nothing in it. Nothing polls unless told: tests call `refresh`. */
async function stage(changes: Partial<PolicyOptions> = {}): Promise<Stage> {
  const folder = join(home.path, String(turn++));
  await mkdir(folder);
  const path = join(folder, 'bundle.tar.gz');
  const events: PolicyEvent[] = [];
  const options: PolicyOptions = {
    source: path,
    keys: [key.trusted],
    clock: { now: () => someTimeMs },
    onEvent: (event) => void events.push(event),
    pollMs: 1e6,
    ...changes,
  };
  const put = async (archive: Buffer) => {
    await writeFile(`${path}.new`, archive);
    await rename(`${path}.new`, path);
  };
  return { path, events, options, put };
}

const effectOf = (policy: OpenPolicy) =>
  policy.policy.openSession(frame()).decide(statement(), 'k', requestId, facts).effect;
const version = (wasm: Buffer, sequence: number, more = data) =>
  signedBundle(wasm, { revision: `v${sequence}`, metadata: { sequence }, data: more });

test('a bundle is loaded, told of, and judges', async () => {
  const s = await stage();
  const archive = await version(yes, 7);
  await s.put(archive);
  await using policy = await openPolicy(s.options);
  const digest = createHash('sha256').update(archive).digest('hex');
  expect(effectOf(policy)).toBe('allow');
  expect(policy.revision()).toBe('v7');
  expect(s.events).toEqual([
    {
      type: 'bundle.activated',
      revision: 'v7',
      sequence: 7,
      digest,
      keyId: 'test',
      expiresAtMs: someTimeMs + 86_400_000,
      origin: 'source',
      bundles: [
        { name: 'policy', revision: 'v7', sequence: 7, digest, keyId: 'test', expiresAtMs: someTimeMs + 86_400_000 },
      ],
    },
  ]);
  expect(policy.status()).toMatchObject({ revision: 'v7', sequence: 7, digest, expired: false, refused: null });
});

test('a folder is a source too', async () => {
  const s = await stage();
  await s.put(await version(yes, 1));
  await using policy = await openPolicy({ ...s.options, source: join(s.path, '..') });
  expect(effectOf(policy)).toBe('allow');
});

test('a new bundle takes effect between two commands of an open session', async () => {
  const s = await stage();
  await s.put(await version(yes, 1));
  await using policy = await openPolicy(s.options);
  using session = policy.policy.openSession(frame());
  const heard: string[] = [];
  using _listening = policy.onChange((status) => heard.push(status.revision));
  expect(session.decide(statement(), 'k', requestId, facts)).toMatchObject({ effect: 'allow', revision: 'v1' });
  await s.put(await version(no, 2));
  await policy.refresh();
  expect(session.decide(statement(), 'k', requestId, facts)).toMatchObject({ effect: 'deny', revision: 'v2' });
  expect(heard).toEqual(['v2']);
});

test('the source is followed without being asked', async () => {
  const s = await stage({ pollMs: 10 });
  await s.put(await version(yes, 1));
  await using policy = await openPolicy(s.options);
  await s.put(await version(no, 2));
  await vi.waitUntil(() => policy.revision() === 'v2', settled);
  expect(effectOf(policy)).toBe('deny');
});

test('a directory is followed too, also where it is a link that is swapped, as Kubernetes mounts volumes', async () => {
  const s = await stage({ pollMs: 10 });
  const at = (name: string) => join(s.path, '..', name);
  for (const [name, wasm, sequence] of [
    ['one', yes, 1],
    ['two', no, 2],
  ] as const) {
    await mkdir(at(name));
    await writeFile(join(at(name), 'bundle.tar.gz'), await version(wasm, sequence));
  }
  await symlink('one', at('current'));
  await using policy = await openPolicy({ ...s.options, source: at('current') });
  expect(effectOf(policy)).toBe('allow');
  await symlink('two', at('next'));
  await rename(at('next'), at('current'));
  await vi.waitUntil(() => policy.revision() === 'v2', settled);
  expect(effectOf(policy)).toBe('deny');
});

test('a bundle that could not be recorded is tried again, and told of once', async () => {
  let recording = true;
  const events: PolicyEvent[] = [];
  const onEvent = (event: PolicyEvent) => {
    if (!recording && event.type === 'bundle.activated') throw new Error('disk full');
    events.push(event);
    return undefined;
  };
  const s = await stage({ onEvent });
  await s.put(await version(yes, 1));
  await using policy = await openPolicy(s.options);
  recording = false;
  await s.put(await version(no, 2));
  await policy.refresh();
  await policy.refresh();
  expect(policy.status()).toMatchObject({ revision: 'v1', refused: { reason: 'disk full' } });
  recording = true;
  await policy.refresh();
  expect(policy.status()).toMatchObject({ revision: 'v2', refused: null });
  expect(events.map((e) => e.type)).toEqual(['bundle.activated', 'bundle.refused', 'bundle.activated']);
});

const bad: readonly (readonly [string, string, () => Promise<Buffer>])[] = [
  ['garbage', 'bundle-invalid', () => Promise.resolve(Buffer.from('hello'))],
  ['older', 'bundle-rollback', () => version(no, 4)],
  [
    'another of the same sequence',
    'bundle-rollback',
    () => signedBundle(no, { revision: 'other', metadata: { sequence: 5 } }),
  ],
  [
    'expired',
    'bundle-expired',
    () => signedBundle(no, { metadata: { sequence: 6, expires_at: '2026-01-01T00:00:00Z' } }),
  ],
  [
    'a bundle that claims less than all',
    'bundle-invalid',
    () => signedBundle(no, { revision: 'v6', metadata: { sequence: 6 }, roots: ['rules', 'sallyport'] }),
  ],
  ['no policy', 'bundle-invalid', () => version(Buffer.from('hello'), 6)],
  ['a policy that calls for what nobody has', 'bundle-invalid', async () => version(await calling('time.now_ns()'), 6)],
  [
    'a policy that allows an empty input',
    'bundle-invalid',
    async () => version(await compileRego(process.env, decidingBy(allowing())), 6),
  ],
  ['a policy that aborts', 'bundle-invalid', async () => version(await aborting(), 6)],
  ['data with an undefined label', 'bundle-invalid', () => version(no, 6, '{"columns":{"crm":{"a.b.c":["pii.x"]}}}')],
  [
    'data with an unknown method',
    'bundle-invalid',
    () => version(no, 6, '{"labels":{"x":{"mask":"blur","readers":[]}}}'),
  ],
  ['data with half a column name', 'bundle-invalid', () => version(no, 6, '{"columns":{"crm":{"ssn":["pii.ssn"]}}}')],
];

test.each(bad)('%s is refused (%s), told of once, and the last good one stays', async (_what, code, make) => {
  const s = await stage();
  await s.put(await version(yes, 5));
  await using policy = await openPolicy(s.options);
  await s.put(await make());
  await policy.refresh();
  await policy.refresh();
  expect(s.events.slice(1)).toMatchObject([{ type: 'bundle.refused', code }]);
  expect(policy.status()).toMatchObject({ revision: 'v5', refused: { code } });
  expect(effectOf(policy)).toBe('allow');
  await s.put(await version(no, 8));
  await policy.refresh();
  expect(policy.status()).toMatchObject({ revision: 'v8', refused: null });
  expect(effectOf(policy)).toBe('deny');
});

test('a bundle that goes away is told of, and stays in force', async () => {
  const s = await stage();
  await s.put(await version(yes, 5));
  await using policy = await openPolicy(s.options);
  await rm(s.path);
  await policy.refresh();
  expect(s.events.at(-1)).toMatchObject({ type: 'bundle.refused', code: 'bundle-invalid' });
  expect(effectOf(policy)).toBe('allow');
});

test.each(bad.filter(([what]) => what !== 'older' && what !== 'another of the same sequence'))(
  'nothing starts on %s (%s)',
  async (_what, code, make) => {
    const s = await stage();
    await s.put(await make());
    await expect(openPolicy(s.options)).rejects.toMatchObject({ code });
    expect(s.events).toMatchObject([{ type: 'bundle.refused', code }]);
  },
);

test('nothing starts without a bundle', async () => {
  const s = await stage();
  await expect(openPolicy(s.options)).rejects.toMatchObject({ code: 'bundle-invalid' });
});

test('nothing starts on a bundle that nobody trusted signed', async () => {
  const s = await stage({ keys: [] });
  await s.put(await version(yes, 1));
  await expect(openPolicy(s.options)).rejects.toMatchObject({ code: 'bundle-signature' });
});

test('a bundle that cannot be told of does not take effect', async () => {
  let recording = true;
  const onEvent = () => {
    if (!recording) throw new Error('disk full');
    return undefined;
  };
  const s = await stage({ onEvent });
  await s.put(await version(yes, 1));
  await using policy = await openPolicy(s.options);
  recording = false;
  await s.put(await version(no, 2));
  await policy.refresh();
  expect(policy.status()).toMatchObject({ revision: 'v1', refused: { reason: 'disk full' } });
  expect(effectOf(policy)).toBe('allow');
});

test('nothing is kept of a bundle that cannot be recorded', async () => {
  const folder = join(home.path, 'unrecorded');
  await mkdir(folder);
  const archive = new BundleArchive(join(folder, 'archive'), { maxBundles: 10, maxBytes: 1 << 20 });
  const kept = { stateFile: join(folder, 'state.json'), lastGoodFile: join(folder, 'last-good.tar.gz'), archive };
  let recording = true;
  const faults: unknown[] = [];
  const onEvent = async ({ type }: PolicyEvent) => {
    if (type === 'bundle.refused') return;
    // Until all of it is on the medium, without a name.
    while ((await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.draft')).length < 3)
      await sleep(1);
    if (!recording) throw new Error('disk full');
  };
  const s = await stage({ ...kept, onEvent, onFault: (error) => faults.push(error) });
  await s.put(await version(yes, 1));
  await using policy = await openPolicy(s.options);
  const files = async () => (await readdir(folder, { recursive: true })).sort();
  const before = await files();
  expect(before).toHaveLength(4);
  const contents = await Promise.all([kept.stateFile, kept.lastGoodFile].map((path) => readFile(path, 'utf8')));
  recording = false;
  await s.put(await version(no, 2));
  await policy.refresh();
  expect(policy.status()).toMatchObject({ revision: 'v1', refused: { reason: 'disk full' } });
  expect(await files()).toEqual(before);
  expect(await Promise.all([kept.stateFile, kept.lastGoodFile].map((path) => readFile(path, 'utf8')))).toEqual(
    contents,
  );
  expect(faults).toEqual([]);
});

test('a restart opens no way back to an older bundle', async () => {
  const s = await stage({ stateFile: join(home.path, 'state.json') });
  await s.put(await version(yes, 5));
  await using first = await openPolicy(s.options);
  await first[Symbol.asyncDispose]();
  await s.put(await version(yes, 4));
  await expect(openPolicy(s.options)).rejects.toMatchObject({ code: 'bundle-rollback' });
  await s.put(await version(yes, 5));
  await using again = await openPolicy(s.options);
  expect(again.revision()).toBe('v5');
});

test('a state file that cannot be read stops the start', async () => {
  const stateFile = join(home.path, 'broken.json');
  await writeFile(stateFile, '{"sequence":');
  const s = await stage({ stateFile });
  await s.put(await version(yes, 5));
  await expect(openPolicy(s.options)).rejects.toMatchObject({ code: 'store-unavailable' });
  expect(await readFile(stateFile, 'utf8')).toBe('{"sequence":');
});

/** A gateway that ran v5 and stopped; the next one finds nothing but what was kept. */
async function ranBefore(changes: Partial<PolicyOptions> = {}): Promise<Stage> {
  const folder = join(home.path, `kept${turn}`);
  await mkdir(folder);
  const kept = { stateFile: join(folder, 'state.json'), lastGoodFile: join(folder, 'last-good.tar.gz') };
  const before = await stage(kept);
  await before.put(await version(yes, 5));
  await using _ran = await openPolicy(before.options);
  return await stage({ ...kept, ...changes });
}

const absent: readonly (readonly [string, number | null, (s: Stage) => Promise<void>])[] = [
  ['there is no bundle', null, () => Promise.resolve()],
  ['the bundle is garbage', someTimeMs, (s) => s.put(Buffer.from('hello'))],
  ['the bundle is older', someTimeMs, async (s) => s.put(await version(no, 4))],
];
test.each(absent)(
  'when %s, a gateway starts with its last good one, and says so',
  async (_what, checkedAtMs, prepare) => {
    const s = await ranBefore();
    await prepare(s);
    await using policy = await openPolicy(s.options);
    expect(effectOf(policy)).toBe('allow');
    expect(s.events).toMatchObject([
      { type: 'bundle.refused' },
      { type: 'bundle.activated', revision: 'v5', origin: 'last-good' },
    ]);
    expect(policy.status()).toMatchObject({ origin: 'last-good', revision: 'v5', checkedAtMs });
    expect(policy.status().refused).not.toBeNull();
  },
);

test('the last good bundle gives way to what the source has to offer', async () => {
  const s = await ranBefore();
  await using policy = await openPolicy(s.options);
  await s.put(await version(no, 6));
  await policy.refresh();
  expect(policy.status()).toMatchObject({ origin: 'source', revision: 'v6', refused: null, checkedAtMs: someTimeMs });
  expect(effectOf(policy)).toBe('deny');
});

test('the source that has the last good bundle again is its origin again', async () => {
  const s = await ranBefore();
  await using policy = await openPolicy(s.options);
  await s.put((await readLastGood(s.options.lastGoodFile ?? '')).get('policy')?.archive ?? Buffer.alloc(0));
  await policy.refresh();
  expect(policy.status()).toMatchObject({ origin: 'source', revision: 'v5', refused: null });
});

const stranger = generateSigningKey('test').trusted;
const spoilt: readonly (readonly [string, Partial<PolicyOptions>, (s: Stage) => Promise<void>])[] = [
  ['its key is trusted no more', { keys: [stranger] }, () => Promise.resolve()],
  ['it expired', { clock: { now: () => someTimeMs + 86_400_000 } }, () => Promise.resolve()],
  ['a byte of it changed', {}, (s) => writeFile(s.options.lastGoodFile ?? '', Buffer.alloc(99))],
  [
    'another took its place',
    {},
    async (s) => keepLastGood(s.options.lastGoodFile ?? '', new Map([['policy', await version(yes, 4)]])),
  ],
];
test.each(spoilt)('the last good bundle is not used when %s', async (_what, changes, spoil) => {
  const s = await ranBefore(changes);
  await spoil(s);
  await expect(openPolicy(s.options)).rejects.toMatchObject({ code: 'bundle-invalid' });
  expect(s.events.map((e) => e.type)).toEqual(['bundle.refused', 'bundle.refused']);
});

test('a bundle whose copy cannot be kept takes effect, and the log hears of it', async () => {
  const faults: unknown[] = [];
  const onFault = (error: unknown) => void faults.push(error);
  const s = await stage({ lastGoodFile: join(home.path, 'nowhere/last-good.tar.gz'), onFault });
  await s.put(await version(yes, 1));
  await using policy = await openPolicy(s.options);
  expect(policy.revision()).toBe('v1');
  expect(faults).toMatchObject([{ code: 'ENOENT' }]);
});

test('a running bundle that expires denies, and says so', async () => {
  let nowMs = someTimeMs;
  const s = await stage({ clock: { now: () => nowMs } });
  await s.put(await version(yes, 1));
  await using policy = await openPolicy(s.options);
  nowMs += 86_400_000;
  expect(effectOf(policy)).toBe('deny');
  expect(policy.status().expired).toBe(true);
});

test('labels come with the rules, and their version changes with them alone', async () => {
  const s = await stage();
  await s.put(await version(yes, 1));
  await using policy = await openPolicy(s.options);
  const before = policy.labelsVersion();
  expect([...policy.columnLabels('crm')]).toEqual([['public.customers.ssn', ['pii.ssn']]]);
  expect(policy.columnLabels('elsewhere').size).toBe(0);
  await s.put(await version(no, 2));
  await policy.refresh();
  expect(policy.labelsVersion()).toBe(before);
  await s.put(await version(no, 3, '{"labels":{},"columns":{}}'));
  await policy.refresh();
  expect(policy.labelsVersion()).not.toBe(before);
  expect(policy.columnLabels('crm').size).toBe(0);
});

test('a target called constructor has no labels that nobody gave it', async () => {
  const s = await stage();
  await s.put(await version(yes, 1));
  await using policy = await openPolicy(s.options);
  expect(policy.columnLabels('constructor').size).toBe(0);
  expect(policy.columnLabels('__proto__').size).toBe(0);
});

test('after closing nothing follows the source', async () => {
  const s = await stage({ pollMs: 5 });
  await s.put(await version(yes, 1));
  const policy = await openPolicy(s.options);
  await policy[Symbol.asyncDispose]();
  await s.put(await version(no, 2));
  expect(policy.revision()).toBe('v1');
  expect(s.events).toHaveLength(1);
});

function calling(call: string): Promise<Buffer> {
  return compileRego(process.env, guarded(allowing({ limits: `{"rows": ${call}}` })));
}

function aborting(): Promise<Buffer> {
  const rules = { 'sets.rego': `package sets\n\nanswer := 1 if input.v\nanswer := 2 if input.v == 1\n` };
  return compileRego(process.env, { ...decidingBy('sets.answer'), ...rules });
}

test('every bundle that goes live is in the archive before it does, and one that is refused is not', async () => {
  const kept: string[] = [];
  const s = await stage({
    archive: {
      keep: async (archive, sequence) =>
        void kept.push(`${sequence} ${createHash('sha256').update(archive).digest('hex')}`),
    },
  });
  const [first, second] = [await version(yes, 1), await version(no, 2)];
  await s.put(first);
  await using policy = await openPolicy(s.options);
  await s.put(second);
  await policy.refresh();
  await s.put(await version(yes, 1));
  await policy.refresh();
  const digest = (archive: Buffer) => createHash('sha256').update(archive).digest('hex');
  expect(kept).toEqual([`1 ${digest(first)}`, `2 ${digest(second)}`]);
  expect(policy.status()).toMatchObject({ revision: 'v2', refused: { code: 'bundle-rollback' } });
});

test('an archive that cannot be written is told of and holds no newer policy back', async () => {
  const faults: unknown[] = [];
  const s = await stage({
    archive: { keep: async () => Promise.reject(new Error('the disk is full')) },
    onFault: (error) => void faults.push(error),
  });
  await s.put(await version(yes, 1));
  await using policy = await openPolicy(s.options);
  expect(effectOf(policy)).toBe('allow');
  expect(faults).toEqual([new Error('the disk is full')]);
});
