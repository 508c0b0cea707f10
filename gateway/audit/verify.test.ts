import { generateKeyPairSync } from 'node:crypto';
import {
  cpSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditEvent } from '../contract/event.ts';
import { openAuditLog } from './log.ts';
import type { AuditLog } from './log.ts';
import { isEntryProven, isGrowthProven, proveEntry, proveGrowth } from './prove.ts';
import { queryLog } from './query.ts';
import type { AuditQuery } from './query.ts';
import { verifyLog } from './verify.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const startMs = Date.parse('2026-11-21T09:00:00Z');

function event(index: number): AuditEvent {
  return {
    type: 'decision',
    time: new Date(startMs + index * 1000).toISOString(),
    identity: `agent-${index % 3}`,
    session: `s${index % 5}`,
    request: `r${index}`,
    target: 'crm',
    action: index % 7 === 0 ? 'delete' : 'read',
    effect: index % 100 === 0 ? 'deny' : 'allow',
    command: '"identity":"agent-9"',
    revision: 'r1',
    findings: [],
    detail: { index },
  };
}

let root: string;
let key: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'verify-'));
});
afterAll(() => rmSync(root, { recursive: true }));

/** A log as it stands on disk while the gateway runs: the last `tail` entries are in the journal only. */
async function makeLog(name: string, folded: number, tail: number, segmentBytes = 8 << 20): Promise<string> {
  const dir = join(root, `${name}-live`);
  const log: AuditLog = await openAuditLog({
    dir,
    key: privateKey,
    origin: 'log',
    thread: false,
    checkpointEveryMs: 3.6e6,
    segmentBytes,
  });
  key = log.verifierKey;
  for (let index = 0; index < folded; index++) {
    void log.append(event(index), 'written');
    if (index % 100 === 0 || index === 1) await log.integrate();
  }
  await log.integrate();
  for (let index = folded; index < folded + tail; index++) void log.append(event(index), 'written');
  cpSync(dir, join(root, name), { recursive: true });
  await log.close();
  return join(root, name);
}

/** Files that are the log: not its index and its lock. */
function filesOf(dir: string): readonly string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(dir, name)).isFile())
    .filter((name) => !name.startsWith('index.sqlite') && name !== 'lock');
}

/** Offsets at which a flipped bit goes unnoticed, as `file:offset`. */
async function unnoticed(dir: string, step: number): Promise<readonly string[]> {
  const missed: string[] = [];
  for (const name of filesOf(dir)) {
    const path = join(dir, name);
    const bytes = readFileSync(path);
    for (let at = 0; at < bytes.length; at += step) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8((changed[at] ?? 0) ^ (1 << (at % 8)), at);
      writeFileSync(path, changed);
      if ((await verifyLog(dir, key)).ok) missed.push(`${name}:${at}`);
    }
    writeFileSync(path, bytes);
  }
  return missed;
}

describe('verifying', () => {
  test('finds a flipped bit in any byte of any file', async () => {
    const dir = await makeLog('small', 4, 2);
    expect(await verifyLog(dir, key)).toMatchObject({ ok: true, size: 4, tail: { entries: 2, tornBytes: 0 } });
    expect(filesOf(dir).length).toBeGreaterThan(5);
    expect(await unnoticed(dir, 1)).toEqual([]);
    expect(await verifyLog(dir, key)).toMatchObject({ ok: true });
  });

  test('finds one in full tiles, partial tiles and several journal segments', async () => {
    const dir = await makeLog('middle', 600, 300, 1000);
    expect(await verifyLog(dir, key)).toMatchObject({ ok: true, size: 600, tail: { entries: 300, tornBytes: 0 } });
    expect(readdirSync(join(dir, 'journal')).length).toBeGreaterThan(1);
    expect(await unnoticed(dir, 499)).toEqual([]);
  });

  test('says which entry was changed', async () => {
    const dir = await makeLog('named', 300, 0);
    const bundle = join(dir, 'tile/entries/000');
    writeFileSync(bundle, readFileSync(bundle, 'latin1').replace('"r77"', '"r78"'), 'latin1');
    const { problems } = await verifyLog(dir, key);
    expect(problems[0]).toEqual({ file: 'tile/entries/000', what: 'entry 77 and its hash in tile/0/000 disagree' });
  });

  test('misses no file that is gone, longer or strange', async () => {
    const dir = await makeLog('files', 300, 1);
    const outcomes: Record<string, readonly boolean[]> = {};
    for (const name of filesOf(dir)) {
      const path = join(dir, name);
      const bytes = readFileSync(path);
      unlinkSync(path);
      const without = await verifyLog(dir, key);
      writeFileSync(path, Buffer.concat([bytes, Buffer.from('x')]));
      const longer = await verifyLog(dir, key);
      outcomes[name] = [without.ok, longer.ok && longer.tail.tornBytes === 0];
      writeFileSync(path, bytes);
    }
    expect(outcomes).toEqual({
      checkpoint: [false, false],
      'journal/0000000000000000': [true, false], // all but its tail is in the tiles: a copy may do without
      'tile/0/000': [false, false],
      'tile/0/001.p/44': [false, false],
      'tile/1/000.p/1': [false, false],
      'tile/entries/000': [false, false],
      'tile/entries/001.p/44': [false, false],
    });
    writeFileSync(join(dir, 'tile/0/007'), 'strange');
    expect((await verifyLog(dir, key)).problems).toEqual([{ file: 'tile/0/007', what: 'holds what the log does not' }]);
  });

  test('an unfinished write at the journal end is told, and no problem', async () => {
    const dir = await makeLog('torn', 3, 2);
    const [segment = ''] = readdirSync(join(dir, 'journal'));
    const path = join(dir, 'journal', segment);
    truncateSync(path, statSync(path).size - 5);
    const outcome = await verifyLog(dir, key);
    expect(outcome).toMatchObject({ ok: true, tail: { entries: 1 } });
    expect(outcome.tail.tornBytes).toBeGreaterThan(20);
  });

  test('with another key fails', async () => {
    const dir = await makeLog('key', 3, 0);
    const other = join(root, 'other');
    await using log = await openAuditLog({
      dir: other,
      key: generateKeyPairSync('ed25519').privateKey,
      origin: 'log',
      thread: false,
    });
    expect((await verifyLog(dir, log.verifierKey)).problems.map(({ file }) => relative('', file))).toContain(
      'checkpoint',
    );
    await expect(verifyLog(dir, 'nonsense')).rejects.toThrow(TypeError);
  });
});

