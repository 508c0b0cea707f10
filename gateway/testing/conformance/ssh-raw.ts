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
