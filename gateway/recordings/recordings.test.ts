import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Decision } from '../contract/decision.ts';
import { asId } from '../contract/ids.ts';
import type { RequestId } from '../contract/ids.ts';
import type { RecordedCommand, SessionFrame } from '../contract/ports.ts';
import { frame as readerFrame } from '../testing/commands.ts';
import type { RowBatch } from '../contract/result.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/open.ts';
import { settled } from '../testing/settled.ts';
import { createFile } from './file.ts';
import type { RecordingFileOptions, WritableFile } from './file.ts';
import type { RecordingEvent } from './format.ts';
import { openRecordings } from './index.ts';
import type { ClosedRecording, RecordingsOptions } from './index.ts';
import { recordingFiles } from './files.ts';
import { openRecordingFile, readRecording } from './reader.ts';

const startMs = Date.parse('2026-11-21T09:00:00Z');
const frame: SessionFrame = {
  ...readerFrame({ claims: { repository: 'example/billing' } }),
  id: asId('01J0SESSION'),
  startedAtMs: startMs,
};

const allow: Decision = {
  effect: 'mask',
  revision: asId('r1'),
  findings: [{ kind: 'mask', id: 'PG-200', msg: 'SSNs are masked' }],
  masks: { 'pii.ssn': 'partial' },
  approval: null,
  limits: {},
};
const deny: Decision = {
  ...allow,
  effect: 'deny',
  findings: [{ kind: 'deny', id: 'PG-002', msg: 'delete on every row', hint: 'Add a WHERE clause.' }],
};

const sessionFacts = {
  id: '01J0SESSION',
  started_at: '2026-11-21T09:00:00.000Z',
  commands: 0,
  rows_returned: 0,
  denials: 0,
  labels_read: [],
  lookups: 0,
};

function command(id: string, more: Partial<RecordedCommand> = {}): RecordedCommand {
  return {
    requestId: asId(id),
    text: 'SELECT id, name FROM customers',
    params: [],
    action: 'read',
    decision: allow,
    key: 'k',
    facts: {},
    place: {},
    erased: [],
    around: { session: sessionFacts, minuteMs: startMs, approval: undefined },
    ...more,
  };
}

/** Rows as an adapter holds them; the wire form is made up. */
function batchOf(rows: readonly (readonly (string | null)[])[]): RowBatch {
  const wire = Buffer.from(JSON.stringify(rows));
  return {
    rows: rows.length,
    bytes: wire.length,
    masked: () => batchOf(rows),
    first: (n) => batchOf(rows.slice(0, n)),
    texts(maxBytes) {
      let left = maxBytes;
      return rows.filter((row) => {
        if (left <= 0) return false;
        left -= row.join('').length;
        return true;
      });
    },
    wire: () => wire,
  };
}

const request = (id: string) => asId<RequestId>(id);

let dir: string;
let store: Store;
let nowMs: number;
let closed: ClosedRecording[];
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'recordings-'));
  store = await openStore(':memory:');
  nowMs = startMs;
  closed = [];
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true });
});

function open(more: Partial<RecordingsOptions> = {}) {
  return openRecordings({
    dir,
    sessions: store.sessions,
    clock: { now: () => nowMs++ },
    origin: 'gateway.example/audit',
    flushEveryMs: 5,
    onClosed: (recording) => void closed.push(recording),
    ...more,
  });
}

const path = () => join(dir, '2026/11/21/01J0SESSION.ndjson');

async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const ndjson = async (recording: Readable | undefined) => (recording ? text(recording) : '');

async function events(): Promise<readonly RecordingEvent[]> {
  const file = openRecordingFile(path());
  return file ? all(readRecording(file)) : [];
}

