import { createReadStream, openSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { createZstdDecompress } from 'node:zlib';
import { parseRecordingLine } from './format.ts';
import type { RecordingEvent } from './format.ts';

/**
 * The NDJSON of a recording, compressed on disk or not; undefined where there is none. `compressFile` removes the plain file once the other
 * is there: it is opened at once, for between a look and a later opening it may go.
 * @param path without `.zst`
 * @throws the error of the file system, but for a file that is not there
 */
export function openRecordingFile(path: string): Readable | undefined {
  const written = openIfThere(path);
  if (written !== undefined) return createReadStream(path, { fd: written });
  const compressed = openIfThere(`${path}.zst`);
  if (compressed === undefined) return undefined;
  const plain = createZstdDecompress();
  createReadStream(path, { fd: compressed })
    .on('error', (error) => plain.destroy(error))
    .pipe(plain);
  return plain;
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Its events, up to the first line that is none: a crash leaves a readable beginning.
 * @param wanted leaves out lines that do not match, unread
 */
export async function* readRecording(
  ndjson: Readable | AsyncIterable<Uint8Array>,
  wanted?: RegExp,
): AsyncGenerator<RecordingEvent> {
  for await (const line of linesOf(ndjson)) {
    if (wanted !== undefined && !wanted.test(line)) continue;
    const event = parseRecordingLine(line);
    if (!event) return;
    yield event;
  }
}

async function* linesOf(ndjson: AsyncIterable<unknown>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of ndjson) {
    rest += decoder.decode(chunk as Uint8Array, { stream: true }); // both kinds of source give bytes
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}
