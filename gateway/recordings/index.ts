import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SessionId } from '../contract/ids.ts';
import type { Clock, Recordings, SessionFrame } from '../contract/ports.ts';
import type { Wait } from '../contract/wait.ts';
import type { SessionCounts, SessionStore } from '../store/sessions.ts';
import { compressFile } from './compress.ts';
import { countRecorded } from './count.ts';
import { createFile, RecordingFile } from './file.ts';
import type { RecordingFileOptions } from './file.ts';
import { openRecordingFile } from './reader.ts';
import { SessionRecorder } from './recorder.ts';
import { Following, Watching } from './watching.ts';
import type { RecordingTotals } from './recorder.ts';

export interface RecordingsOptions {
  readonly dir: string;
  /** The index of sessions: a session stands in it from its first byte, and with its digest from its last. */
  readonly sessions: SessionStore;
  readonly clock: Clock;
  /** Origin of the audit log that gets the digests. */
  readonly origin: string;
  /** Bytes of result rows kept for each command. Default 64 KiB. */
  readonly maxResultBytes?: number;
  /** Of what one command prints on a terminal. Default 16 MiB. */
  readonly maxTerminalBytes?: number;
  /** Bytes of a session that may wait to be written. Default 1 MiB. */
  readonly queueBytes?: number;
  /** Default 1,000 ms. */
  readonly flushEveryMs?: number;
  /** Called when a recording is closed; what it returns is waited for. */
  readonly onClosed?: (closed: ClosedRecording) => Wait;
  /** Told when a closed recording cannot be compressed: it then stays as it is. */
  readonly onFailure?: (error: unknown) => void;
  /** For tests: a disk that can be full. */
  readonly openFile?: RecordingFileOptions['openFile'];
}

export interface ClosedRecording {
  readonly session: SessionId;
  /** SHA-256 hex of its NDJSON. */
  readonly digest: string;
  readonly bytes: number;
  readonly events: number;
}

export interface RecordingsStatus {
  /** Sessions that are being recorded. */
  readonly open: number;
  /** Bytes that wait to be written. */
  readonly queuedBytes: number;
  /** Why one of them cannot be written; empty when all can. */
  readonly failure: string;
}

/**
 * Opens the recordings. Those that a crash left open are closed as far as they go, and their digests told of.
 * @throws SallyportError `recording-unwritable`
 */
export async function openRecordings(options: RecordingsOptions): Promise<RecordingRoom> {
  await mkdir(options.dir, { recursive: true, mode: 0o700 });
  const room = new RecordingRoom(options);
  await room.adoptOrphans();
  return room;
}

/** The recordings of all sessions. */
export class RecordingRoom implements Recordings, AsyncDisposable {
  readonly #options: RecordingsOptions;
  readonly #live = new Map<SessionId, SessionRecorder>();
  readonly #ending = new AbortController();
  /** Recordings are compressed one after the other: nobody waits for it. */
  #compressing: Promise<void> = Promise.resolve();

  constructor(options: RecordingsOptions) {
    this.#options = options;
  }

