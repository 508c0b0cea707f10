import { z } from 'zod';

/** RFC 4250 section 4.1.2: the messages that carry data, or say how much of it there may be. */
const message = { open: 90, openConfirmation: 91, windowAdjust: 93, data: 94, extendedData: 95 } as const;

/** RFC 4254 section 5.2: no window is ever larger. */
const maxWindowBytes = 2 ** 32 - 1;
/**
 * The least that the other side has to take in one packet of data. RFC 4254 names none; of packets that hold one byte each a window of
 * 2 MiB is two million, and of those that hold none there is no end.
 */
export const leastPacketBytes = 1_024;

/** What the other side may send on one channel. Bytes. */
export interface ChannelSizes {
  /** Ahead of what has been read here, and so what one channel keeps. Twice that, each way, for a channel that is passed on. */
  readonly windowBytes: number;
  /** In one packet. At most 32 KiB: the library takes no packets that hold more (RFC 4253 section 6.1 asks for that much). */
  readonly packetBytes: number;
}

/** The options of the patched library, for its server and its client. */
export function forLibrary({ windowBytes, packetBytes }: ChannelSizes) {
  return { channelWindow: windowBytes, channelPacketSize: packetBytes };
}

/** The channels of one of ssh2's connections, by the numbers that they have on this side. */
interface ChannelTable {
  get(channel: number): unknown;
}

export const channelTable = z.custom<ChannelTable>(
  (value) => typeof value === 'object' && value !== null && 'get' in value && typeof value.get === 'function',
);

/**
 * What a decrypted message of the other side has against the sizes of RFC 4254 sections 5.1 and 5.2; undefined when nothing. The library
 * (1.17.0) keeps data past the window that it granted, and divides by whatever size of packets it was told. What is cut short it refuses itself.
 */
export function breachOf(channels: ChannelTable, payload: Buffer): string | undefined {
  switch (payload[0]) {
    case message.open: {
      const kind = uint32At(payload, 1);
      const packetBytes = kind === undefined ? undefined : uint32At(payload, 5 + kind + 8);
      return packetBytes === undefined ? 'a channel without its sizes' : tooSmall(packetBytes);
    }
    case message.openConfirmation: {
      const packetBytes = uint32At(payload, 13);
      return packetBytes === undefined ? undefined : tooSmall(packetBytes);
    }
    case message.windowAdjust: {
      const { outgoing } = sizesOf(channels, payload);
      const more = uint32At(payload, 5);
      if (outgoing === undefined || more === undefined || outgoing + more <= maxWindowBytes) return undefined;
      return 'a window of more than 2^32 - 1 bytes';
    }
    case message.data:
      return tooMuch(channels, payload, 5);
    case message.extendedData:
      return tooMuch(channels, payload, 9);
    default:
      return undefined;
  }
}

function tooSmall(packetBytes: number): string | undefined {
  if (packetBytes >= leastPacketBytes) return undefined;
  return `a channel that takes packets of ${packetBytes} bytes, and ${leastPacketBytes} is the least`;
}

/** @param at of the length that the message says */
function tooMuch(channels: ChannelTable, payload: Buffer, at: number): string | undefined {
  const bytes = uint32At(payload, at);
  const { incoming, packetBytes } = sizesOf(channels, payload);
  if (bytes === undefined || incoming === undefined || packetBytes === undefined) return undefined;
  if (bytes > packetBytes) return `${bytes} bytes of data in one packet, and the channel takes ${packetBytes}`;
  return bytes > incoming ? 'data past the window' : undefined;
}

/** Windows of the channel that a message is for, and the size of its packets; nothing of one that is not open. */
function sizesOf(channels: ChannelTable, payload: Buffer) {
  const number = uint32At(payload, 1);
  const open = number === undefined ? undefined : channels.get(number);
  // A channel of a client is a session until something runs in it.
  const channel = memberOf(open, '_channel') ?? memberOf(open, '_chanInfo') ?? open;
  const [incoming, outgoing] = [memberOf(channel, 'incoming'), memberOf(channel, 'outgoing')];
  return {
    incoming: numberIn(incoming, 'window'),
    packetBytes: numberIn(incoming, 'packetSize'),
    outgoing: numberIn(outgoing, 'window'),
  };
}

function uint32At(payload: Buffer, at: number): number | undefined {
  return payload.length < at + 4 ? undefined : payload.readUInt32BE(at);
}

function numberIn(value: unknown, name: string): number | undefined {
  const number = memberOf(value, name);
  return typeof number === 'number' ? number : undefined;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
