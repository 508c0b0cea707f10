import type { FileAttributes } from '../../../facts/files/index.ts';
import { encodePacket, type Field, type Fields, malformed } from './wire.ts';

/** Section 5. Anything else is none of version 3, or an extension that nobody judges. */
const flags = { size: 1, owner: 2, mode: 4, times: 8 } as const;
const known = flags.size | flags.owner | flags.mode | flags.times;
/** What a mode is made of beside the kind of file. */
const permissionBits = 0o7777;

/** @throws SallyportError `protocol-violation` */
export function readAttributes(fields: Fields): FileAttributes {
  const set = fields.uint32();
  if ((set & ~known) !== 0) throw malformed('attributes that version 3 does not have');
  return {
    size: set & flags.size ? fields.uint64() : undefined,
    owner: set & flags.owner ? { uid: fields.uint32(), gid: fields.uint32() } : undefined,
    mode: set & flags.mode ? fields.uint32() & permissionBits : undefined,
    times: set & flags.times ? { accessed: fields.uint32(), modified: fields.uint32() } : undefined,
  };
}

/** Of a host's ATTRS packet, where it tells one. */
export function setSize(packet: Buffer, size: number): void {
  if (packet.length >= 21 && packet.readUInt32BE(9) & flags.size) packet.writeBigUInt64BE(BigInt(size), 13);
}

/** The same again, as a field of a packet. */
export function attributesField({ size, owner, mode, times }: FileAttributes): Field {
  let set = 0;
  const values: Field[] = [];
  if (size !== undefined) {
    set |= flags.size;
    values.push(BigInt(size));
  }
  if (owner) {
    set |= flags.owner;
    values.push(owner.uid, owner.gid);
  }
  if (mode !== undefined) {
    set |= flags.mode;
    values.push(mode);
  }
  if (times) {
    set |= flags.times;
    values.push(times.accessed, times.modified);
  }
  // A packet's fields are what stands behind its length and type.
  return { raw: encodePacket(0, undefined, set, ...values).subarray(5) };
}
