import type { SshCommand } from '../../../contract/command-ssh.ts';
import { type FileRequest, fileCommand, linkTarget } from '../../../facts/files/index.ts';
import type { SftpAnswer } from './answers.ts';
import type { SftpAsk } from './asks.ts';
import { attributesField } from './attributes.ts';
import type { Encode, SftpHost } from './host.ts';
import { expanded, followed, type FoundPlace, unfollowed } from './places.ts';
import { encodePacket, type Field, requestTypes as types } from './wire.ts';

/** An operation as policy judges it, and what is done when it may be. */
export interface Plan {
  readonly command: SshCommand;
  /** What the host is asked; or its answer, where it gave that already. */
  readonly act: { readonly encode: Encode } | { readonly answer: SftpAnswer };
  /** What a host answers when it did as asked. */
  readonly expects: SftpAnswer['kind'];
}

/** What is judged, on paths and on open files. */
export type JudgedAsk = Exclude<
  SftpAsk,
  { readonly kind: 'read' | 'write' | 'close' | 'fstat' | 'readdir' | 'fsync' | 'fstatvfs' | 'limits' | 'refused' }
>;

/** A file that the gateway opened, as far as plans need it. */
export interface Opened {
  readonly path: string;
  readonly asked: string;
  /** The host's. */
  readonly hostHandle: Buffer;
}

/**
 * Asks the host where the paths lead to, and only that. What is sent later is the path that was judged, and not the one that the client named.
 * @param opened of the client's handles
 */
export async function planOf(ask: JudgedAsk, host: SftpHost, opened: (handle: Buffer) => Opened): Promise<Plan> {
  switch (ask.kind) {
    case 'open': {
      const { flags, attributes } = ask;
      // Where only a new file will do, a link in its place is an error at the host.
      const place = flags.includes('exclusive')
        ? await unfollowed(host, ask.path)
        : await followed(host, ask.path, flags.includes('create'));
      const bits = flags.reduce((sum, flag) => sum | openBits[flag], 0);
      const request = { operation: 'open', flags, attributes } as const;
      return plan(request, [place], ([path]) => packet(types.open, path, bits, attributesField(attributes)), 'handle');
    }
    case 'opendir':
      return plan(
        { operation: 'list' },
        [await followed(host, ask.path)],
        ([path]) => packet(types.opendir, path),
        'handle',
      );
    case 'stat':
      return plan(
        { operation: 'stat' },
        [await followed(host, ask.path)],
        ([path]) => packet(types.stat, path),
        'attrs',
      );
    case 'lstat':
      return plan(
        { operation: 'stat' },
        [await unfollowed(host, ask.path)],
        ([path]) => packet(types.lstat, path),
        'attrs',
      );
    case 'statvfs':
      return plan(
        { operation: 'stat' },
        [await followed(host, ask.path)],
        ([path]) => packet(types.extended, 'statvfs@openssh.com', path),
        'extended',
      );
    case 'readlink':
      return plan(
        { operation: 'readlink' },
        [await unfollowed(host, ask.path)],
        ([path]) => packet(types.readlink, path),
        'name',
      );
    case 'realpath':
      return answered(await followed(host, ask.path));
    case 'expand-path': {
      const answer = await host.question((id) => encodePacket(types.extended, id, 'expand-path@openssh.com', ask.path));
      return answered(expanded(host, ask.path, answer));
    }
    case 'remove':
      return plan({ operation: 'remove' }, [await unfollowed(host, ask.path)], ([path]) => packet(types.remove, path));
    case 'rmdir':
      return plan({ operation: 'rmdir' }, [await unfollowed(host, ask.path)], ([path]) => packet(types.rmdir, path));
    case 'mkdir': {
      const set = attributesField(ask.attributes);
      const request = { operation: 'mkdir', attributes: ask.attributes } as const;
      return plan(request, [await unfollowed(host, ask.path)], ([path]) => packet(types.mkdir, path, set));
    }
    case 'setstat': {
      const set = attributesField(ask.attributes);
      const request = { operation: 'setstat', attributes: ask.attributes } as const;
      return plan(request, [await followed(host, ask.path)], ([path]) => packet(types.setstat, path, set));
    }
    case 'lsetstat': {
      const set = attributesField(ask.attributes);
      const request = { operation: 'setstat', attributes: ask.attributes } as const;
      const encode: PlanPacket = ([path]) => packet(types.extended, 'lsetstat@openssh.com', path, set);
      return plan(request, [await unfollowed(host, ask.path)], encode);
    }
    case 'rename':
      return plan({ operation: 'rename' }, await bothOf(host, ask), ([from, to]) => packet(types.rename, from, to));
    case 'posix-rename':
      return plan({ operation: 'rename' }, await bothOf(host, ask), ([from, to]) =>
        packet(types.extended, 'posix-rename@openssh.com', from, to),
      );
    case 'hardlink':
      return plan({ operation: 'link' }, await bothOf(host, ask), ([from, to]) =>
        packet(types.extended, 'hardlink@openssh.com', from, to),
      );
    case 'symlink': {
      const link = await unfollowed(host, ask.path);
      const leadsTo = linkTarget(link.path, ask.target);
      const request = { operation: 'symlink', target: leadsTo, askedTarget: leadsTo } as const;
      // The text goes as it is: a relative one is to stay so. OpenSSH has the two the other way round than the draft.
      return plan(request, [link], ([path]) => packet(types.symlink, ask.target, path));
    }
    case 'fsetstat': {
      const { path, asked, hostHandle } = opened(ask.handle);
      const command = fileCommand({ operation: 'setstat', path, askedPath: asked, attributes: ask.attributes });
      const encode = packet(types.fsetstat, hostHandle, attributesField(ask.attributes));
      return { command, act: { encode }, expects: 'status' };
    }
    case 'copy-data': {
      const [from, to] = [opened(ask.from.handle), opened(ask.to.handle)];
      const paths = { path: from.path, target: to.path, askedPath: from.asked, askedTarget: to.asked };
      const [start, length, at] = [ask.from.offset, ask.length, ask.to.offset].map(BigInt) as [bigint, bigint, bigint]; // as many
      const encode = packet(types.extended, 'copy-data', from.hostHandle, start, length, to.hostHandle, at);
      return { command: fileCommand({ operation: 'copy', ...paths }), act: { encode }, expects: 'status' };
    }
    case 'users-groups': {
      const names = [list(ask.users), list(ask.groups)];
      const encode = packet(types.extended, 'users-groups-by-id@openssh.com', ...names);
      return { command: fileCommand({ operation: 'extended', path: '/' }), act: { encode }, expects: 'extended' };
    }
    default:
      return ask satisfies never;
  }
}