test('a file that is compressed while somebody opens it is read all the same', async () => {
  const plain = join(dir, 'a.ndjson');
  for (let round = 0; round < 200; round++) {
    writeFileSync(plain, 'a line\n');
    writeFileSync(`${plain}.zst`, zstdCompressSync('a line\n'));
    const opened = openRecordingFile(plain);
    rmSync(plain); // the last step of compressing
    expect(await ndjson(opened)).toBe('a line\n');
    expect(await ndjson(openRecordingFile(plain))).toBe('a line\n');
  }
  expect(await recordingFiles(dir, 1)).toEqual([plain]);
});

describe('a recording', () => {
  test('says what was asked, decided and returned, and ends with its digest', async () => {
    await using recordings = await open();
    const recorder = await recordings.open(frame);
    recorder.command(command('R1', { params: ['7', null] }));
    await recorder.result(request('R1'), {
      kind: 'fields',
      fields: [
        { name: 'id', shape: 'integer' },
        { name: 'name', shape: 'text' },
      ],
    });
    await recorder.result(request('R1'), {
      kind: 'rows',
      batch: batchOf([
        ['1', 'Ana'],
        ['2', null],
      ]),
    });
    await recorder.result(request('R1'), {
      kind: 'message',
      message: { severity: 'notice', code: '00000', text: 'hello' },
    });
    recorder.end(request('R1'), { ok: true, tag: 'SELECT 2' }, { rows: 2, bytes: 99 });
    recorder.command(command('R2', { decision: deny, action: 'delete' }));
    recorder.command(command('R3'));
    recorder.hold(request('R3'), { id: asId('H1') });
    recorder.hold(request('R3'), { id: asId('H1'), resolution: 'approved', by: ['bo'] });
    recorder.end(request('R3'), { ok: false, code: '42P01', text: 'no such table' }, { rows: 0, bytes: 0 });
    await recorder.close('client left');

    const plain = readFileSync(path());
    expect(closed).toEqual([
      {
        session: frame.id,
        digest: createHash('sha256').update(plain).digest('hex'),
        bytes: plain.length,
        events: (await events()).length,
      },
    ]);
    expect(await events()).toMatchObject([
      {
        type: 'header',
        v: 2,
        session: '01J0SESSION',
        principal: frame.principal,
        audit: 'gateway.example/audit',
        started_at: '2026-11-21T09:00:00.000Z',
      },
      { type: 'decision', n: 1, decision: { effect: 'mask' } },
      { type: 'text', n: 2, text: 'SELECT id, name FROM customers' },
      { type: 'facts', n: 3 },
      { type: 'around', n: 4, minute: startMs },
      { type: 'command', command: 1, request: 'R1', text: 2, params: ['7', null], decision: 1, facts: 3, around: 4 },
      { type: 'fields', n: 5, names: ['id', 'name'] },
      { type: 'columns', command: 1, fields: 5 },
      {
        type: 'rows',
        command: 1,
        rows: [
          ['1', 'Ana'],
          ['2', null],
        ],
      },
      { type: 'message', command: 1, severity: 'notice', text: 'hello' },
      { type: 'end', command: 1, ok: true, tag: 'SELECT 2', rows: 2, bytes: 99 },
      { type: 'decision', n: 6, decision: { effect: 'deny' } },
      { type: 'command', command: 2, text: 2, decision: 6, facts: 3, around: 4 },
      { type: 'command', command: 3, text: 2, decision: 1 },
      { type: 'hold', command: 3, hold: 'H1' },
      { type: 'hold', command: 3, hold: 'H1', resolution: 'approved', by: ['bo'] },
      { type: 'end', command: 3, ok: false, code: '42P01' },
      { type: 'close', reason: 'client left' },
    ]);
    expect(await store.sessions.get(frame.id)).toMatchObject({
      endReason: 'client left',
      counts: { commands: 3, denials: 1, rows: 2 },
      recordingDigest: closed[0]?.digest,
    });
  });

  test('keeps rows up to a size, then counts them and gives the digest of what was sent', async () => {
    await using recordings = await open({ maxResultBytes: 100 });
    const recorder = await recordings.open(frame);
    recorder.command(command('R1'));
    const batches = [1, 2, 3].map((round) =>
      batchOf(Array.from({ length: 10 }, (_, row) => [`round ${round} row ${row}`])),
    );
    for (const batch of batches) await recorder.result(request('R1'), { kind: 'rows', batch });
    recorder.end(request('R1'), { ok: true, tag: 'SELECT 30' }, { rows: 30, bytes: 1000 });
    await recorder.close('done');
    const kept = (await events()).flatMap((event) => (event.type === 'rows' ? event.rows : []));
    const hash = createHash('sha256');
    for (const batch of batches) hash.update(batch.wire());
    expect(kept.length).toBeGreaterThan(0);
    expect((await events()).find((event) => event.type === 'omitted')).toMatchObject({
      rows: 30 - kept.length,
      sha256: hash.digest('hex'),
    });
    expect(kept.flat().join('').length).toBeLessThan(200);
  });

  test('is compressed once closed, and reads the same', async () => {
    const recordings = await open();
    const recorder = await recordings.open(frame);
    recorder.command(command('R1'));
    await recorder.close('done');
    const before = await ndjson(await recordings.read(frame.id));
    await recordings.close();
    expect(readdirSync(join(dir, '2026/11/21'))).toEqual(['01J0SESSION.ndjson.zst']);
    expect(await ndjson(await recordings.read(frame.id))).toBe(before);
    expect(createHash('sha256').update(before).digest('hex')).toBe(closed[0]?.digest);
  });

  test('can be read while it is made', async () => {
    await using recordings = await open();
    const recorder = await recordings.open(frame);
    recorder.command(command('R1', { text: 'SELECT now' }));
    expect(await ndjson(await recordings.read(frame.id))).toContain('SELECT now');
    expect(await recordings.read('nobody')).toBeUndefined();
    await recorder.close('done');
  });

  test('that a crash left open is closed at the next start, and its digest told', async () => {
    const first = await open();
    const recorder = await first.open(frame);
    recorder.command(command('R1'));
    recorder.end(request('R1'), { ok: true, tag: 'SELECT 7' }, { rows: 7, bytes: 70 });
    const { decision } = command('R2');
    recorder.command(command('R2', { decision: { ...decision, effect: 'deny' } }));
    await recorder.flush();
    expect(first.countsOf(frame.id)).toEqual({ commands: 2, denials: 1, rows: 7 });
    const left = readFileSync(path()); // the first gateway is never closed: it is dead
    await using recordings = await open();
    expect(closed).toEqual([
      { session: frame.id, digest: createHash('sha256').update(left).digest('hex'), bytes: left.length, events: 9 },
    ]);
    expect(await store.sessions.get(frame.id)).toMatchObject({
      endReason: 'the gateway stopped',
      recordingDigest: closed[0]?.digest,
      counts: { commands: 2, denials: 1, rows: 7 },
    });
    expect(recordings.countsOf(frame.id)).toBeUndefined();
    expect(recordings.status().open).toBe(0);
    await first.close();
  });

  test('cut at any byte still reads up to there', async () => {
    await using recordings = await open();
    const recorder = await recordings.open(frame);
    recorder.command(command('R1', { text: 'SELECT é' }));
    await recorder.close('done');
    const [whole, complete] = [readFileSync(path()), await events()];
    for (let length = 0; length < whole.length; length++) {
      const some = await all(readRecording(toAsync(whole.subarray(0, length))));
      expect(some).toEqual(complete.slice(0, some.length));
    }
  });

  test('is never written over, and stays in its directory', async () => {
    await using recordings = await open();
    const recorder = await recordings.open(frame);
    await expect(recordings.open(frame)).rejects.toMatchObject({ code: 'recording-unwritable' });
    await expect(recordings.open({ ...frame, id: asId('../../etc/passwd') })).rejects.toThrow(TypeError);
    await recorder.close('done');
  });

  test('closes once, however often it is asked', async () => {
    await using recordings = await open();
    const recorder = await recordings.open(frame);
    await Promise.all([recorder.close('one'), recorder.close('two')]);
    expect(closed).toHaveLength(1);
  });
});

