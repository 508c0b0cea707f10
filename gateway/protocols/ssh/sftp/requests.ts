import { isUtf8 } from 'node:buffer';
import { SallyportError } from '../../../contract/errors.ts';
import type { FileFlag } from '../../../contract/command-ssh.ts';
import { type SftpAsk, type SftpRequest, Unread } from './asks.ts';
import { readAttributes } from './attributes.ts';
import type { Extension } from './extensions.ts';
import { Fields, headOf, requestTypes as types, statuses } from './wire.ts';

export interface RequestTerms {
  readonly maxPathBytes: number;
  /** Those of the host that are carried. */
  readonly extensions: readonly Extension[];
}

/** @throws SallyportError `protocol-violation` where a packet has no id to answer by */
export function readRequest(packet: Buffer, { maxPathBytes, extensions }: RequestTerms): SftpRequest {
  const { type, id } = headOf(packet);
  const fields = new Fields(packet, 9);
  try {
    const ask = askOf(type, fields, extensions, (bytes) => readPath(bytes, maxPathBytes));
    if (ask.kind !== 'refused') fields.end();
    return { id, ...ask };
  } catch (error) {
    if (error instanceof Unread) return { id, kind: 'refused', status: error.status, why: error.message };
    if (!(error instanceof SallyportError)) throw error;
    return { id, kind: 'refused', status: statuses.badMessage, why: error.message };
  }
}

/** The version that a client speaks. @throws SallyportError `protocol-violation` when it does not begin with INIT */
export function readInit(packet: Buffer): number {
  if (packet.length < 9 || packet.readUInt8(4) !== types.init)
    throw new SallyportError('protocol-violation', 'sftp begins with INIT');
  // What a client announces of extensions nobody uses: the draft has none for clients.
  return packet.readUInt32BE(5);
}

function askOf(
  type: number,
  fields: Fields,
  extensions: readonly Extension[],
  path: (bytes: Buffer) => string,
): SftpAsk {
  const name = () => path(fields.bytes());
  switch (type) {
    case types.open: {
      const at = name();
      return { kind: 'open', path: at, flags: openFlags(fields.uint32()), attributes: readAttributes(fields) };
    }
    case types.close:
      return { kind: 'close', handle: fields.bytes() };
    case types.read:
      return { kind: 'read', handle: fields.bytes(), offset: fields.uint64(), length: fields.uint32() };
    case types.write:
      return { kind: 'write', handle: fields.bytes(), offset: fields.uint64(), bytes: fields.bytes() };
    case types.fstat:
      return { kind: 'fstat', handle: fields.bytes() };
    case types.readdir:
      return { kind: 'readdir', handle: fields.bytes() };
    case types.fsetstat:
      return { kind: 'fsetstat', handle: fields.bytes(), attributes: readAttributes(fields) };
    case types.setstat:
      return { kind: 'setstat', path: name(), attributes: readAttributes(fields) };
    case types.mkdir:
      return { kind: 'mkdir', path: name(), attributes: readAttributes(fields) };
    case types.lstat:
      return { kind: 'lstat', path: name() };
    case types.stat:
      return { kind: 'stat', path: name() };
    case types.opendir:
      return { kind: 'opendir', path: name() };
    case types.remove:
      return { kind: 'remove', path: name() };
    case types.rmdir:
      return { kind: 'rmdir', path: name() };
    case types.realpath:
      return { kind: 'realpath', path: name() };
    case types.readlink:
      return { kind: 'readlink', path: name() };
    case types.rename:
      return { kind: 'rename', path: name(), target: name() };
    case types.symlink: {
      const target = name();
      return { kind: 'symlink', path: name(), target };
    }
    case types.extended: {
      const extension = fields.bytes().toString('latin1');
      const carried = extensions.find((one) => one.name === extension);
      if (carried) return carried.ask(fields, path);
      return {
        kind: 'refused',
        status: statuses.unsupported,
        why: `the extension ${extension.slice(0, 100)} is not carried`,
      };
    }
    default:
      return { kind: 'refused', status: statuses.unsupported, why: `packets of type ${type} are not carried` };
  }
}

/** SSH_FXF_*, section 6.3. */
const flagBits: readonly (readonly [FileFlag, number])[] = [
  ['read', 0x01],
  ['write', 0x02],
  ['append', 0x04],
  ['create', 0x08],
  ['truncate', 0x10],
  ['exclusive', 0x20],
];

function openFlags(bits: number): readonly FileFlag[] {
  if ((bits & ~0x3f) !== 0) throw new Unread(statuses.badMessage, 'an open with flags that version 3 does not have');
  const flags = flagBits.flatMap(([flag, bit]) => (bits & bit ? [flag] : []));
  // OpenSSH opens for reading where neither is asked for.
  if (!flags.includes('read') && !flags.includes('write'))
    throw new Unread(statuses.badMessage, 'an open for neither reading nor writing');
  // Section 6.3 wants both. Without `create` a host ignores it and goes through a link, which nobody has followed (open(2)).
  if (flags.includes('exclusive') && !flags.includes('create'))
    throw new Unread(statuses.badMessage, 'an open of a new file alone that does not create one');
  return flags;
}

/** Hosts end a name at its first NUL, and policy reads text: what is neither is judged by nobody. */
function readPath(bytes: Buffer, maxBytes: number): string {
  if (bytes.length > maxBytes)
    throw new Unread(statuses.failure, `a path of ${bytes.length} bytes, and at most ${maxBytes} are read`);
  if (bytes.includes(0)) throw new Unread(statuses.badMessage, 'a path with a NUL in it');
  if (!isUtf8(bytes)) throw new Unread(statuses.failure, 'a path that is not UTF-8');
  return bytes.toString();
}
