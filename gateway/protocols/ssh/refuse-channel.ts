import type { Connection } from 'ssh2';
import { z } from 'zod';
import { toldOfChannel } from './errors.ts';

/** RFC 4254 section 5.1. */
export const openFailures = { administrativelyProhibited: 1, resourceShortage: 4 } as const;

/** What of the library's connection says no to a channel; it says none of its own. */
const inside = z.object({
  _protocol: z.object({
    channelOpenFail: z.custom<(channel: number, reason: number, text: string) => void>(
      (value) => typeof value === 'function',
    ),
  }),
});

/** The library's `reject`, with a reason that clients print. */
export function refuseChannel(
  client: Connection,
  reject: () => void,
  text: string,
  reason: (typeof openFailures)[keyof typeof openFailures] = openFailures.administrativelyProhibited,
): void {
  const { _protocol: protocol } = client as unknown as z.infer<typeof inside>; // `parse` proves it, and copies nothing
  inside.parse(client);
  const pass = protocol.channelOpenFail;
  const said = toldOfChannel(text);
  protocol.channelOpenFail = (channel) => pass.call(protocol, channel, reason, said);
  try {
    reject();
  } finally {
    protocol.channelOpenFail = pass;
  }
}
