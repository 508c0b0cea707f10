import { crc32 } from 'node:zlib';

/**
 * How entries stand in the journal: a header of 20 bytes, then the entry.
 *
 *     0  uint32  length of the entry
 *     4  uint64  its index in the log
 *    12  uint32  CRC-32 of bytes 0 to 12
 *    16  uint32  CRC-32 of the entry
 *
 * Little-endian. The header has a sum of its own so that a length can be believed: then an entry that ends early was torn by a
 * crash, and one that is all there but does not add up was changed.
 */
export const frameHeaderBytes = 20;

/** Writes the header for an entry that already stands behind it in `buffer`. */
export function encodeFrameHeader(buffer: Buffer, at: number, length: number, index: number): void {
  buffer.writeUInt32LE(length, at);
  buffer.writeUInt32LE(index % 2 ** 32, at + 4);
  buffer.writeUInt32LE(Math.floor(index / 2 ** 32), at + 8);
  buffer.writeUInt32LE(crc32(buffer.subarray(at, at + 12)), at + 12);
  const start = at + frameHeaderBytes;
  buffer.writeUInt32LE(crc32(buffer.subarray(start, start + length)), at + 16);
}

/** One entry with its header. */
export function encodeFrame(entry: Uint8Array, index: number): Buffer {
  const frame = Buffer.concat([Buffer.alloc(frameHeaderBytes), entry]);
  encodeFrameHeader(frame, 0, entry.length, index);
  return frame;
}

/** What was found where the frames end. */
export interface FrameEnd {
  /** Index after the last good entry. */
  readonly next: number;
  /** Bytes up to there. */
  readonly goodBytes: number;
  /** `torn`: an unfinished write, or space that was never written. `damaged`: bytes that were something else once. */
  readonly tail: 'clean' | 'torn' | 'damaged';
}

/**
 * Calls `onEntry` for each good entry from the front of `buffer`.
 * @param first index of the first entry
 * @param until index to stop before: what lies behind is not looked at
 */
export function readFrames(
  buffer: Buffer,
  first: number,
  onEntry: (entry: Buffer, index: number) => void,
  until = Number.POSITIVE_INFINITY,
): FrameEnd {
  let at = 0;
  let next = first;
  const end = (tail: FrameEnd['tail']): FrameEnd => ({ next, goodBytes: at, tail });
  while (at < buffer.length && next < until) {
    if (isZero(buffer, at)) return end('torn');
    const start = at + frameHeaderBytes;
    if (start > buffer.length) return end('torn');
    if (crc32(buffer.subarray(at, at + 12)) !== buffer.readUInt32LE(at + 12)) return end('damaged');
    const index = buffer.readUInt32LE(at + 4) + buffer.readUInt32LE(at + 8) * 2 ** 32;
    if (index !== next) return end('damaged');
    const stop = start + buffer.readUInt32LE(at);
    if (stop > buffer.length) return end('torn');
    const entry = buffer.subarray(start, stop);
    if (crc32(entry) !== buffer.readUInt32LE(at + 16)) return end('damaged');
    onEntry(entry, index);
    at = stop;
    next++;
  }
  return end('clean');
}

/** Space that a file system allotted before a power cut and never filled. Looks at the rest only where the header is all zero. */
function isZero(buffer: Buffer, from: number): boolean {
  if (buffer[from] !== 0 || buffer[from + 12] !== 0) return false;
  return buffer.subarray(from).every((byte) => byte === 0);
}
