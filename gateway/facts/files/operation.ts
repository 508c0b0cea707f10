import type {
  FileAttribute,
  FileFact,
  FileFlag,
  FileOperation,
  SshCommand,
  SshEffect,
} from '../../contract/command-ssh.ts';
import { sshRequest } from '../shell/index.ts';

/** Values that a setstat, an open or a mkdir sets. What is not set is undefined. */
export interface FileAttributes {
  readonly size?: number | undefined;
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
  /** Permission bits; other bits of the mode are the host's affair. */
  readonly mode?: number | undefined;
  /** Seconds since the epoch. */
  readonly times?: { readonly accessed: number; readonly modified: number } | undefined;
}

export interface FileRequest {
  readonly operation: FileOperation;
  readonly path: string;
  readonly target?: string | undefined;
  /** As the client named them, where that is something else. */
  readonly askedPath?: string;
  readonly askedTarget?: string | undefined;
  readonly resolved?: boolean;
  readonly flags?: readonly FileFlag[];
  readonly attributes?: FileAttributes;
}

/** One operation of sftp as policy reads it. Its text says all of it: approvals are bound to it. */
export function fileCommand(request: FileRequest): SshCommand {
  const { operation, path, target = null, flags = [], attributes = {} } = request;
  const set = setBy(attributes);
  const file: FileFact = {
    operation,
    path,
    target_path: target,
    asked_path: request.askedPath ?? path,
    asked_target_path: request.askedTarget ?? target,
    resolved: request.resolved ?? true,
    flags,
    attributes: set.map(([name]) => name),
    mode: attributes.mode === undefined ? null : octal(attributes.mode),
  };
  return sshRequest('sftp', effectsOf(operation, flags), {
    text: textOf(
      file,
      set.map(([, text]) => text),
    ),
    file,
  });
}

/**
 * Strongest first. A link makes a file readable by another name, so it reads too. Whatever an open may change is a write: a host that is asked
 * to truncate does so even when it opens for reading alone.
 */
function effectsOf(operation: FileOperation, flags: readonly FileFlag[]): readonly [SshEffect, ...SshEffect[]] {
  switch (operation) {
    case 'open': {
      const writes = flags.some((flag) => flag !== 'read');
      if (!writes) return ['read'];
      return flags.includes('read') ? ['write', 'read'] : ['write'];
    }
    case 'list':
    case 'stat':
    case 'readlink':
    case 'realpath':
    case 'extended':
      return ['read'];
    case 'setstat':
    case 'mkdir':
    case 'symlink':
      return ['write'];
    case 'link':
    case 'copy':
      return ['write', 'read'];
    case 'rename':
      return ['remove', 'write'];
    case 'remove':
    case 'rmdir':
      return ['remove'];
    default:
      return operation satisfies never;
  }
}

function setBy({ size, owner, mode, times }: FileAttributes): readonly (readonly [FileAttribute, string])[] {
  const set: (readonly [FileAttribute, string])[] = [];
  if (size !== undefined) set.push(['size', `size=${size}`]);
  if (owner) set.push(['owner', `owner=${owner.uid}:${owner.gid}`]);
  if (mode !== undefined) set.push(['mode', `mode=${octal(mode)}`]);
  if (times) set.push(['times', `times=${times.accessed}:${times.modified}`]);
  return set;
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}

/** `open write,create mode=0644 /srv/x as /srv/link`: `line.ts` reads it back. */
function textOf(file: FileFact, set: readonly string[]): string {
  const { operation, path, target_path: target, asked_path: asked, asked_target_path: askedTarget, flags } = file;
  const named = [path, ...(target === null ? [] : [target])].map(quoted);
  const isSame = asked === path && askedTarget === target;
  const other = isSame ? [] : ['as', ...[asked, ...(askedTarget === null ? [] : [askedTarget])].map(quoted)];
  const how = operation === 'open' ? [flags.join(',')] : [];
  return [operation, ...how, ...set, ...named, ...other].join(' ');
}

/** A path with anything else in it than what needs no quotes is written as JSON does it. */
function quoted(path: string): string {
  return /^[\w./~@%+=:,-]+$/.test(path) ? path : JSON.stringify(path);
}
