import { mkdir, open, rename, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Lines, type LinesOptions } from './lines.ts';
import type { Sink, SinkPorts } from './sink.ts';

export interface FileSinkOptions {
  readonly path: string;
  /** A file that would grow beyond becomes `<path>.1`, the one before `<path>.2`, and so on. */
  readonly maxBytes: number;
  /** How many of those are kept. */
  readonly keep: number;
  /** Characters that may wait while the disk is slow or full. */
  readonly maxWaiting: number;
  readonly retryMs?: number;
}

/** Decisions as NDJSON in a file, one that is always complete lines. @throws what the disk says when the file cannot be opened */
export async function openFileSink(options: FileSinkOptions, ports: SinkPorts): Promise<Sink> {
  const file = new RotatingFile(options);
  await file.open();
  const written: LinesOptions['write'] = async (lines) => {
    await file.append(lines);
    ports.count('delivered', lines.length);
  };
  const lines = new Lines({
    write: written,
    maxWaiting: options.maxWaiting,
    onFailure: (error) =>
      error === undefined
        ? ports.say('info', 'the decision log can be written again')
        : ports.say('error', 'the decision log cannot be written', error),
    ...(options.retryMs !== undefined && { retryMs: options.retryMs }),
  });
  return {
    add: (line) => lines.add(line),
    waitingBytes: () => lines.length,
    async [Symbol.asyncDispose]() {
      const left = await lines.close();
      if (left > 0) ports.lost(left, 'the disk cannot be written and the gateway stops');
      await file.close();
    },
  };
}

class RotatingFile {
  readonly #options: FileSinkOptions;
  #handle: FileHandle | undefined;
  #bytes = 0;

  constructor(options: FileSinkOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    const { path } = this.#options;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    this.#handle = await open(path, 'a+', 0o600);
    const { size } = await this.#handle.stat();
    // A line that a crash tore is ended, so that the next one begins on its own.
    const torn = size > 0 && (await lastByte(this.#handle, size)) !== newline;
    this.#bytes = size;
    if (torn) await this.append(['']);
  }

  async append(lines: readonly string[]): Promise<void> {
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    if (this.#bytes > 0 && this.#bytes + bytes.length > this.#options.maxBytes) await this.#rotate();
    if (!this.#handle) await this.open();
    const handle = this.#handle;
    if (!handle) throw new TypeError('open leaves a handle');
    try {
      let done = 0;
      while (done < bytes.length) done += (await handle.write(bytes, done)).bytesWritten;
      this.#bytes += bytes.length;
    } catch (error) {
      await handle.truncate(this.#bytes); // half a batch is none: it will be tried again
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }

  async #rotate(): Promise<void> {
    const { path, keep } = this.#options;
    await this.close();
    for (let i = keep; i >= 1; i--) await renameIfThere(i === 1 ? path : `${path}.${i - 1}`, `${path}.${i}`);
    this.#bytes = 0;
  }
}

const newline = 10;

async function lastByte(file: FileHandle, size: number): Promise<number | undefined> {
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0];
}

async function renameIfThere(from: string, to: string): Promise<void> {
  if (await stat(from).catch(() => undefined)) await rename(from, to);
}
