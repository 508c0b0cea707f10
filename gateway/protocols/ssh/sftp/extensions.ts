import type { SftpAsk } from './asks.ts';
import { readAttributes } from './attributes.ts';
import { type Fields, malformed } from './wire.ts';

/** One that is carried: OpenSSH's PROTOCOL section 4, and draft-ietf-secsh-filexfer-extensions-00 for `copy-data`. */
export interface Extension {
  readonly name: string;
  /** As servers announce it. A host with another version of it is taken for one without. */
  readonly version: string;
  /** @throws what `Fields` throws, and what `path` does */
  ask(fields: Fields, path: (bytes: Buffer) => string): SftpAsk;
}

const maxNamed = 1_024;

const carried: readonly Extension[] = [
  {
    name: 'posix-rename@openssh.com',
    version: '1',
    ask: (f, path) => ({ kind: 'posix-rename', path: path(f.bytes()), target: path(f.bytes()) }),
  },
  {
    name: 'hardlink@openssh.com',
    version: '1',
    ask: (f, path) => ({ kind: 'hardlink', path: path(f.bytes()), target: path(f.bytes()) }),
  },
  { name: 'statvfs@openssh.com', version: '2', ask: (f, path) => ({ kind: 'statvfs', path: path(f.bytes()) }) },
  { name: 'fstatvfs@openssh.com', version: '2', ask: (f) => ({ kind: 'fstatvfs', handle: f.bytes() }) },
  { name: 'fsync@openssh.com', version: '1', ask: (f) => ({ kind: 'fsync', handle: f.bytes() }) },
  { name: 'expand-path@openssh.com', version: '1', ask: (f, path) => ({ kind: 'expand-path', path: path(f.bytes()) }) },
  { name: 'limits@openssh.com', version: '1', ask: () => ({ kind: 'limits' }) },
  {
    name: 'lsetstat@openssh.com',
    version: '1',
    ask: (f, path) => ({ kind: 'lsetstat', path: path(f.bytes()), attributes: readAttributes(f) }),
  },
  {
    name: 'copy-data',
    version: '1',
    ask(f) {
      const from = { handle: f.bytes(), offset: f.uint64() };
      const length = f.uint64();
      return { kind: 'copy-data', from, length, to: { handle: f.bytes(), offset: f.uint64() } };
    },
  },
  {
    name: 'users-groups-by-id@openssh.com',
    version: '1',
    ask: (f) => ({ kind: 'users-groups', users: numbers(f.bytes()), groups: numbers(f.bytes()) }),
  },
];

/** Those of a host that are carried. */
export function carriedOf(announced: ReadonlyMap<string, string>): readonly Extension[] {
  return carried.filter(({ name, version }) => announced.get(name) === version);
}

function numbers(bytes: Buffer): readonly number[] {
  if (bytes.length % 4 !== 0 || bytes.length > maxNamed * 4) throw malformed('a list of numbers that is none');
  return Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readUInt32BE(i * 4));
}
