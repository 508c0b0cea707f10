export interface SftpLimits {
  /** Of one packet: what is read or written at once is a little less. */
  readonly maxPacketBytes: number;
  /** Requests of one channel that have no answer yet. Past them the client is not read. */
  readonly maxRequests: number;
  /** Files and directories that one channel has open. */
  readonly maxHandles: number;
  readonly maxPathBytes: number;
  /** Of one file whose masked copy is read. */
  readonly maxMaskedFileBytes: number;
  /** Of all such copies that one connection has open; and of those of all connections. */
  readonly maxMaskedBytes: number;
  readonly maxMaskedTotalBytes: number;
}

/** What a packet is beside the piece of a file that it carries, as OpenSSH has it. */
export const packetOverhead = 1_024;
