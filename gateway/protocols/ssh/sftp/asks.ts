import type { FileFlag } from '../../../contract/command-ssh.ts';
import type { FileAttributes } from '../../../facts/files/index.ts';
import type { Status } from './wire.ts';

/** What a client asks for. Handles are the gateway's own; paths are as the client wrote them. */
export type SftpRequest = { readonly id: number } & SftpAsk;

export type SftpAsk =
  | {
      readonly kind: 'open';
      readonly path: string;
      readonly flags: readonly FileFlag[];
      readonly attributes: FileAttributes;
    }
  | { readonly kind: 'read'; readonly handle: Buffer; readonly offset: number; readonly length: number }
  | { readonly kind: 'write'; readonly handle: Buffer; readonly offset: number; readonly bytes: Buffer }
  | { readonly kind: 'close' | 'fstat' | 'readdir' | 'fsync' | 'fstatvfs'; readonly handle: Buffer }
  | { readonly kind: 'fsetstat'; readonly handle: Buffer; readonly attributes: FileAttributes }
  | { readonly kind: PathKind; readonly path: string }
  | { readonly kind: 'setstat' | 'lsetstat' | 'mkdir'; readonly path: string; readonly attributes: FileAttributes }
  | { readonly kind: 'rename' | 'posix-rename' | 'hardlink'; readonly path: string; readonly target: string }
  /** `path` is the link, `target` what it leads to. On OpenSSH's wire they stand the other way round. */
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string }
  | { readonly kind: 'copy-data'; readonly from: Place; readonly length: number; readonly to: Place }
  | { readonly kind: 'users-groups'; readonly users: readonly number[]; readonly groups: readonly number[] }
  | { readonly kind: 'limits' }
  /** Not passed on; the session goes on. */
  | { readonly kind: 'refused'; readonly status: Status; readonly why: string };

export type PathKind =
  'stat' | 'lstat' | 'opendir' | 'remove' | 'rmdir' | 'realpath' | 'readlink' | 'statvfs' | 'expand-path';

/** In an open file. */
export interface Place {
  readonly handle: Buffer;
  readonly offset: number;
}

/** Something that has an id to answer by, and is not passed on. */
export class Unread extends Error {
  readonly status: Status;

  constructor(status: Status, why: string) {
    super(why);
    this.status = status;
  }
}
