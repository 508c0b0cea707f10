import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { queryLog } from '../../audit/query.ts';
import type { AuditEvent } from '../../contract/event.ts';
import { readJudged, type RecordedJudgement } from '../../recordings/judged.ts';
import { openRecordingFile } from '../../recordings/reader.ts';

/**
 * Whether the audit log vouches for a recording. `open`: it has no digest of it, because the session lives or its end was never written.
 * `unasked`: there is no log here.
 */
export type Vouching = 'vouched' | 'open' | 'changed' | 'unasked';

/** Every entry of one type, oldest first; undefined without a log. */
export async function logged(
  log: string | undefined,
  query: Parameters<typeof queryLog>[1],
): Promise<readonly AuditEvent[] | undefined> {
  if (log === undefined) return undefined;
  const { entries } = await queryLog(log, { order: 'oldest', limit: 1e9, ...query }, { indexPath: null });
  return entries.map(({ event }) => event);
}

/** A recording on its way through: its decisions, and its digest once it was read to its end. */
export class ReadRecording {
  readonly path: string;
  readonly #hash = createHash('sha256');

  /** @param path without `.zst` */
  constructor(path: string) {
    this.path = path;
  }

  get session(): string {
    return basename(this.path, '.ndjson');
  }

  judgements(): AsyncGenerator<RecordedJudgement> {
    return readJudged(this.#hashed());
  }

  /** After the last judgement. @param digest by the log; undefined where it has none */
  vouching(digest: string | undefined, log: string | undefined): Vouching {
    if (log === undefined) return 'unasked';
    if (digest === undefined) return 'open';
    return this.#hash.copy().digest('hex') === digest ? 'vouched' : 'changed';
  }

  async *#hashed(): AsyncGenerator<Uint8Array> {
    const file = openRecordingFile(this.path);
    if (!file) throw new Error(`there is no recording ${this.path}`);
    for await (const chunk of file) {
      const bytes = chunk as Buffer; // no encoding was set
      this.#hash.update(bytes);
      yield bytes;
    }
  }
}

/** Session to the digest that its recording was closed with. */
export function closingDigests(entries: readonly AuditEvent[]): ReadonlyMap<string, string> {
  return new Map(
    entries.flatMap(({ session, detail: { digest } }) =>
      typeof digest === 'string' ? [[session, digest] as const] : [],
    ),
  );
}