describe('proving', () => {
  test('an entry is proven to whoever has the key, and nothing else in its place is', async () => {
    const dir = await makeLog('proven', 600, 5);
    for (const index of [0, 255, 256, 511, 512, 599]) {
      const proof = proveEntry(dir, key, index);
      if (!proof) throw new Error(`no proof of ${index}`);
      expect(JSON.parse(proof.entry)).toMatchObject({ detail: { index } });
      expect(isEntryProven(JSON.parse(JSON.stringify(proof)) as typeof proof, key)).toBe(true);
      expect(isEntryProven({ ...proof, entry: proof.entry.replace('crm', 'hr') }, key)).toBe(false);
      expect(isEntryProven({ ...proof, index: index + 1 }, key)).toBe(false);
      expect(isEntryProven({ ...proof, checkpoint: proof.checkpoint.replace('600', '601') }, key)).toBe(false);
      expect(isEntryProven({ ...proof, path: proof.path.slice(1) }, key)).toBe(false);
    }
    for (const index of [600, -1, 1.5, Number.NaN]) expect(proveEntry(dir, key, index)).toBeUndefined();
  });

  test('growth is proven from each older checkpoint, and to no other log', async () => {
    const [small, large, other] = [
      await makeLog('grow-a', 300, 0),
      join(root, 'grow-a-live'),
      await makeLog('grow-b', 700, 0),
    ];
    const older = readFileSync(join(small, 'checkpoint'), 'utf8');
    await using log = await openAuditLog({ dir: large, key: privateKey, origin: 'log', thread: false });
    for (let index = 0; index < 400; index++) void log.append(event(index * 3), 'written');
    await log.integrate();
    const proof = proveGrowth(large, key, 300);
    const foreign = proveGrowth(other, key, 300);
    if (!proof || !foreign) throw new Error('no proof');
    expect(isGrowthProven(older, proof, key)).toBe(true);
    expect(isGrowthProven(older, { ...proof, path: proof.path.toReversed() }, key)).toBe(false);
    expect(isGrowthProven(older, { ...proof, checkpoint: foreign.checkpoint }, key)).toBe(false);
    expect(proveGrowth(large, key, 701)).toBeUndefined();
  });
});

describe('querying', () => {
  const all = Array.from({ length: 900 }, (_, index) => event(index));
  let dir: string;
  beforeAll(async () => {
    dir = await makeLog('queried', 700, 200);
  });

  test.each<AuditQuery>([
    {},
    { effect: 'deny' },
    { identity: 'agent-1', effect: 'deny' },
    { identity: 'agent-1', action: 'delete', session: 's3' },
    { identity: 'agent-9' }, // stands in every command, and is nobody's identity
    { identity: 'agent-1" OR "1"="1' },
    { request: 'r650' },
    { request: 'r899' },
    { type: 'admin' },
    { sinceMs: startMs + 690_000, untilMs: startMs + 710_000 },
    { sinceMs: startMs + 250_500, untilMs: startMs + 251_500, target: 'crm' },
    { untilMs: startMs },
  ])('%j finds the same with the index, without it, and by looking at each', async (query) => {
    const matching = all.flatMap((entry, index) => {
      const ms = Date.parse(entry.time);
      const { sinceMs = 0, untilMs = Infinity, ...fields } = query;
      const same = Object.entries(fields).every(
        ([field, value]) => new Map<string, unknown>(Object.entries(entry)).get(field) === value,
      );
      return same && ms >= sinceMs && ms < untilMs ? [{ index, event: entry }] : [];
    });
    for (const indexPath of [join(dir, 'index.sqlite'), null]) {
      const found = await queryLog(dir, { ...query, order: 'oldest', limit: 1000 }, { indexPath });
      expect(found).toEqual({ entries: matching, more: false });
      const newest = await queryLog(dir, { ...query, limit: 3 }, { indexPath });
      expect(newest).toEqual({ entries: matching.toReversed().slice(0, 3), more: matching.length > 3 });
    }
  });

  test('an index that is lost, broken or of another log is made anew', async () => {
    const broken = join(root, 'broken');
    cpSync(dir, broken, { recursive: true });
    writeFileSync(join(broken, 'index.sqlite'), 'not a database at all, not even a little bit');
    await using log = await openAuditLog({ dir: broken, key: privateKey, origin: 'log', thread: false });
    expect(log.status().failure).toBe('');
    expect((await log.query({ effect: 'deny' })).entries).toHaveLength(9);
  });
});
