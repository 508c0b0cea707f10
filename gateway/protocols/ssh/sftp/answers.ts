import { isUtf8 } from 'node:buffer';
import { SallyportError } from '../../../contract/errors.ts';
import { answerTypes as types, Fields, headOf, malformed, statuses, type Status } from './wire.ts';

/** What a host answers. `packet` is all of it; its id is the one that the gateway asked with. */
export type SftpAnswer =
  | { readonly kind: 'status'; readonly status: Status; readonly text: string }
  | { readonly kind: 'handle'; readonly handle: Buffer }
  | { readonly kind: 'data'; readonly bytes: Buffer; readonly packet: Buffer }
  /** `first`: the first name, undefined where there is none or it is not UTF-8. */
  | { readonly kind: 'name'; readonly first: string | undefined; readonly packet: Buffer }
  | { readonly kind: 'attrs' | 'extended'; readonly packet: Buffer };

const maxHandleBytes = 256; // section 3
const maxText = 1_000;

/** @throws SallyportError `protocol-violation` */
export function readAnswer(packet: Buffer): SftpAnswer {
  const { type } = headOf(packet);
  const fields = new Fields(packet, 9);
  switch (type) {
    case types.status: {
      const status = statusOf(fields.uint32());
      // Old servers leave the text out.
      return { kind: 'status', status, text: fields.isAtEnd ? '' : fields.bytes().toString().slice(0, maxText) };
    }
    case types.handle: {
      const handle = fields.bytes();
      if (handle.length > maxHandleBytes) throw malformed(`a handle of ${handle.length} bytes`);
      return { kind: 'handle', handle };
    }
    case types.data:
      return { kind: 'data', bytes: fields.bytes(), packet };
    case types.name: {
      const first = fields.uint32() === 0 ? undefined : fields.bytes();
      return {
        kind: 'name',
        first: first && isUtf8(first) && !first.includes(0) ? first.toString() : undefined,
        packet,
      };
    }
    case types.attrs:
      return { kind: 'attrs', packet };
    case types.extended:
      return { kind: 'extended', packet };
    default:
      throw malformed(`type ${type}, which is no answer`);
  }
}

/** What a host can, by name and version. @throws SallyportError `upstream-refused` when it speaks another version than 3 */
export function readVersion(packet: Buffer): ReadonlyMap<string, string> {
  if (packet.length < 9 || packet.readUInt8(4) !== types.version) throw malformed('no version');
  const version = packet.readUInt32BE(5);
  if (version !== 3)
    throw new SallyportError('upstream-refused', `the host speaks version ${version} of sftp, and not 3`);
  const fields = new Fields(packet, 9);
  const extensions = new Map<string, string>();
  while (!fields.isAtEnd) extensions.set(fields.bytes().toString('latin1'), fields.bytes().toString('latin1'));
  return extensions;
}

/** What `limits@openssh.com` answers, in bytes and handles. 0: the host says none. */
export interface HostLimits {
  readonly packet: number;
  readonly read: number;
  readonly write: number;
  readonly handles: number;
}

export function readHostLimits(packet: Buffer): HostLimits {
  const fields = new Fields(packet, 9);
  return { packet: fields.uint64(), read: fields.uint64(), write: fields.uint64(), handles: fields.uint64() };
}

/** A status that version 3 does not have is a failure. */
function statusOf(code: number): Status {
  return Object.values(statuses).find((status) => status === code) ?? statuses.failure;
}