const openBits = { read: 0x01, write: 0x02, append: 0x04, create: 0x08, truncate: 0x10, exclusive: 0x20 } as const;

/** @param paths those that were judged */
type PlanPacket = (paths: readonly [string, string]) => Encode;

function plan(
  request: Omit<FileRequest, 'path' | 'askedPath' | 'resolved'>,
  places: readonly FoundPlace[],
  encode: PlanPacket,
  expects: Plan['expects'] = 'status',
): Plan {
  const [one, other] = places;
  if (!one) throw new TypeError('an operation is on a path');
  const failed = places.find(({ ok }) => !ok);
  const second = other ? { target: other.path, askedTarget: other.asked } : {};
  const paths = { path: one.path, askedPath: one.asked, ...second, resolved: failed === undefined };
  const act = failed ? { answer: failed.answer } : { encode: encode([one.path, other?.path ?? '']) };
  return { command: fileCommand({ ...request, ...paths }), act, expects };
}

/** The host's answer to where it leads is all that was asked for. */
function answered(place: FoundPlace): Plan {
  const { path, asked, ok, answer } = place;
  const command = fileCommand({ operation: 'realpath', path, askedPath: asked, resolved: ok });
  return { command, act: { answer }, expects: 'name' };
}

async function bothOf(host: SftpHost, { path, target }: { readonly path: string; readonly target: string }) {
  return [await unfollowed(host, path), await unfollowed(host, target)];
}

function packet(type: number, ...fields: readonly Field[]): Encode {
  return (id) => encodePacket(type, id, ...fields);
}

function list(numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(numbers.length * 4);
  for (const [i, one] of numbers.entries()) bytes.writeUInt32BE(one, i * 4);
  return bytes;
}
