import type { Kysely } from 'kysely';
import { asId } from '../contract/ids.ts';
import type { SessionId } from '../contract/ids.ts';
import type { SessionFrame } from '../contract/ports.ts';
import type { Schema, SessionRow } from './schema.ts';

/** A session in the index: enough for `sessions list` and `show` without opening its recording. */
export interface SessionRecord {
  readonly id: SessionId;
  readonly frame: SessionFrame;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly endReason: string | null;
  readonly counts: SessionCounts;
  /** Path of the recording, relative to the recordings' directory; null before there is one. */
  readonly recording: string | null;
  /** SHA-256 hex of the recording's NDJSON as it was closed, before compression; null while it is open. */
  readonly recordingDigest: string | null;
  readonly recordingBytes: number | null;
}

export interface SessionCounts {
  readonly commands: number;
  readonly denials: number;
  readonly rows: number;
}

export interface SessionFilter {
  readonly principal?: string;
  readonly target?: string;
  /** true: still open; false: over. */
  readonly open?: boolean;
  /** Started at or after, milliseconds since the epoch. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
  /** Default 100. */
  readonly limit?: number;
}

/** The index of sessions. */
export class SessionStore {
  readonly #db: Kysely<Schema>;
  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  async insert(frame: SessionFrame, recording: string | null): Promise<void> {
    await this.#db
      .insertInto('sessions')
      .values({
        id: frame.id,
        principal: frame.principal.id,
        kind: frame.principal.kind,
        target: frame.target.name,
        protocol: frame.target.protocol,
        client_ip: frame.client.ip,
        client_application: frame.client.application,
        frame: JSON.stringify(frame),
        started_ms: frame.startedAtMs,
        recording,
      })
      .execute();
  }

  /** Ends a session that is open. @returns false when it is unknown or over */
  async end(id: string, endedAtMs: number, reason: string, counts: SessionCounts): Promise<boolean> {
    const done = await this.#db
      .updateTable('sessions')
      .set({
        ended_ms: endedAtMs,
        end_reason: reason,
        commands: counts.commands,
        denials: counts.denials,
        rows_returned: counts.rows,
      })
      .where('id', '=', id)
      .where('ended_ms', 'is', null)
      .executeTakeFirst();
    return done.numUpdatedRows === 1n;
  }

  async setCounts(id: string, { commands, denials, rows }: SessionCounts): Promise<void> {
    const counts = { commands, denials, rows_returned: rows };
    await this.#db.updateTable('sessions').set(counts).where('id', '=', id).execute();
  }

  /** What the closed recording is: its path, digest and size. */
  async setRecording(id: string, recording: string, digest: string, bytes: number): Promise<void> {
    await this.#db
      .updateTable('sessions')
      .set({ recording, recording_digest: digest, recording_bytes: bytes })
      .where('id', '=', id)
      .execute();
  }

  async get(id: string): Promise<SessionRecord | undefined> {
    const row = await this.#db.selectFrom('sessions').selectAll().where('id', '=', id).executeTakeFirst();
    return row && readSession(row);
  }

  /** Newest first. */
  async list(filter: SessionFilter = {}): Promise<readonly SessionRecord[]> {
    let query = this.#db.selectFrom('sessions').selectAll().orderBy('started_ms', 'desc').orderBy('id', 'desc');
    if (filter.principal !== undefined) query = query.where('principal', '=', filter.principal);
    if (filter.target !== undefined) query = query.where('target', '=', filter.target);
    if (filter.open !== undefined) query = query.where('ended_ms', filter.open ? 'is' : 'is not', null);
    if (filter.sinceMs !== undefined) query = query.where('started_ms', '>=', filter.sinceMs);
    if (filter.untilMs !== undefined) query = query.where('started_ms', '<', filter.untilMs);
    const rows = await query.limit(filter.limit ?? 100).execute();
    return rows.map(readSession);
  }

  /** For the start of the gateway: sessions of the last process are over. @returns their ids */
  async orphan(nowMs: number, reason = 'the gateway stopped'): Promise<readonly SessionId[]> {
    const rows = await this.#db
      .updateTable('sessions')
      .set({ ended_ms: nowMs, end_reason: reason })
      .where('ended_ms', 'is', null)
      .returning('id')
      .execute();
    return rows.map((row) => asId<SessionId>(row.id));
  }
}

function readSession(row: SessionRow): SessionRecord {
  return {
    id: asId<SessionId>(row.id),
    frame: JSON.parse(row.frame) as SessionFrame, // written by insert
    startedAtMs: row.started_ms,
    endedAtMs: row.ended_ms,
    endReason: row.end_reason,
    counts: { commands: row.commands, denials: row.denials, rows: row.rows_returned },
    recording: row.recording,
    recordingDigest: row.recording_digest,
    recordingBytes: row.recording_bytes,
  };
}
