import type { SshCommand } from '../../contract/command-ssh.ts';
import { holdsUnseen } from '../../contract/unseen.ts';
import { readLine, type ShellLine } from './line.ts';
import { builtinOf } from './programs/builtins.ts';
import { gather } from './reader.ts';
import { holdsNode, parseLine } from './tree.ts';

/** Builtins that leave the shell as it is, for the lines that come after. */
const harmless: ReadonlySet<string> = new Set([
  ...[':', '[', 'bg', 'break', 'cd', 'command', 'continue', 'dirs', 'disown', 'echo', 'exit', 'false', 'fg', 'help'],
  ...['jobs', 'kill', 'logout', 'popd', 'pushd', 'pwd', 'test', 'times', 'true', 'type', 'ulimit', 'umask'],
]);
/** Names in capitals mean something to the shell or to programs. */
const ownName = /^[a-z][a-z0-9_]*$/;

/**
 * Reads a line that is typed into a bash which goes on after it (`gateway/protocols/ssh/lines/`). Lines are read one by one, so that one must not
 * change what the next ones mean: what would, and what bash would take for an unfinished line, is refused. Pure.
 */
export function typedLine(line: string): ShellLine {
  const why = unreadable(line);
  if (why !== undefined) return { ok: false, why };
  const read = readLine(line, { shell: 'bash', pty: true });
  if (!read.ok) return read;
  const [{ parse_error: error }] = read.commands;
  if (error !== null) return { ok: false, why: `syntax: ${error}; a line has to be whole` };
  const parsed = parseLine(line);
  if (!parsed.ok) return parsed;
  if (holdsNode(parsed.script, 'HereDoc'))
    return { ok: false, why: 'incomplete: here-documents are not taken in a shell whose lines are judged' };
  const { changed } = gather(parsed.script, line, 'bash');
  if (changed !== undefined) return changing(changed);
  const changer = read.commands.find((command) => !leavesShell(command));
  return changer ? changing(changer.text) : read;
}

function unreadable(line: string): string | undefined {
  // It looks like another line, or like none.
  if (holdsUnseen(line)) return 'unseen: the line holds characters that cannot be seen';
  if (line.includes('__sallyport')) return 'reserved: names that begin with __sallyport belong to the gateway';
  if (line.endsWith('\\')) return 'incomplete: the line ends with a backslash';
  return undefined;
}

function changing(what: string): ShellLine {
  return {
    ok: false,
    why: `changing: ${what} would change the shell that reads the next lines; send it as a command of its own`,
  };
}

function leavesShell(command: SshCommand): boolean {
  const { kind, name, argv, env } = command;
  // What another program runs is in another process; what `command` and `jobs -x` run is not.
  if (command.wrapped_by.some((wrapper) => builtinOf(wrapper, 'bash') === undefined)) return true;
  // {x}>file stays open for the lines that come after.
  if (command.redirects.some(({ fd }) => fd === null)) return false;
  switch (kind) {
    case 'program':
      return name !== null;
    case 'builtin':
      return name !== null && !mayRunAny(command) && isHarmless(name, argv);
    case 'assignment':
      return env.length > 0 && env.every((variable) => ownName.test(variable.name));
    case 'construct':
    case 'redirect':
      return true;
    case 'function':
    case 'unknown':
    case 'none':
      return false;
    default:
      return kind satisfies never;
  }
}

/** `command $x` and `jobs -x $x` run any command of the shell. */
function mayRunAny({ name, dynamic }: SshCommand): boolean {
  return (name === 'command' || name === 'jobs') && dynamic.some(({ where }) => where === 'command');
}

function isHarmless(name: string, [, ...words]: SshCommand['argv']): boolean {
  const [first] = words;
  switch (name) {
    case 'printf': // -v sets a variable
      return first !== undefined && first !== null && !first.startsWith('-');
    case 'wait': // -p sets a variable
      return words.every((word) => word !== null && (!word.startsWith('-') || /^-[fn]+$/.test(word)));
    case 'history': // anything but how many lines to show changes it, or reads and writes files
      return words.every((word) => word !== null && /^\d+$/.test(word));
    case 'read':
      return readsOwn(words);
    default:
      return harmless.has(name);
  }
}

/** `read` into variables that mean nothing, without an editor of its own. */
function readsOwn(words: readonly (string | null)[]): boolean {
  let at = 0;
  for (; words[at]?.startsWith('-'); at++) {
    if (/^-[rs]*[pnt]$/.test(words[at] ?? '')) at++;
    else if (!/^-[rs]+$/.test(words[at] ?? '')) return false;
  }
  return words.slice(at).every((word) => word !== null && ownName.test(word));
}
