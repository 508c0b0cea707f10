import type { KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SallyportError } from '../contract/errors.ts';
import type { AuditEvent, Durability } from '../contract/event.ts';
import type { Audit } from '../contract/ports.ts';
import type { Wait } from '../contract/wait.ts';
import { holdLock } from '../store/lock.ts';
import { parseCheckpoint } from './checkpoint.ts';
import { realDisk } from './disk.ts';
import type { Disk } from './disk.ts';
import { encodeEntry } from './entry.ts';
import { openInlineFolder, openThreadFolder, textOf } from './folder.ts';
import type { Folder } from './folder.ts';
import { encodeFrame } from './frame.ts';
import { Journal } from './journal.ts';
import type { JournalOptions } from './journal.ts';
import { noteSigner, parseVerifierKey } from './note.ts';
import type { NoteSigner } from './note.ts';
import { queryLog } from './query.ts';
import type { AuditQuery, QueryResult } from './query.ts';
import { listSegments, recoverJournal, segmentPath } from './segments.ts';
import type { Recovered } from './segments.ts';
import { parseBundle, tileWidth } from './tile.ts';
import { TreeFiles } from './tree-files.ts';

export interface AuditLogOptions {
  /** The log's directory. Created when it is new; one process at a time. */
  readonly dir: string;
  /** Private Ed25519 key that signs checkpoints. */
  readonly key: KeyObject;
  /** The log's name for ever, e.g. `gateway.example/audit`: no spaces, no plus signs. */
  readonly origin: string;
  /** Default `<dir>/index.sqlite`; null keeps no index. */
  readonly indexPath?: string | null;
  /** How often tiles and checkpoint catch up. Default 1,000 ms. */
  readonly checkpointEveryMs?: number;
  /** Default 8 MiB. */
  readonly segmentBytes?: number;
  /** Default true: fold in a worker thread. */
  readonly thread?: boolean;
  /** Told when folding fails; appending goes on and folding is tried again. */
  readonly onFailure?: (error: unknown) => void;
  /** For tests: a disk that can be full. */
  readonly disk?: Disk;
}

export interface AuditStatus {
  /** Entries in the log. */
  readonly entries: number;
  /** Entries under the last checkpoint. */
  readonly folded: number;
  /** Why the last fold or its index failed; empty when neither did. */
  readonly failure: string;
}

/**
 * Opens the audit log and brings it to where a crash may have left it: what was appended is there, what was torn is cut.
 * @throws SallyportError `audit-unwritable` when it cannot be written or is damaged, `store-unavailable` when another process has it
 */
export async function openAuditLog(options: AuditLogOptions): Promise<AuditLog> {
  const { dir, disk = realDisk, segmentBytes = 8 << 20, indexPath = join(dir, 'index.sqlite') } = options;
  const signer = noteSigner(options.origin, options.key);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  await using held = new AsyncDisposableStack();
  held.use(holdLock(join(dir, 'lock')));
  const { next, ...recovered } = recoverJournal(dir) ?? restoreJournal(dir, signer);
  const first = listSegments(dir).at(-1)?.first ?? 0;
  const journal = held.adopt(openJournal({ dir, disk, segmentBytes, first, next }), (opened) => opened.close());
  const openFolder = options.thread === false ? openInlineFolder : openThreadFolder;
  const folder = held.adopt(openFolder({ dir, origin: options.origin, key: options.key, indexPath }), (opened) =>
    opened.close(),
  );
  const log = new AuditLog(options, { journal, folder, recovered, indexPath, verifierKey: signer.verifierKey });
  held.defer(() => log.stop());
  await log.integrate();
  log.own(held.move());
  return log;
}

interface Parts {
  readonly journal: Journal;
  readonly folder: Folder;
  readonly recovered: Recovered;
  readonly indexPath: string | null;
  readonly verifierKey: string;
}

/** The audit log, open for writing. */
export class AuditLog implements Audit, AsyncDisposable {
  /** What opening it had to repair. */
  readonly recovered: Recovered;
  /** What a verifier needs: `origin+hash+key`. */
  readonly verifierKey: string;
  readonly #options: AuditLogOptions;
  readonly #indexPath: string | null;
  readonly #journal: Journal;
  readonly #folder: Folder;
  readonly #timer: NodeJS.Timeout;
  #held: AsyncDisposable | undefined;
  #folded = 0;
  #failure = '';
  #folding: Promise<void> | undefined;

