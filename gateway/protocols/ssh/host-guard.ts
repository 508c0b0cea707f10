import type { Client } from 'ssh2';
import { z } from 'zod';
import { breachOf, channelTable } from './channel-sizes.ts';
import { disconnectReasons } from './guard.ts';

/** The parts of ssh2's client (1.17.0) that are not public. The table of channels is made with the connection. */
const inside = z.object({
  _protocol: z.object({
    _onPayload: z.custom<(payload: Buffer) => unknown>((value) => typeof value === 'function'),
    disconnect: z.custom<(reason: number) => void>((value) => typeof value === 'function'),
  }),
  _chanMgr: channelTable,
});

/**
 * Keeps a host to the sizes of its channels, as guard.ts does clients. Right behind `connect`: before the first key exchange.
 * @param broken what it did, for the log. The connection is over
 */
export function guardHost(client: Client, broken: (why: string) => void): void {
  const parts = client as unknown as z.infer<typeof inside>; // `parse` below proves it, and copies nothing
  inside.parse(parts);
  const { _protocol: protocol } = parts;
  const pass = protocol._onPayload;
  let over = false;
  protocol._onPayload = (payload) => {
    if (over) return undefined;
    const why = breachOf(parts._chanMgr, payload);
    if (why === undefined) return pass(payload);
    over = true;
    protocol.disconnect(disconnectReasons.protocolError);
    broken(why);
    client.destroy();
    return undefined;
  };
}
