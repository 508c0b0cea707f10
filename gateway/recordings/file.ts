import { createHash } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SallyportError } from '../contract/errors.ts';
import type { Wait } from '../contract/wait.ts';

export interface RecordingFileOptions {
  /** Text that may wait to be written before `write` asks its caller to wait. */
  readonly queueBytes: number;
  /** How long text may wait at most. */
  readonly flushEveryMs: number;
  readonly openFile: (path: string) => Promise<WritableFile>;
}

/** The few things that are asked of a file; a port so that a full disk can be played. */
export type WritableFile = Pick<FileHandle, 'write' | 'sync' | 'close'>;

export interface ClosedFile {
  /** SHA-256 hex of all that was written. */
  readonly digest: string;
  readonly bytes: number;
}

/** Text of this length is worth a write of its own. */
const batchBytes = 64 * 1024;

/** Fails when the file is there: a recording is never written over. */
export async function createFile(path: string): Promise<WritableFile> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  return open(path, 'wx', 0o600);
}

/**
 * A file that is only added to, through a queue that is bounded in bytes and never drops anything.
 * When a write fails, everything throws until one succeeds; what was in the queue then still is, and is written in its place.
 */
export class RecordingFile {
  readonly #file: WritableFile;
  readonly #options: RecordingFileOptions;
  readonly #hash = createHash('sha256');
  #queue = '';
  /** The part of the queue that is being written. */
  #batch = Buffer.alloc(0);
  #written = 0;
  #writing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failure: SallyportError | undefined;
  #room:
    { readonly promise: Promise<void>; readonly open: () => void; readonly fail: (error: Error) => void } | undefined;

  /** @throws SallyportError `recording-unwritable` when it cannot be created */
  static async create(path: string, options: RecordingFileOptions): Promise<RecordingFile> {
    try {
      return new RecordingFile(await options.openFile(path), options);
    } catch (error) {
      throw unwritable(error);
    }
  }

  private constructor(file: WritableFile, options: RecordingFileOptions) {
    this.#file = file;
    this.#options = options;
  }

  /** Bytes that wait, nearly: what is not encoded yet counts as one for each character. */
  get waiting(): number {
    return this.#queue.length + this.#batch.length;
  }

  /** Why the last write failed; empty when it did not. */
  get failure(): string {
    return this.#failure?.message ?? '';
  }

  /**
   * Adds text to the queue.
   * @returns a promise while the queue is full: nothing more is taken from upstream until it resolves
   * @throws SallyportError `recording-unwritable` when the last write failed; the text is then not taken
   */
  write(text: string): Wait {
    this.assertWritable();
    this.#queue += text;
    if (this.#queue.length >= batchBytes) this.#start();
    else this.#timer ??= setTimeout(() => this.#start(), this.#options.flushEveryMs).unref();
    if (this.waiting <= this.#options.queueBytes) return undefined;
    return (this.#room ??= openPromise()).promise;
  }

  /** @throws SallyportError `recording-unwritable`; also tries again */
  assertWritable(): void {
    if (!this.#failure) return;
    this.#start();
    throw this.#failure;
  }

  /** Resolves when all of the queue is in the file. Rejects with `recording-unwritable`. */
  async flush(): Promise<void> {
    while (this.waiting > 0) {
      this.#start();
      await this.#writing;
      if (this.#failure) throw this.#failure;
    }
  }

  /** Puts it on the medium. What fails can be tried again. */
  async close(): Promise<ClosedFile> {
    await this.flush();
    try {
      await this.#file.sync();
      await this.#file.close();
    } catch (error) {
      throw unwritable(error);
    }
    return { digest: this.#hash.digest('hex'), bytes: this.#written };
  }

  /** Lets go of the file with what is in it. */
  async abandon(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#writing;
    await this.#file.close();
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing ??= this.#drain().finally(() => {
      this.#writing = undefined;
    });
  }

  async #drain(): Promise<void> {
    try {
      while (this.waiting > 0) {
        if (this.#batch.length === 0) {
          this.#batch = Buffer.from(this.#queue);
          this.#queue = '';
        }
        const { bytesWritten } = await this.#file.write(this.#batch, 0, this.#batch.length, this.#written);
        this.#hash.update(this.#batch.subarray(0, bytesWritten));
        this.#written += bytesWritten;
        this.#batch = this.#batch.subarray(bytesWritten);
        this.#failure = undefined;
        if (this.waiting <= this.#options.queueBytes / 2) this.#settleRoom();
      }
    } catch (error) {
      this.#failure = unwritable(error);
      this.#settleRoom(this.#failure);
      // Nobody may be there to ask again, and what waits has to get to the file all the same.
      this.#timer ??= setTimeout(() => this.#start(), this.#options.flushEveryMs).unref();
    }
  }

  #settleRoom(failure?: Error): void {
    const room = this.#room;
    this.#room = undefined;
    if (failure) room?.fail(failure);
    else room?.open();
  }
}

function openPromise() {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  return { promise, open: resolve, fail: reject };
}

function unwritable(cause: unknown): SallyportError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new SallyportError('recording-unwritable', `cannot write the recording: ${why}`, { cause });
}
