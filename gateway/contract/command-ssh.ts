import type { CommandFrame } from './command-frame.ts';

/**
 * Effects of what happens over SSH, strongest first: the published order that picks `action`.
 * `opaque` is code that cannot be known before it runs, hence the strongest.
 */
export const sshEffects = [
  'opaque', // runs code that cannot be known before it runs
  'shell', // an interactive shell
  'forward', // carries other connections: ports, sockets, X11, the client's key agent
  'privilege', // runs as somebody else, or with other rights (sudo, su, setpriv, unshare)
  'elsewhere', // runs on another host, in a container or under another root (ssh, kubectl exec, docker exec, chroot)
  'subsystem', // a program of the server's configuration, other than sftp
  'remove', // removes a file or directory, by sftp
  'write', // writes files: a redirect, an upload, a directory, a link, attributes
  'run', // runs a program whose name and arguments policy sees
  'set', // changes nothing but the shell itself or its environment: variables, functions, options
  'read', // reads files: a redirect, a download, a listing
  'signal', // a signal to a command that runs
] as const;
export type SshEffect = (typeof sshEffects)[number];

/** What the client asked for. `exec` is one simple command of an exec line; scp over sftp and sftp itself are `sftp`. */
export const sshRequests = ['exec', 'shell', 'sftp', 'subsystem', 'forward', 'env', 'signal'] as const;
export type SshRequest = (typeof sshRequests)[number];

/** What a simple command of the shell's grammar is. */
export const shellKinds = [
  'program', // found by its name or path
  'builtin', // of bash itself
  'function', // defined in the same line
  'assignment', // only variables
  'redirect', // only opens files
  'construct', // for, case, [[ ]], (( )): only where something of it is dynamic or redirected
  'unknown', // its name cannot be known, or the line does not parse
  'none', // not an exec
] as const;
export type ShellKind = (typeof shellKinds)[number];

/** Where in a simple command something cannot be known before it runs. `command`: which code runs. */
export const dynamicPlaces = ['command', 'argument', 'redirect', 'assignment', 'input'] as const;
export type DynamicPlace = (typeof dynamicPlaces)[number];

/** Why something cannot be known before it runs. */
export const dynamicReasons = [
  'variable', // $x, ${x}, $1, $@
  'substitution', // $(...), `...`: what it prints
  'process', // <(...), >(...)
  'arithmetic', // $((...)), ((...)), [[ -eq ]]: a variable's value is computed, and can run code by an index a[$(...)]
  'glob', // * ? [ ] and extended patterns: which files there are
  'brace', // {a,b}, {1..9}
  'tilde', // ~, ~user
  'function', // the name is a function of the same line
  'alias', // the line defines or switches on aliases
  'eval', // eval, trap, PROMPT_COMMAND ... of a text that is not known
  'source', // source and `.`: a file of the host
  'stdin', // an interpreter that reads its program from standard input
  'script', // an interpreter that runs a file of the host
  'code', // a program in another language than shell (python -c, awk, sed, vim -c)
  'configuration', // reads elsewhere what it runs (make, git hooks, crontab, ssh's configuration)
  'environment', // a variable that decides what runs: PATH, LD_PRELOAD, BASH_ENV ...
  'lookup', // the line changes how names are found: PATH, hash, enable
  'argument', // an argument that is not known could name a program to run
  'option', // an option that is not known, of a program that can run others
  'interactive', // takes its commands from a terminal or another connection
  'nested', // nested deeper than is looked into
  'dialect', // other shells read this otherwise than bash
  'unparsed', // not a line of shell
] as const;
export type DynamicReason = (typeof dynamicReasons)[number];

export const redirectOperations = ['read', 'write', 'append', 'read_write', 'duplicate', 'text'] as const;
export type RedirectOperation = (typeof redirectOperations)[number];

/** What happens on an open file belongs to its `open`. */
export const fileOperations = [
  'open',
  'list',
  'stat',
  'setstat',
  'mkdir',
  'rmdir',
  'remove',
  'rename',
  'symlink',
  'link',
  'readlink',
  'realpath',
  'copy',
  'extended',
] as const;
export type FileOperation = (typeof fileOperations)[number];

/** Of an open, as SSH_FXP_OPEN names them. */
export const fileFlags = ['read', 'write', 'append', 'create', 'truncate', 'exclusive'] as const;
export type FileFlag = (typeof fileFlags)[number];

/** What a setstat changes, or a new file gets. */
export const fileAttributes = ['size', 'owner', 'mode', 'times'] as const;
export type FileAttribute = (typeof fileAttributes)[number];

/** `local`: to where the client wants to (`-L`, `-D`, `-W`). `remote`: listens at the target (`-R`). */
export const forwardKinds = ['local', 'remote', 'agent', 'x11', 'tunnel'] as const;
export type ForwardKind = (typeof forwardKinds)[number];

