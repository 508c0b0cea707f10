import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AuditEvent } from '../contract/event.ts';
import { realDisk } from './disk.ts';
import type { Disk } from './disk.ts';
import { encodeEntry, maxEntryBytes, parseEntry } from './entry.ts';
import { openAuditLog } from './log.ts';
import type { AuditLogOptions } from './log.ts';
import { verifyLog } from './verify.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const origin = 'gateway.example/audit';

function event(index: number, more: Partial<AuditEvent> = {}): AuditEvent {
  return {
    type: 'decision',
    time: new Date(1_795_225_838_000 + index).toISOString(),
    identity: `agent-${index % 3}`,
    session: `session-${index % 5}`,
    request: `request-${index}`,
    target: 'crm',
    action: index % 7 === 0 ? 'delete' : 'read',
    effect: index % 11 === 0 ? 'deny' : 'allow',
    command: `SELECT ${index}`,
    revision: 'r1',
    findings: ['PG-500'],
    detail: { index },
    ...more,
  };
}

let home: string;
let dir: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'audit-'));
  dir = join(home, 'log');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** Folds when told to, on this thread. */
function open(more: Partial<AuditLogOptions> = {}) {
  return openAuditLog({ dir, key: privateKey, origin, thread: false, checkpointEveryMs: 3_600_000, ...more });
}

