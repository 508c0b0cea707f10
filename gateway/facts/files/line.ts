import { fileFlags, fileOperations, type FileFlag, type SshCommand } from '../../contract/command-ssh.ts';
import { fileCommand, type FileAttributes } from './operation.ts';
import { absolutePath } from './paths.ts';

export type FileLine =
  { readonly ok: true; readonly command: SshCommand } | { readonly ok: false; readonly why: string };

const prefix = 'sftp:';
const word = /\s*("(?:[^"\\]|\\.)*"|\S+)/y;
/** Of each operation that has another path. */
const withTarget: ReadonlySet<string> = new Set(['rename', 'symlink', 'link', 'copy']);

/** Whether a line of a policy test is an operation of sftp, and none of shell. */
export function isFileLine(text: string): boolean {
  return text.trimStart().startsWith(prefix);
}

/**
 * `sftp: open write,create mode=0644 /srv/x`: an operation as recordings and the log write it, behind the prefix.
 * `as /srv/link` at the end tells what the client named, where that is another path than the one behind the host's links.
 */
export function readFileLine(text: string): FileLine {
  const words = wordsOf(text.trimStart().slice(prefix.length));
  if (typeof words === 'string') return { ok: false, why: words };
  const [name = '', ...rest] = words;
  const operation = fileOperations.find((one) => one === name);
  if (!operation) return { ok: false, why: `sftp has no operation "${name}": ${fileOperations.join(', ')}` };
  const first = rest.findIndex((one) => one.startsWith('/'));
  if (first < 0) return { ok: false, why: 'a path is missing, or does not begin with /' };
  const read = modifiersOf(rest.slice(0, first), operation === 'open');
  if (typeof read === 'string') return { ok: false, why: read };
  const paths = rest.slice(first);
  const as = paths.indexOf('as');
  const [named, asked] = as < 0 ? [paths, paths] : [paths.slice(0, as), paths.slice(as + 1)];
  const count = withTarget.has(operation) ? 2 : 1;
  if ([named, asked].some((list) => list.length !== count || list.some((path) => !path.startsWith('/'))))
    return { ok: false, why: `${operation} has ${count === 1 ? 'one path' : 'two paths'}, from / on` };
  const [path, target, askedPath, askedTarget] = [...named, ...(count === 1 ? [undefined] : []), ...asked].map((one) =>
    one === undefined ? undefined : absolutePath(one, '/'),
  );
  const command = fileCommand({
    operation,
    path: path ?? '/',
    target,
    askedPath: askedPath ?? '/',
    askedTarget,
    ...read,
  });
  return { ok: true, command };
}

function wordsOf(text: string): readonly string[] | string {
  const words: string[] = [];
  word.lastIndex = 0;
  for (let found = word.exec(text); found; found = word.exec(text)) {
    const [, one = ''] = found;
    if (!one.startsWith('"')) words.push(one);
    else {
      const path = unquoted(one);
      if (path === undefined) return `${one} is not quoted as JSON quotes texts`;
      words.push(path);
    }
  }
  return words;
}

function unquoted(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** @returns a sentence when they are none */
function modifiersOf(
  words: readonly string[],
  opens: boolean,
): { readonly flags: readonly FileFlag[]; readonly attributes: FileAttributes } | string {
  const [first = '', ...others] = words;
  const named = opens ? first.split(',') : [];
  const flags = fileFlags.filter((flag) => named.includes(flag));
  if (opens && (flags.length !== named.length || !(flags.includes('read') || flags.includes('write'))))
    return `an open has flags, read or write among them: ${fileFlags.join(', ')}`;
  let attributes: FileAttributes = {};
  for (const one of opens ? others : words) {
    const value = attributeOf(one);
    if (!value) return `"${one}" is none of size=N, owner=UID:GID, mode=OCTAL and times=ACCESSED:MODIFIED`;
    attributes = { ...attributes, ...value };
  }
  return { flags, attributes };
}

function attributeOf(text: string): FileAttributes | undefined {
  const found = /^(?:size=(\d+)|owner=(\d+):(\d+)|mode=([0-7]{1,4})|times=(\d+):(\d+))$/.exec(text);
  if (!found) return undefined;
  const [, size, uid, gid, mode, accessed, modified] = found;
  if (size !== undefined) return { size: Number(size) };
  if (mode !== undefined) return { mode: Number.parseInt(mode, 8) };
  if (uid !== undefined) return { owner: { uid: Number(uid), gid: Number(gid) } };
  return { times: { accessed: Number(accessed), modified: Number(modified) } };
}
