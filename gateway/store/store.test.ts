import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { asId } from '../contract/ids.ts';
import type { HoldId } from '../contract/ids.ts';
import type { HoldRequest, SessionFrame } from '../contract/ports.ts';
import { frame as readerFrame } from '../testing/commands.ts';
import { openStore } from './open.ts';
import type { Store } from './open.ts';

const frame: SessionFrame = {
  ...readerFrame({ claims: { team: 'billing' } }),
  id: asId('01J0SESSION'),
  startedAtMs: 1_000,
};
const request: HoldRequest = {
  frame,
  requestId: asId('01J0REQUEST'),
  commands: [],
  texts: ['ALTER TABLE customers ADD note text'],
  digest: 'd'.repeat(64),
  terms: { rules: ['PG-100'], groups: ['dba'], quorum: 2, ttl_s: 900, scope: 'once' },
  messages: ['schema change [PG-100]'],
  revision: 'r1',
};
const id = asId<HoldId>('01J0HOLD');

let dir: string;
let store: Store;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'store-'));
  store = await openStore(join(dir, 'state.db'));
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true });
});

describe('holds', () => {
  beforeEach(() => store.holds.insert(id, request, 1_000, 5_000));

  test('a hold comes back as it was stored', async () => {
    expect(await store.holds.get(id)).toEqual({
      id,
      frame,
      requestId: request.requestId,
      actions: [],
      texts: request.texts,
      messages: request.messages,
      digest: request.digest,
      terms: request.terms,
      revision: 'r1',
      openedAtMs: 1_000,
      expiresAtMs: 5_000,
      status: 'open',
      approvals: [],
      resolvedAtMs: null,
      resolvedBy: [],
      reason: '',
    });
    expect(await store.holds.get('nobody')).toBeUndefined();
  });

  test('one approver counts once, however often they ask at the same time', async () => {
    const asked = await Promise.all(['bo', 'bo', 'bo'].map((who) => store.holds.addApproval(id, who, 'fine', 2_000)));
    expect(asked.filter((answer) => answer.ok)).toHaveLength(1);
    expect(asked.filter((answer) => !answer.ok)).toEqual([
      { ok: false, why: 'already-approved' },
      { ok: false, why: 'already-approved' },
    ]);
    expect(await store.holds.addApproval(id, 'cy', 'me too', 2_001)).toEqual({
      ok: true,
      approvals: [
        { approver: 'bo', reason: 'fine', atMs: 2_000 },
        { approver: 'cy', reason: 'me too', atMs: 2_001 },
      ],
    });
  });

  test('only the first of two resolutions counts', async () => {
    const [approved, refused] = await Promise.all([
      store.holds.resolve(id, 'approved', ['bo', 'cy'], 'fine', 2_000),
      store.holds.resolve(id, 'refused', ['dan'], 'no', 2_000),
    ]);
    expect([approved, refused]).toEqual([true, false]);
    expect(await store.holds.get(id)).toMatchObject({ status: 'approved', resolvedBy: ['bo', 'cy'], reason: 'fine' });
  });

  test.each([
    ['unknown', 'nobody', 2_000],
    ['expired', id, 5_000],
  ] as const)('an approval of an %s hold counts for nothing', async (why, hold, nowMs) => {
    expect(await store.holds.addApproval(hold, 'bo', '', nowMs)).toEqual({ ok: false, why });
  });

  test('an approval of a resolved hold counts for nothing', async () => {
    await store.holds.resolve(id, 'cancelled', ['ana'], 'hung up', 2_000);
    expect(await store.holds.addApproval(id, 'bo', '', 2_001)).toEqual({ ok: false, why: 'resolved' });
    expect((await store.holds.get(id))?.approvals).toEqual([]);
  });

  test('a hold expires at its time, not before, and once', async () => {
    expect(await store.holds.expire(4_999)).toEqual([]);
    expect(await store.holds.expire(5_000)).toEqual([id]);
    expect(await store.holds.expire(5_001)).toEqual([]);
    expect(await store.holds.resolve(id, 'approved', ['bo'], '', 5_002)).toBe(false);
  });

  test('a hold that outlives its gateway is closed at the next start', async () => {
    await store.close();
    store = await openStore(join(dir, 'state.db'));
    expect(await store.holds.orphan(9_000)).toEqual([id]);
    expect(await store.holds.get(id)).toMatchObject({ status: 'orphaned', reason: 'the gateway restarted' });
    expect(await store.holds.list('open')).toEqual([]);
    expect((await store.holds.list()).map((hold) => hold.id)).toEqual([id]);
  });
});

describe('sessions', () => {
  beforeEach(() => store.sessions.insert(frame, '2026/01J0SESSION.ndjson'));

  test('a session comes back as it was stored, and ends once', async () => {
    const counts = { commands: 3, denials: 1, rows: 20 };
    expect(await store.sessions.end(frame.id, 2_000, 'client left', counts)).toBe(true);
    expect(await store.sessions.end(frame.id, 3_000, 'again', counts)).toBe(false);
    await store.sessions.setRecording(frame.id, '2026/01J0SESSION.ndjson.zst', 'abc', 99);
    expect(await store.sessions.get(frame.id)).toEqual({
      id: frame.id,
      frame,
      startedAtMs: 1_000,
      endedAtMs: 2_000,
      endReason: 'client left',
      counts,
      recording: '2026/01J0SESSION.ndjson.zst',
      recordingDigest: 'abc',
      recordingBytes: 99,
    });
  });

  test.each([
    [{}, 1],
    [{ principal: 'ana' }, 1],
    [{ principal: 'bo' }, 0],
    [{ target: 'crm', open: true }, 1],
    [{ open: false }, 0],
    [{ sinceMs: 1_000, untilMs: 1_001 }, 1],
    [{ sinceMs: 1_001 }, 0],
    [{ limit: 0 }, 0],
    [{ principal: "ana' OR '1'='1" }, 0],
  ])('the filter %j finds %i', async (filter, found) => {
    expect(await store.sessions.list(filter)).toHaveLength(found);
  });

  test('sessions of a gateway that is gone are over', async () => {
    expect(await store.sessions.orphan(9_000)).toEqual([frame.id]);
    expect(await store.sessions.list({ open: true })).toEqual([]);
  });
});

describe('the file', () => {
  test('a damaged database is refused', async () => {
    await store.holds.insert(id, { ...request, texts: ['x'.repeat(200_000)] }, 1, 2);
    await store.close();
    const path = join(dir, 'state.db');
    const bytes = readFileSync(path);
    bytes.fill(0xff, 4096);
    writeFileSync(path, bytes);
    await expect(openStore(path)).rejects.toMatchObject({ code: 'store-unavailable' });
    store = await openStore(':memory:');
  });

  test('a database of a newer gateway is refused', async () => {
    const path = join(dir, 'newer.db');
    const newer = new DatabaseSync(path);
    newer.exec('PRAGMA user_version = 99');
    newer.close();
    await expect(openStore(path)).rejects.toMatchObject({ code: 'store-unavailable', message: /newer gateway/ });
  });

  test('a path that cannot be is refused', async () => {
    await expect(openStore(join(dir, 'missing', 'x.db'))).rejects.toMatchObject({ code: 'store-unavailable' });
  });
});