async function indices(path = dir): Promise<readonly number[]> {
  await using log = await open({ dir: path });
  const { entries } = await log.query({ order: 'oldest', limit: 1_000_000 });
  return entries.map((entry) => entry.index);
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

function journalFile(path = dir): string {
  return join(path, 'journal', readdirSync(join(path, 'journal')).toSorted().at(-1) ?? '');
}

describe('the log', () => {
  test.each([true, false])(
    'holds what was appended, verifies and goes on after a restart (thread: %s)',
    async (thread) => {
      let key = '';
      for (const round of [0, 1, 2]) {
        await using log = await open({ thread });
        key = log.verifierKey;
        for (let index = round * 300; index < (round + 1) * 300; index++) void log.append(event(index), 'written');
      }
      expect(await verifyLog(dir, key)).toMatchObject({ ok: true, size: 900, tail: { entries: 0 }, problems: [] });
      expect(await indices()).toEqual(upTo(900));
    },
  );

  test('each checkpoint continues the one before', async () => {
    await using log = await open({ segmentBytes: 1 });
    const notes: string[] = [];
    for (let index = 0; index < 700; index++) {
      void log.append(event(index), 'written');
      if (index % 97 !== 0) continue;
      await log.integrate();
      notes.push(readFileSync(join(dir, 'checkpoint'), 'utf8'));
    }
    await log.integrate();
    for (const previous of notes) {
      expect(await verifyLog(dir, log.verifierKey, { previous })).toMatchObject({ ok: true, problems: [] });
    }
  });

  test('a history written anew is told from the one that was promised', async () => {
    let promised = '';
    for (const who of ['ana', 'eve']) {
      rmSync(dir, { recursive: true, force: true });
      await using log = await open();
      for (let index = 0; index < 20; index++) void log.append(event(index, { identity: who }), 'written');
      await log.integrate();
      const outcome = await verifyLog(dir, log.verifierKey, promised ? { previous: promised } : {});
      expect(outcome.ok).toBe(who === 'ana');
      promised = readFileSync(join(dir, 'checkpoint'), 'utf8');
    }
  });

  test('a log that was cut back to an older checkpoint is told', async () => {
    const older = join(dir, 'older');
    await using log = await open({ dir: join(dir, 'log') });
    void log.append(event(0), 'written');
    await log.integrate();
    cpSync(join(dir, 'log'), older, { recursive: true });
    void log.append(event(1), 'written');
    await log.integrate();
    const previous = readFileSync(join(dir, 'log', 'checkpoint'), 'utf8');
    const { problems } = await verifyLog(older, log.verifierKey, { previous });
    expect(problems.map((problem) => problem.what).join()).toContain('the log was cut');
  });

  test('what is flushed is flushed when the promise resolves, and many wait for one flush', async () => {
    let flushes = 0;
    const disk: Disk = { ...realDisk, flush: (fd) => realDisk.flush(fd).then(() => void flushes++) };
    await using log = await open({ disk });
    flushes = 0;
    await Promise.all(upTo(50).map(async (index) => log.append(event(index), 'flushed')));
    expect(flushes).toBe(1);
    expect(log.append(event(50), 'written')).toBeUndefined();
  });

  test.each([true, false])('appends go on while folding fails, and folding catches up (thread: %s)', async (thread) => {
    await using log = await open({ thread });
    for (let index = 0; index < 300; index++) void log.append(event(index), 'written');
    await log.integrate();
    renameSync(join(dir, 'tile'), join(dir, 'away'));
    writeFileSync(join(dir, 'tile'), 'in the way');
    for (let index = 300; index < 600; index++) void log.append(event(index), 'written');
    await expect(log.integrate()).rejects.toThrow();
    expect(log.status()).toMatchObject({ entries: 600, folded: 300 });
    expect(log.status().failure).not.toBe('');
    rmSync(join(dir, 'tile'));
    renameSync(join(dir, 'away'), join(dir, 'tile'));
    await log.integrate();
    expect(log.status()).toEqual({ entries: 600, folded: 600, failure: '' });
    expect(await verifyLog(dir, log.verifierKey)).toMatchObject({ ok: true, size: 600 });
  });

  test('verifies while it is being written', async () => {
    await using log = await open({ segmentBytes: 10_000, thread: true, checkpointEveryMs: 1 });
    const writing = (async () => {
      for (let index = 0; index < 6000; index++) {
        void log.append(event(index), 'written');
        if (index % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      }
    })();
    const outcomes: unknown[] = [];
    for (let round = 0; round < 30; round++) outcomes.push(...(await verifyLog(dir, log.verifierKey)).problems);
    await writing;
    expect(outcomes).toEqual([]);
  });

  test('one process at a time', async () => {
    await using _log = await open();
    await expect(open()).rejects.toMatchObject({ code: 'store-unavailable' });
  });

  test('another key or origin does not take it over', async () => {
    await (await open()).close();
    await expect(open({ key: generateKeyPairSync('ed25519').privateKey })).rejects.toMatchObject({
      code: 'audit-unwritable',
    });
    await expect(open({ origin: 'other' })).rejects.toMatchObject({ code: 'audit-unwritable' });
    await (await open()).close();
  });

  test('a copy without the journal goes on where its checkpoint ends', async () => {
    let key = '';
    for (const _round of [0, 1]) {
      await using log = await open();
      key = log.verifierKey;
      for (let index = 0; index < 400; index++) void log.append(event(index), 'written');
      await log.integrate();
      rmSync(join(dir, 'journal'), { recursive: true });
      cpSync(dir, `${dir}-copy`, { recursive: true });
      dir = `${dir}-copy`;
    }
    expect(await verifyLog(dir, key)).toMatchObject({ ok: true, size: 800 });
  });

  test('a closed log takes nothing', async () => {
    const log = await open();
    await log.close();
    expect(() => log.append(event(0), 'written')).toThrow(/closed/);
  });
});

describe('an entry', () => {
  test.each(['command', 'identity', 'target', 'revision'] as const)(
    'with a huge %s fits, and says what was cut',
    (field) => {
      const text = '\u0001\ud800é'.repeat(40_000);
      const entry = Buffer.from(encodeEntry(event(1, { [field]: text, detail: { big: text }, findings: [text] })));
      expect(entry.length).toBeLessThanOrEqual(maxEntryBytes);
      const cut = parseEntry(entry)?.detail['cut'];
      for (const name of [field, 'detail', 'findings']) {
        expect(cut).toHaveProperty([name, 'sha256']);
      }
    },
  );

  test('is read back whole when it fits', () => {
    const whole = event(1, { command: 'é'.repeat(30_000) });
    expect(parseEntry(Buffer.from(encodeEntry(whole)))).toEqual(whole);
  });
});

describe('a crash', () => {
  test('at any byte of the last write loses that entry alone', async () => {
    const log = await open();
    const key = log.verifierKey;
    for (let index = 0; index < 4; index++) void log.append(event(index), 'written');
    await log.integrate();
    void log.append(event(4), 'written');
    const whole = readFileSync(journalFile()).length;
    void log.append(event(5), 'written');
    const all = readFileSync(journalFile()).length;
    await log.close();
    for (let length = whole; length < all; length++) {
      const copy = `${dir}-cut`;
      cpSync(dir, copy, { recursive: true });
      // As before the last fold: only 4 entries are under a checkpoint.
      rmSync(join(copy, 'checkpoint'));
      truncateSync(journalFile(copy), length);
      await using recovered = await open({ dir: copy, indexPath: null });
      expect(recovered.recovered).toEqual({ tornBytes: length - whole, damaged: null });
      expect(recovered.status().entries).toBe(5);
      rmSync(join(copy, 'tile', 'entries', '000.p', '6'));
      rmSync(join(copy, 'tile', '0', '000.p', '6'));
      expect(await verifyLog(copy, key)).toMatchObject({ ok: true, size: 5 });
      rmSync(copy, { recursive: true });
    }
  });

  test.each([
    ['space that was never filled is cut', Buffer.alloc(5000), { tornBytes: 5000, damaged: null }],
    ['other bytes are set aside', Buffer.from('garbage that is longer than a header'), { tornBytes: 0 }],
  ])('behind the journal, %s', async (_name, bytes, expected) => {
    const log = await open();
    void log.append(event(0), 'written');
    await log.close();
    appendFileSync(journalFile(), bytes);
    await using again = await open();
    expect(again.recovered).toMatchObject(expected);
    expect(again.status().entries).toBe(1);
  });

  test('bytes that were set aside are kept, and verifying tells of them', async () => {
    const log = await open();
    await log.close();
    writeFileSync(journalFile(), 'garbage that is longer than a header');
    await using again = await open();
    expect(readFileSync(again.recovered.damaged ?? '', 'utf8')).toBe('garbage that is longer than a header');
    const { problems } = await verifyLog(dir, again.verifierKey);
    expect(problems).toEqual([{ file: 'journal/0000000000000000.damaged-at-0', what: expect.any(String) as string }]);
  });

  test('that loses entries which a checkpoint promised is not passed over', async () => {
    const log = await open();
    for (let index = 0; index < 3; index++) void log.append(event(index), 'written');
    await log.close();
    truncateSync(journalFile(), 10);
    await expect(open()).rejects.toMatchObject({ code: 'audit-unwritable' });
  });

  test('by kill -9 at any moment loses no entry whose append returned', async () => {
    const keyPath = join(home, 'key.pem');
    writeFileSync(keyPath, privateKey.export({ format: 'pem', type: 'pkcs8' }));
    const script = `
      import { createPrivateKey } from 'node:crypto';
      import { readFileSync, writeSync } from 'node:fs';
      import { openAuditLog } from ${JSON.stringify(new URL('./log.ts', import.meta.url).href)};
      const key = createPrivateKey(readFileSync(${JSON.stringify(keyPath)}));
      const log = await openAuditLog({ dir: ${JSON.stringify(dir)}, key, origin: '${origin}', checkpointEveryMs: 5, segmentBytes: 20_000 });
      // The pipe does not block: what it does not take, it is offered again.
      const say = (line) => { for (;;) try { return writeSync(1, line); } catch (error) { if (error.code !== 'EAGAIN') throw error; } };
      const template = ${JSON.stringify(event(0))};
      for (let index = log.status().entries; ; index++) {
        const wait = log.append({ ...template, request: 'r' + index, detail: { index } }, index % 50 === 0 ? 'flushed' : 'written');
        if (wait) await wait;
        say(index + '\\n');
        if (index % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
      }`;
    let last = -1;
    let key = '';
    for (let round = 0; round < 20; round++) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const killAfter = last + 1 + Math.floor(Math.random() * 1500);
      for await (const line of createInterface({ input: child.stdout })) {
        last = Number(line);
        if (last >= killAfter) child.kill('SIGKILL');
      }
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      await using recovered = await open({ segmentBytes: 20_000 });
      key = recovered.verifierKey;
      expect(last).toBeGreaterThanOrEqual(killAfter);
      expect(recovered.status().entries).toBeGreaterThan(last);
    }
    expect(await verifyLog(dir, key)).toMatchObject({ ok: true, problems: [] });
    await using whole = await open();
    const { entries } = await whole.query({ order: 'oldest', limit: 1_000_000 });
    expect(entries.map(({ event: { detail } }) => detail['index'])).toEqual(entries.map(({ index }) => index));
  });
});

describe('a disk', () => {
  /** Takes so many bytes and then none; gives up in the middle of a write. */
  function fullDisk() {
    const state = { room: 100_000, flushFails: false };
    const disk: Disk = {
      ...realDisk,
      write(fd, bytes, from, to) {
        const room = Math.min(to - from, state.room);
        if (room === 0) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
        state.room -= room;
        return realDisk.write(fd, bytes, from, from + room);
      },
      flush: (fd) => (state.flushFails ? Promise.reject(new Error('EIO: i/o error')) : realDisk.flush(fd)),
    };
    return { state, disk };
  }

  test('that is full at any byte of a write refuses that entry, and takes the next when there is room', async () => {
    const { state, disk } = fullDisk();
    await using log = await open({ disk });
    let index = 0;
    for (let room = 0; room < encodeEntry(event(0, { command: 'refused' })).length; room += 7) {
      state.room = room;
      const refused = () => log.append(event(index, { command: 'refused' }), 'written');
      expect(refused).toThrow(/ENOSPC/);
      state.room = 100_000;
      void log.append(event(index++), 'written');
    }
    await log.integrate();
    expect(await verifyLog(dir, log.verifierKey)).toMatchObject({ ok: true, size: index });
    expect((await log.query({ limit: 1000 })).entries.map((found) => found.event.command)).not.toContain('refused');
  });

  test('that cannot flush fails whoever waits, publishes nothing, and is written anew when it can', async () => {
    const { state, disk } = fullDisk();
    await using log = await open({ disk });
    void log.append(event(0), 'written');
    state.flushFails = true;
    await expect(log.append(event(1), 'flushed')).rejects.toMatchObject({ code: 'audit-unwritable' });
    await expect(log.integrate()).rejects.toMatchObject({ code: 'audit-unwritable' });
    expect(log.status().folded).toBe(0);
    expect(log.status().failure).toContain('flush');
    state.flushFails = false;
    await log.append(event(2), 'flushed');
    await log.integrate();
    expect(await verifyLog(dir, log.verifierKey)).toMatchObject({ ok: true, size: 3 });
  });
});
