import { fileReaders } from './files.ts';
import { git } from './git.ts';
import { interpreterReaders } from './interpreters.ts';
import type { Reader } from './reading.ts';
import { remoteReaders } from './remote.ts';
import { shellReaders } from './shells.ts';
import { otherWrappers, readWrapper, wrapperReaders } from './wrappers.ts';

/** The dynamic linker runs the program that it is given. */
const linker = readWrapper({ long: ['list', 'verify', 'inhibit-cache'], idle: ['list'] });

const readers: ReadonlyMap<string, Reader> = new Map([
  ...interpreterReaders,
  ...wrapperReaders,
  ...otherWrappers,
  ...shellReaders,
  ...fileReaders,
  ...remoteReaders,
  ['git', git] as const,
]);

/** How the program of this name or path takes its words; undefined for those that run nothing else, as far as is known here. */
export function readerOf(name: string): Reader | undefined {
  const base = name.slice(name.lastIndexOf('/') + 1);
  if (/^ld(?:-[\w.-]+|64)?\.so(?:\.\d+)*$/.test(base)) return linker;
  return readers.get(base) ?? readers.get(withoutVersion(base));
}

/** `python3.11`, `perl5.36`, `gcc-12`, `vim.basic`. */
function withoutVersion(name: string): string {
  if (name.length > 64) return name;
  return name.replace(/(?:[-.]?\d[\d.]*|\.(?:basic|tiny|nox|gtk3|exe|openbsd))$/, '');
}

export { nothing, type Inner } from './reading.ts';
