import type { Wait } from '../../../contract/wait.ts';
import type { SftpAnswer } from './answers.ts';
import type { SftpHost } from './host.ts';
import type { Room } from './room.ts';
import { encodePacket, malformed, requestTypes as types, statuses } from './wire.ts';

/** What every server reads at once: draft-ietf-secsh-filexfer-02 section 3. */
const blockBytes = 32_768;
/** Blocks that are asked for before they are needed. It begins with one, and small files cost no more than that. */
const maxAhead = 32;

export type WholeFile =
  | { readonly ok: true; readonly bytes: number }
  | {
      readonly ok: false;
      /** The host's answer where it does not read on; `unwanted`: `take` has said so. */
      readonly why: (SftpAnswer & { readonly kind: 'status' }) | 'too-long' | 'no-room' | 'unwanted';
    };

export interface ReadPorts {
  readonly host: Pick<SftpHost, 'question'>;
  readonly hostHandle: Buffer;
  /** Of the file: a longer one is not read to its end. */
  readonly maxBytes: number;
  readonly room: Room;
  /** Is given the file piece by piece, in order. @returns false when nothing more is wanted of it */
  take(bytes: Buffer): { readonly passed: boolean; readonly wait: Wait };
}

/**
 * Reads all that the host has of an open file, to where it says that the file ends: STAT says 0 of what `/proc` holds, and files grow.
 * As much of the room as the file is long stays taken for whoever has the copy; on failure all is given back.
 */
export async function readWhole({ host, hostHandle, maxBytes, room, take }: ReadPorts): Promise<WholeFile> {
  const read = (at: number, length: number) =>
    host.question((id) => encodePacket(types.read, id, hostHandle, BigInt(at), length));
  const ahead: Promise<SftpAnswer>[] = [];
  let [asked, taken, wanted] = [0, 0, 1];
  const failed = (why: Exclude<WholeFile, { ok: true }>['why']): WholeFile => {
    room.give(asked);
    return { ok: false, why };
  };
  for (;;) {
    while (ahead.length < wanted) {
      if (!room.take(blockBytes)) break;
      ahead.push(read(asked, blockBytes));
      asked += blockBytes;
    }
    const next = ahead.shift();
    if (!next) return failed('no-room');
    const end = taken + blockBytes;
    // A server may read less than was asked for: the rest of the block is asked for until it is whole.
    for (let answer = await next; ; answer = await read(taken, end - taken)) {
      if (answer.kind === 'status' && answer.status === statuses.eof) {
        room.give(asked - taken);
        return { ok: true, bytes: taken };
      }
      if (answer.kind === 'status') return failed(answer);
      if (answer.kind !== 'data' || answer.bytes.length > end - taken || answer.bytes.length === 0)
        throw malformed('something else than was read');
      taken += answer.bytes.length;
      if (taken > maxBytes) return failed('too-long');
      const { passed, wait } = take(answer.bytes);
      if (wait) await wait;
      if (!passed) return failed('unwanted');
      if (taken === end) break;
    }
    wanted = Math.min(wanted + 1, maxAhead);
  }
}