  constructor(options: AuditLogOptions, parts: Parts) {
    this.#options = options;
    this.#journal = parts.journal;
    this.#folder = parts.folder;
    this.#indexPath = parts.indexPath;
    this.recovered = parts.recovered;
    this.verifierKey = parts.verifierKey;
    this.#timer = setInterval(() => this.#tick(), options.checkpointEveryMs ?? 1000);
    this.#timer.unref();
  }

  append(event: AuditEvent, durability: Durability): Wait {
    this.#journal.append([encodeEntry(event)]);
    return durability === 'flushed' ? this.#journal.flush() : undefined;
  }

  /** The same for events that belong together, in one write. When it throws, none of them may take effect. */
  appendMany(events: readonly AuditEvent[], durability: Durability): Wait {
    this.#journal.append(events.map(encodeEntry));
    return durability === 'flushed' ? this.#journal.flush() : undefined;
  }

  /** Resolves when everything appended before is in tiles, under a signed checkpoint. */
  async integrate(): Promise<void> {
    await this.#folding?.catch(() => undefined); // it may have begun before the last append
    this.#folding ??= this.#fold().finally(() => {
      this.#folding = undefined;
    });
    await this.#folding;
  }

  status(): AuditStatus {
    return { entries: this.#journal.next, folded: this.#folded, failure: this.#failure };
  }

  query(query: AuditQuery): Promise<QueryResult> {
    return queryLog(this.#options.dir, query, { indexPath: this.#indexPath });
  }

  /** Folds what is left and lets go of the directory. */
  async close(): Promise<void> {
    this.stop();
    try {
      await this.integrate();
    } finally {
      await this.#held?.[Symbol.asyncDispose]();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Takes over what has to be let go of when the log closes. */
  own(held: AsyncDisposable): void {
    this.#held = held;
  }

  /** Folds no more by itself. */
  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    if (this.#folding || this.#journal.next === this.#folded) return;
    this.integrate().catch((error: unknown) => this.#options.onFailure?.(error));
  }

  async #fold(): Promise<void> {
    try {
      const upTo = this.#journal.next;
      await this.#journal.flush(); // a checkpoint never promises what a power cut could take back
      const { size, indexFailure } = await this.#folder.fold(upTo);
      this.#folded = size;
      this.#failure = indexFailure;
    } catch (error) {
      this.#failure = textOf(error);
      throw error;
    }
  }
}

function openJournal(options: JournalOptions): Journal {
  try {
    return new Journal(options);
  } catch (error) {
    throw new SallyportError('audit-unwritable', `cannot write the audit log: ${textOf(error)}`, { cause: error });
  }
}

/** A new log, or one that was copied without its journal: begins a segment with what the last, partial bundle holds. */
function restoreJournal(dir: string, signer: NoteSigner): Recovered & { readonly next: number } {
  const files = new TreeFiles(dir);
  const note = files.readCheckpoint();
  const verifier = parseVerifierKey(signer.verifierKey);
  const size = note === undefined ? 0 : (verifier && parseCheckpoint(note, verifier))?.size;
  if (size === undefined) throw damaged('its checkpoint is not signed by this key and origin');
  const width = size % tileWidth;
  const first = size - width;
  const bundle = width > 0 ? files.readTile({ level: 'entries', index: first / tileWidth, width }) : Buffer.alloc(0);
  const entries = bundle && parseBundle(bundle);
  if (entries?.length !== width) throw damaged(`entries from ${first} on are missing`);
  const path = segmentPath(dir, first);
  if (existsSync(path)) throw damaged(`${path} appeared`);
  writeFileSync(path, Buffer.concat(entries.map((entry, at) => encodeFrame(entry, first + at))), { mode: 0o600 });
  return { next: size, tornBytes: 0, damaged: null };
}

function damaged(why: string): SallyportError {
  return new SallyportError('audit-unwritable', `the audit log is damaged: ${why}`);
}
