import { createRequire } from 'node:module';
import type { Client } from 'ssh2';
import { z } from 'zod';

const callable = z.custom<(...args: readonly unknown[]) => unknown>((value) => typeof value === 'function');
const inside = z.object({
  _protocol: z.object({
    _packetRW: z.object({ write: z.object({ allocStart: z.number(), alloc: callable, finalize: callable }) }),
  }),
});
const { sendPacket } = z
  .object({ sendPacket: callable })
  .parse(createRequire(import.meta.url)('ssh2/lib/protocol/utils.js'));

/** Sends a message that no honest client would: encrypted as every other, whatever is in it. */
export function sendRaw(client: Client, payload: Buffer): void {
  const parts = client as unknown as z.infer<typeof inside>; // `parse` proves it, and copies nothing
  inside.parse(parts);
  const { write } = parts._protocol._packetRW;
  const packet = write.alloc(payload.length);
  if (!Buffer.isBuffer(packet)) throw new TypeError('ssh2 packets are buffers');
  payload.copy(packet, write.allocStart);
  sendPacket(parts._protocol, write.finalize(packet));
}

/** `string`: its length, and its bytes (RFC 4251 section 5). */
export function sshString(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** `uint32`s in a row. */
export function uint32(...numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * numbers.length);
  for (const [i, n] of numbers.entries()) bytes.writeUInt32BE(n, 4 * i);
  return bytes;
}

/** A request on the first channel of a connection, without an answer, that carries one string: `exec`, `signal` (RFC 4254 section 5.4). */
export function channelRequest(kind: string, content: string | Buffer): Buffer {
  return Buffer.concat([Buffer.from([98]), uint32(0), sshString(kind), Buffer.from([0]), sshString(content)]);
}

/** CHANNEL_OPEN (RFC 4254 section 5.1), under a number that the library gives nobody. */
export function channelOpen(kind: string | Buffer, more: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([Buffer.from([90]), sshString(kind), uint32(77, 2_000_000, 32_768), more]);
}
