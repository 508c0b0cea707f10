import { SallyportError } from '../../../contract/errors.ts';

/**
 * SFTP version 3 as it is on the wire: draft-ietf-secsh-filexfer-02, and OpenSSH's PROTOCOL section 4 for its extensions. Pure.
 * A packet is its length (uint32), its type, for all but INIT and VERSION an id, and what belongs to the type.
 */
export const requestTypes = {
  init: 1,
  open: 3,
  close: 4,
  read: 5,
  write: 6,
  lstat: 7,
  fstat: 8,
  setstat: 9,
  fsetstat: 10,
  opendir: 11,
  readdir: 12,
  remove: 13,
  mkdir: 14,
  rmdir: 15,
  realpath: 16,
  stat: 17,
  rename: 18,
  readlink: 19,
  symlink: 20,
  extended: 200,
} as const;

export const answerTypes = {
  version: 2,
  status: 101,
  handle: 102,
  data: 103,
  name: 104,
  attrs: 105,
  extended: 201,
} as const;

/** Section 7. */
export const statuses = {
  ok: 0,
  eof: 1,
  noSuchFile: 2,
  permissionDenied: 3,
  failure: 4,
  badMessage: 5,
  noConnection: 6,
  connectionLost: 7,
  unsupported: 8,
} as const;
export type Status = (typeof statuses)[keyof typeof statuses];

/** Cuts packets out of a stream, wherever the network cut it. */
export class Packets {
  readonly #maxBytes: number;
  readonly #parts: Buffer[] = [];
  #waiting = 0;
  /** Of the packet that is coming, with its length; undefined before its length is known. */
  #wanted: number | undefined;

  /** @param maxBytes of one packet, without its length */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * @returns whole packets, each with its length in front, in memory that is nobody else's
   * @throws SallyportError `frame-too-large` before such a packet is waited for, `protocol-violation` for one without a type
   */
  push(chunk: Buffer): readonly Buffer[] {
    const whole: Buffer[] = [];
    let rest = chunk;
    while (rest.length > 0) {
      const wanted = this.#wanted ?? 4;
      const taken = rest.subarray(0, wanted - this.#waiting);
      this.#parts.push(taken);
      this.#waiting += taken.length;
      rest = rest.subarray(taken.length);
      if (this.#waiting < wanted) break;
      if (this.#wanted === undefined) this.#wanted = 4 + this.#lengthOf(joined(this.#parts));
      else {
        whole.push(joined(this.#parts));
        this.#parts.length = 0;
        this.#waiting = 0;
        this.#wanted = undefined;
      }
    }
    return whole;
  }

  #lengthOf(head: Buffer): number {
    const length = head.readUInt32BE(0);
    if (length === 0) throw new SallyportError('protocol-violation', 'an sftp packet without a type');
    if (length > this.#maxBytes)
      throw new SallyportError(
        'frame-too-large',
        `an sftp packet of ${length} bytes, and at most ${this.#maxBytes} are read`,
      );
    return length;
  }
}

function joined(parts: readonly Buffer[]): Buffer {
  const [only] = parts;
  return only && parts.length === 1 ? only : Buffer.concat(parts);
}

/** Reads the fields of one packet, in order. Every method throws SallyportError `protocol-violation` where there is no such field. */
export class Fields {
  readonly #packet: Buffer;
  #at: number;

  constructor(packet: Buffer, at: number) {
    this.#packet = packet;
    this.#at = at;
  }

  uint32(): number {
    const at = this.#take(4);
    return this.#packet.readUInt32BE(at);
  }

  /** Past 2^53 no file ends. */
  uint64(): number {
    const at = this.#take(8);
    const value = this.#packet.readBigUInt64BE(at);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw malformed(`a number of ${value}`);
    return Number(value);
  }

  /** A slice of the packet. */
  bytes(): Buffer {
    const length = this.uint32();
    const at = this.#take(length);
    return this.#packet.subarray(at, at + length);
  }

  get isAtEnd(): boolean {
    return this.#at === this.#packet.length;
  }

  /** What is not understood is not passed on. */
  end(): void {
    if (!this.isAtEnd) throw malformed('more than belongs to it');
  }

  #take(count: number): number {
    const at = this.#at;
    if (at + count > this.#packet.length) throw malformed('less than belongs to it');
    this.#at += count;
    return at;
  }
}

export function malformed(what: string): SallyportError {
  return new SallyportError('protocol-violation', `an sftp packet with ${what}`);
}

/** Type and id of a packet; what belongs to the type begins at byte 9. @throws SallyportError `protocol-violation` */
export function headOf(packet: Buffer): { readonly type: number; readonly id: number } {
  if (packet.length < 9) throw malformed('no id');
  return { type: packet.readUInt8(4), id: packet.readUInt32BE(5) };
}

/** A field: a number is a uint32, a bigint a uint64, text and bytes have their length in front; `raw` has not. */
export type Field = number | bigint | string | Buffer | { readonly raw: Buffer };

/** A whole packet, written once: most of what goes through are pieces of files. @param id undefined for INIT and VERSION, whose first field is the version */
export function encodePacket(type: number, id: number | undefined, ...fields: readonly Field[]): Buffer {
  const all = [...(id === undefined ? [] : [id]), ...fields].map((field) =>
    typeof field === 'string' ? Buffer.from(field) : field,
  );
  const length = 1 + all.reduce<number>((sum, field) => sum + lengthOf(field), 0);
  const packet = Buffer.allocUnsafe(4 + length);
  packet.writeUInt32BE(length, 0);
  packet.writeUInt8(type, 4);
  let at = 5;
  for (const field of all) at = write(packet, at, field);
  return packet;
}

function lengthOf(field: Exclude<Field, string>): number {
  if (typeof field === 'number') return 4;
  if (typeof field === 'bigint') return 8;
  return 'raw' in field ? field.raw.length : 4 + field.length;
}

/** @returns where the next field begins */
function write(packet: Buffer, at: number, field: Exclude<Field, string>): number {
  if (typeof field === 'number') return packet.writeUInt32BE(field, at);
  if (typeof field === 'bigint') return packet.writeBigUInt64BE(field, at);
  if ('raw' in field) return at + field.raw.copy(packet, at);
  const begin = packet.writeUInt32BE(field.length, at);
  return begin + field.copy(packet, begin);
}

export function encodeStatus(id: number, status: Status, text: string): Buffer {
  return encodePacket(answerTypes.status, id, status, text, 'en');
}