async function* toAsync(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7);
}

describe('a disk', () => {
  /** A file that takes so many bytes, or as many as it is let. */
  function slowDisk(room: number) {
    const state = { room, gate: Promise.resolve() };
    const openFile: RecordingFileOptions['openFile'] = async (at) => {
      const file: WritableFile = await createFile(at);
      return {
        sync: () => file.sync(),
        close: () => file.close(),
        write: (async (buffer: Buffer, offset: number, length: number, position: number) => {
          await state.gate;
          const takes = Math.min(length, state.room);
          if (takes === 0) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
          state.room -= takes;
          return file.write(buffer, offset, takes, position);
        }) as WritableFile['write'], // the only one of its forms that is called
      };
    };
    return { state, openFile };
  }

  test('that is slow makes the sender wait when the queue is full, and loses nothing', async () => {
    const { state, openFile } = slowDisk(Number.POSITIVE_INFINITY);
    await using recordings = await open({ queueBytes: 10_000, maxResultBytes: 1e6, openFile });
    const recorder = await recordings.open(frame);
    const { promise, resolve } = Promise.withResolvers<void>();
    state.gate = promise;
    recorder.command(command('R1'));
    let wait: Promise<void> | undefined;
    let sent = 0;
    for (; !wait; sent++) wait = recorder.result(request('R1'), { kind: 'rows', batch: batchOf([['x'.repeat(1000)]]) });
    expect(sent).toBeGreaterThan(5);
    expect(recordings.status().queuedBytes).toBeLessThan(12_000);
    resolve();
    await wait;
    expect(recordings.status().queuedBytes).toBeLessThan(10_000);
    await recorder.close('done');
    expect((await events()).filter((event) => event.type === 'rows')).toHaveLength(sent);
  });

  test('that is full refuses everything, and what waited is there when it has room again', async () => {
    const { state, openFile } = slowDisk(Number.POSITIVE_INFINITY);
    await using recordings = await open({ openFile });
    const recorder = await recordings.open(frame);
    recorder.command(command('R1'));
    state.room = 33; // gives up in the middle of a line
    await expect(recorder.flush()).rejects.toMatchObject({ code: 'recording-unwritable' });
    expect(recordings.status().failure).toContain('ENOSPC');
    const refused = [
      () => recorder.command(command('R2')),
      () => recorder.result(request('R1'), { kind: 'fields', fields: [] }),
      () => recorder.end(request('R1'), { ok: true, tag: 'SELECT 0' }, { rows: 0, bytes: 0 }),
      () => recorder.hold(request('R1'), { id: asId('H1') }),
    ];
    for (const act of refused) expect(act).toThrow(/ENOSPC/);
    await expect(recordings.open({ ...frame, id: asId('01J0OTHER') })).rejects.toMatchObject({
      code: 'recording-unwritable',
    });
    state.room = Number.POSITIVE_INFINITY;
    await vi.waitFor(() => recorder.command(command('R3')), settled);
    await recorder.close('done');
    expect((await events()).flatMap((event) => (event.type === 'command' ? [event.request] : []))).toEqual([
      'R1',
      'R3',
    ]);
    expect(createHash('sha256').update(readFileSync(path())).digest('hex')).toBe(closed[0]?.digest);
  });

  test('that is full when a session ends is waited for, but not by a gateway that stops', async () => {
    const { state, openFile } = slowDisk(Number.POSITIVE_INFINITY);
    const recordings = await open({ openFile });
    const recorder = await recordings.open(frame);
    state.room = 0;
    recorder.command(command('R1'));
    const closing = recorder.close('client left');
    closing.catch(() => undefined);
    await recordings.close();
    await expect(closing).rejects.toMatchObject({ code: 'recording-unwritable' });
    expect(existsSync(path())).toBe(true);
  });
});
