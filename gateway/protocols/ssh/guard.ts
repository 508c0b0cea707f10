import { createRequire } from 'node:module';
import type { Connection } from 'ssh2';
import { z } from 'zod';
import { breachOf, channelTable } from './channel-sizes.ts';

/**
 * What stands between the decrypted messages of a client and ssh2: the library ignores messages that it does not know, takes data past the
 * window it granted, and refuses channels without a word. Here the default is to refuse, and to say why.
 * It reaches into the library (1.17.0, pinned exactly); `guard.test.ts` and the conformance suite fail when that no longer holds.
 */
export interface Guard {
  /** Ends the connection with a reason that clients print. */
  disconnect(reason: DisconnectReason, text: string): void;
  /** A line for whoever is logging in: clients print it when it comes (RFC 4252 section 5.4). Nothing may be told behind the login. */
  tell(text: string): void;
}

export interface GuardOptions {
  /** A message that no client has to send. The connection is over. @param text for the log */
  onViolation(why: string): void;
  /** Something that was asked for and is not offered. The connection goes on. */
  onRefused(what: string): void;
  /** Behind each message: the library may have answered it. */
  onPassed(): void;
}

/** RFC 4250 section 4.2.2. */
export const disconnectReasons = { protocolError: 2, byApplication: 11, tooManyConnections: 12 } as const;
export type DisconnectReason = (typeof disconnectReasons)[keyof typeof disconnectReasons];

const message = { disconnect: 1, banner: 53, globalRequest: 80, channelOpen: 90 } as const;
/** RFC 4250 section 4.1.2, from client to server; 7 is EXT_INFO (RFC 8308). Key exchange has a parser of its own until it is done. */
const fromClients: ReadonlySet<number> = new Set([
  ...[1, 2, 3, 4, 5, 7, 20, 21, 30, 31, 32, 33, 34],
  ...[50, 60, 61, 63, 64, 65, 66],
  ...[80, 81, 82, 90, 91, 92, 93, 94, 96, 97, 98, 99, 100],
]);
/** Channels that are judged; RFC 4254 section 7.2, and OpenSSH's PROTOCOL. */
const carried: ReadonlySet<string> = new Set(['session', 'direct-tcpip', 'direct-streamlocal@openssh.com']);
/** Requests that are judged, and those that take them back. */
const judged: ReadonlySet<string> = new Set(
  ['tcpip-forward', 'streamlocal-forward@openssh.com'].flatMap((name) => [name, `cancel-${name}`]),
);
/** RFC 4252 section 6: what runs behind the login. */
const firstBehindLogin = 80;
/** What a client may say before it has logged in. Each of 100 attempts is two messages, with a certificate of a few KiB in each. */
const beforeLogin = { messages: 1_000, bytes: 1024 * 1024 } as const;
const administrativelyProhibited = 1;
const maxNameBytes = 64;

/** The parts of ssh2's connection that are not public. */
const inside = z.object({
  authenticated: z.boolean(),
  _protocol: z.object({
    _onPayload: z.custom<(payload: Buffer) => void>((value) => typeof value === 'function'),
    _packetRW: z.object({
      write: z.object({
        allocStart: z.number(),
        allocStartKEX: z.number(),
        alloc: z.custom<(bytes: number, always?: boolean) => Buffer>((value) => typeof value === 'function'),
        finalize: z.custom<(packet: Buffer, always?: boolean) => Buffer>((value) => typeof value === 'function'),
      }),
    }),
    channelOpenFail: z.custom<(channel: number, reason: number, text: string) => void>(
      (value) => typeof value === 'function',
    ),
  }),
  _chanMgr: channelTable,
});
const sending = z.object({
  sendPacket: z.custom<(protocol: object, packet: Buffer, bypass?: boolean) => void>(
    (value) => typeof value === 'function',
  ),
});
const { sendPacket } = sending.parse(createRequire(import.meta.url)('ssh2/lib/protocol/utils.js'));

/** Before the first key exchange: in the listener of `connection`. */
export function guard(client: Connection, options: GuardOptions): Guard {
  const parts = client as unknown as z.infer<typeof inside>; // `parse` below proves it, and copies nothing
  inside.parse(parts);
  const protocol = parts._protocol;
  const pass = protocol._onPayload;
  let over = false;
  const said = { messages: 0, bytes: 0 };

  const disconnect = (reason: DisconnectReason, text: string): void => {
    if (over) return;
    over = true;
    const reasonText = Buffer.from(text.slice(0, 200));
    const { write } = protocol._packetRW;
    // As the library does it: this may be said in the middle of a key exchange too.
    let at = write.allocStartKEX;
    const packet = write.alloc(1 + 4 + 4 + reasonText.length + 4, true);
    packet[at++] = message.disconnect;
    at = packet.writeUInt32BE(reason, at);
    at = packet.writeUInt32BE(reasonText.length, at);
    at += reasonText.copy(packet, at);
    packet.writeUInt32BE(0, at); // no language
    sendPacket(protocol, write.finalize(packet, true), true);
    client.end();
  };

  const tell = (text: string): void => {
    if (over || parts.authenticated) return;
    const line = Buffer.from(`${text}\r\n`);
    const { write } = protocol._packetRW;
    const packet = write.alloc(1 + 4 + line.length + 4);
    let at = write.allocStart;
    packet[at++] = message.banner;
    at = packet.writeUInt32BE(line.length, at);
    at += line.copy(packet, at);
    packet.writeUInt32BE(0, at); // no language
    sendPacket(protocol, write.finalize(packet));
  };

  const violation = (why: string): void => {
    if (over) return;
    disconnect(disconnectReasons.protocolError, why);
    options.onViolation(why);
  };

  protocol._onPayload = (payload) => {
    if (over) return;
    const type = payload[0];
    if (type === undefined || !fromClients.has(type))
      return violation(`protocol: message ${type ?? 'without a type'} is none of a client’s`);
    if (!parts.authenticated) {
      if (type >= firstBehindLogin) return violation(`protocol: message ${type} before the login`);
      said.messages++;
      said.bytes += payload.length;
      if (said.messages > beforeLogin.messages || said.bytes > beforeLogin.bytes)
        return violation('protocol: too much before the login');
    }
    if (type === message.channelOpen) {
      const kind = nameAt(payload, 1);
      const sender =
        kind === undefined || payload.length < 9 + kind.length ? undefined : payload.readUInt32BE(5 + kind.length);
      if (kind === undefined || sender === undefined) return violation('protocol: a channel without a type');
      if (!carried.has(kind)) {
        options.onRefused(kind);
        protocol.channelOpenFail(sender, administrativelyProhibited, 'sallyport does not carry it');
        return options.onPassed();
      }
    }
    if (type === message.globalRequest) {
      const name = nameAt(payload, 1);
      if (name === undefined) return violation('protocol: a request without a name');
      // The library answers those that it does not know with a failure, as it should.
      if (/forward/.test(name) && !judged.has(name)) options.onRefused(name);
    }
    const breach = breachOf(parts._chanMgr, payload);
    if (breach !== undefined) return violation(`protocol: ${breach}`);
    pass(payload);
    return options.onPassed();
  };
  return { disconnect, tell };
}

/** A string of at most 64 printable ASCII characters (RFC 4251 section 6). */
function nameAt(payload: Buffer, at: number): string | undefined {
  if (payload.length < at + 4) return undefined;
  const length = payload.readUInt32BE(at);
  if (length > maxNameBytes || payload.length < at + 4 + length) return undefined;
  const name = payload.toString('latin1', at + 4, at + 4 + length);
  return /^[!-~]*$/.test(name) ? name : undefined;
}