  async open(frame: SessionFrame): Promise<SessionRecorder> {
    const {
      queueBytes = 1 << 20,
      flushEveryMs = 1000,
      maxResultBytes = 64 << 10,
      maxTerminalBytes = 16 << 20,
      openFile = createFile,
    } = this.#options;
    const path = recordingPath(frame);
    const file = await RecordingFile.create(join(this.#options.dir, path), { queueBytes, flushEveryMs, openFile });
    const recorder = new SessionRecorder({
      frame,
      file,
      clock: this.#options.clock,
      kept: { maxResultBytes, maxTerminalBytes },
      origin: this.#options.origin,
      onClosed: (totals) => this.#closed(path, totals),
      pause: () => sleep(flushEveryMs, undefined, { signal: this.#ending.signal }),
    });
    try {
      await recorder.flush(); // a session whose recording cannot hold even its header does not start
      await this.#options.sessions.insert(frame, path);
    } catch (error) {
      await file.abandon();
      throw error;
    }
    this.#live.set(frame.id, recorder);
    return recorder;
  }

  /** The NDJSON of one session, as far as it went; undefined where there is none. */
  async read(session: string): Promise<Readable | undefined> {
    const record = await this.#options.sessions.get(session);
    if (!record?.recording) return undefined;
    await this.#live.get(record.id)?.flush();
    return openRecordingFile(join(this.#options.dir, record.recording));
  }

  /**
   * The NDJSON of a session that goes on here: what there is of it, and then each line as it is written. Undefined where none does.
   * Whoever reads too slowly is let go: then the last line is no `close`.
   */
  async watch(session: string): Promise<AsyncIterable<Uint8Array> | undefined> {
    const record = await this.#options.sessions.get(session);
    const recorder = record && this.#live.get(record.id);
    if (!record?.recording || !recorder) return undefined;
    const watching: Watching = new Watching(() => recorder.unwatch(watching));
    const written = recorder.watch(watching);
    try {
      await recorder.flush();
    } catch (error) {
      await watching.return();
      throw error;
    }
    const past = createReadStream(join(this.#options.dir, record.recording), { end: written - 1 });
    return new Following(past, watching);
  }

  /** What a session that goes on here came to so far; undefined for any other. */
  countsOf(session: SessionId): SessionCounts | undefined {
    return this.#live.get(session)?.counts;
  }

  status(): RecordingsStatus {
    const recorders = [...this.#live.values()];
    return {
      open: recorders.length,
      queuedBytes: recorders.reduce((bytes, recorder) => bytes + recorder.waiting, 0),
      failure: recorders.find((recorder) => recorder.failure !== '')?.failure ?? '',
    };
  }

  /** For the start: sessions of the last process are over. */
  async adoptOrphans(): Promise<void> {
    const { sessions, clock, onClosed } = this.#options;
    for (const session of await sessions.orphan(clock.now())) {
      const path = (await sessions.get(session))?.recording;
      const file = path ? openRecordingFile(join(this.#options.dir, path)) : undefined;
      if (!path || !file) continue;
      const totals = await measure(file);
      await sessions.setRecording(session, path, totals.digest, totals.bytes);
      const again = openRecordingFile(join(this.#options.dir, path));
      if (again) await sessions.setCounts(session, await countRecorded(again));
      await onClosed?.({ session, ...totals });
      this.#compressLater(path);
    }
  }

  /** Closes what is still open, without waiting for a disk that is full. */
  async close(): Promise<void> {
    const closing = [...this.#live.values()].map((recorder) => recorder.close('the gateway stopped'));
    this.#ending.abort();
    await Promise.allSettled(closing);
    await this.#compressing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #closed(path: string, totals: RecordingTotals): Promise<void> {
    const { session, digest, bytes, events, commands, denials, rows, reason, endedAtMs } = totals;
    const { sessions, onClosed } = this.#options;
    this.#live.delete(session);
    await sessions.end(session, endedAtMs, reason, { commands, denials, rows });
    await sessions.setRecording(session, path, digest, bytes);
    await onClosed?.({ session, digest, bytes, events });
    this.#compressLater(path);
  }

  #compressLater(path: string): void {
    this.#compressing = this.#compressing
      .then(() => compressFile(join(this.#options.dir, path)))
      .then(
        () => undefined,
        (error: unknown) => this.#options.onFailure?.(error),
      );
  }
}

/** `2026/11/21/<session>.ndjson`: a day's recordings can be moved away together. */
function recordingPath(frame: SessionFrame): string {
  if (!/^[\w-]{1,64}$/.test(frame.id)) throw new TypeError('a session id is a plain word');
  const day = new Date(frame.startedAtMs).toISOString().slice(0, 10).replaceAll('-', '/');
  return `${day}/${frame.id}.ndjson`;
}

async function measure(file: Readable): Promise<{ digest: string; bytes: number; events: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  let events = 0;
  for await (const chunk of file) {
    const part = chunk as Buffer; // no encoding was set
    hash.update(part);
    bytes += part.length;
    for (let at = part.indexOf(10); at >= 0; at = part.indexOf(10, at + 1)) events++;
  }
  return { digest: hash.digest('hex'), bytes, events };
}