/** What an address is, however it was written. */
export const hostKinds = [
  'name', // a name, which the target resolves: it may lead anywhere
  'loopback', // the target itself: 127.0.0.0/8, ::1, localhost; and 0.0.0.0 and ::, where a connection goes there
  'every', // to listen at: every address of the target
  'private', // RFC 1918, RFC 6598, RFC 4193
  'link_local', // RFC 3927, RFC 4291: the metadata services of clouds are here
  'multicast',
  'reserved', // for what is not there yet, or for documentation and tests: RFC 6890
  'public',
] as const;
export type HostKind = (typeof hostKinds)[number];

/**
 * One thing that a client asks for over SSH: of an exec line one simple command, of sftp one operation.
 * Field names are those of the policy input; flat on purpose: rules read `input.command.name`. What a request does not have is empty or null.
 */
export interface SshCommand extends CommandFrame {
  readonly protocol: 'ssh';
  readonly action: SshEffect;
  readonly effects: readonly SshEffect[];
  readonly request: SshRequest;
  /** With a terminal (`pty-req`): exec and shell. */
  readonly pty: boolean;
  /** The whole line of an exec. `text` is the part of it that is this command. */
  readonly line: string;
  /** Why the line is none of the shell's; null when it parses. */
  readonly parse_error: string | null;
  readonly kind: ShellKind;
  /**
   * What is run: its plain name where it is given so or in a system directory (`/usr/bin/ls` is `ls`), otherwise the path as written.
   * Null when it cannot be known; empty where nothing is run.
   */
  readonly name: string | null;
  /** The words of the command, quotes resolved, the first being the name as written. Null: one that is not known, and may become none or many. */
  readonly argv: readonly (string | null)[];
  /** Variables set for this command, by itself, by what wraps it or by an env request. Null: a value that is not known. */
  readonly env: readonly EnvironmentFact[];
  /** Of the command and of what is around it, `{ ...; } > file` included. */
  readonly redirects: readonly RedirectFact[];
  /** Place among the simple commands of the line, from 0, those inside of others included. */
  readonly position: { readonly index: number; readonly count: number };
  /** The pipeline that it is a part of: its place in it from 0, and the names of all parts. */
  readonly pipeline: { readonly index: number; readonly names: readonly (string | null)[] };
  /** Names of the programs through which it is run, outermost first: `sudo`, `env`, `sh`, `xargs` ... */
  readonly wrapped_by: readonly string[];
  /** Its output becomes a word or a file of another command: `$(...)`, `<(...)`. */
  readonly substitution: 'command' | 'process' | null;
  /** What cannot be known before it runs. Empty: all of it is as it stands here. */
  readonly dynamic: readonly DynamicFact[];
  /** A command line that is one side of a transfer between two programs. */
  readonly transfer: TransferFact | null;
  readonly file: FileFact | null;
  readonly forward: ForwardFact | null;
  /** Name of the subsystem that is asked for. */
  readonly subsystem: string | null;
  /** Without SIG: `TERM`. */
  readonly signal: string | null;
}

export interface EnvironmentFact {
  readonly name: string;
  readonly value: string | null;
}

export interface RedirectFact {
  /** Null: chosen by the shell (`{fd}>`). */
  readonly fd: number | null;
  /** `text`: a here-document or here-string. `duplicate`: another descriptor, whose number is the path. */
  readonly operation: RedirectOperation;
  /** As written; null when it cannot be known, and for `text`. */
  readonly path: string | null;
}

export interface DynamicFact {
  readonly where: DynamicPlace;
  readonly why: DynamicReason;
  /** The part of the line that it is about, at most 200 characters. */
  readonly text: string;
}

export interface TransferFact {
  readonly tool: 'scp' | 'rsync' | 'git';
  /** `in`: to the target. `out`: from it. */
  readonly direction: 'in' | 'out';
  /** As written; null: one that is not known. */
  readonly paths: readonly (string | null)[];
}

export interface FileFact {
  readonly operation: FileOperation;
  /** What the operation acts on: absolute, normalized, and behind the symbolic links that the host follows. `/` where it is about no file. */
  readonly path: string;
  /** Of a rename, link or copy: the other path; of a symlink: what it leads to. */
  readonly target_path: string | null;
  /** The two as the client named them: absolute and normalized, links not followed. */
  readonly asked_path: string;
  readonly asked_target_path: string | null;
  /** Whether the host could say where links lead. False: the paths are as they were asked for, and nothing is done with them. */
  readonly resolved: boolean;
  readonly flags: readonly FileFlag[];
  readonly attributes: readonly FileAttribute[];
  /** Permissions that are set, in octal: `0644`. */
  readonly mode: string | null;
}

export interface ForwardFact {
  readonly kind: ForwardKind;
  /** To where (`local`), or the address that is listened on (`remote`). Null for sockets in the file system, agent and X11. */
  readonly host: string | null;
  /** Null where `host` is. */
  readonly host_is: HostKind | null;
  readonly port: number | null;
  /** Of a socket in the file system. */
  readonly path: string | null;
}
