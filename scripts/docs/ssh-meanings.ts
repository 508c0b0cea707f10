import type { DynamicReason, ShellKind, SshEffect } from '../../gateway/contract/command-ssh.ts';

/** What the fields of `rules.ssh` mean. A test compares the keys with the published schema, both ways. */
export const sshMeanings: Readonly<Record<string, string>> = {
  'command.action': 'The strongest effect',
  'command.effects': 'All effects, strongest first',
  'command.request':
    'What the client asked for. `exec`: one simple command of its line. `sftp`: one operation, scp over sftp included',
  'command.pty': 'With a terminal',
  'command.line': 'The whole line of an exec; `text` is the part of it that is this command',
  'command.parse_error': 'Why the line is not one of the shell’s; null when it parses',
  'command.kind': 'What a simple command is in the shell’s grammar',
  'command.name':
    'What is run: the plain name where it is given so or in a system directory (`/usr/bin/ls` is `ls`), otherwise the path as written. Null when it cannot be known, empty where nothing is run',
  'command.argv':
    'The command’s words, quotes resolved, the name as written first. Null: a word that is not known, which may become none or many',
  'command.env[].name': 'Of a variable that is set for this command: by itself, by what wraps it, or by an env request',
  'command.env[].value': 'Null: not known',
  'command.redirects[].fd': 'Descriptor; null when the shell picks one',
  'command.redirects[].operation':
    'What the descriptor becomes. `duplicate`: another descriptor, whose number is the path. `text`: a here-document or here-string',
  'command.redirects[].path': 'As written; null when it cannot be known, and for `text`',
  'command.position.index': 'Place among the simple commands of the line, from 0, those inside of others included',
  'command.position.count': 'How many they are',
  'command.pipeline.index': 'Place in its pipeline, from 0',
  'command.pipeline.names': 'Names of all parts of the pipeline',
  'command.wrapped_by':
    'Programs through which it is run, outermost first: `sudo`, `env`, `sh`, `xargs`. Each of them is a command of its own too',
  'command.substitution': 'Its output becomes words of another command (`command`) or a file for it (`process`)',
  'command.dynamic[].where': 'What cannot be known before it runs. `command`: which code',
  'command.dynamic[].why': 'Why not',
  'command.dynamic[].text': 'The part of the line that it is about',
  'command.transfer.tool':
    'Of a line that is one side of a transfer, such as `rsync --server` or `git-upload-pack`; `transfer` is null otherwise',
  'command.transfer.direction': 'To the target (`in`) or from it (`out`)',
  'command.transfer.paths': 'As written; null: one that is not known',
  'command.file.operation': 'Of sftp; `file` is null otherwise',
  'command.file.path':
    'What the operation acts on: absolute, normalized, and behind the symbolic links that the host follows. `/` where it is about no file',
  'command.file.target_path': 'Of a rename, link or copy the other path; of a symbolic link what it leads to',
  'command.file.asked_path': 'The path as the client named it: absolute and normalized, links not followed',
  'command.file.asked_target_path': 'The same of the other path',
  'command.file.resolved':
    'Whether the host could say where links lead. False: the paths are as they were asked for, and nothing is done with them',
  'command.file.flags': 'Of an open',
  'command.file.attributes': 'What a setstat changes, or a new file gets',
  'command.file.mode': 'Permissions that are set, in octal: `0644`',
  'command.forward.kind':
    '`local`: the client connects through the target (`-L`, `-D`, `-W`). `remote`: the target listens (`-R`). `forward` is null otherwise',
  'command.forward.host': 'Where to, or the address that is listened on',
  'command.forward.host_is':
    'What that address is, however it was spelled: `loopback` is the target itself, `name` one that it resolves. [All of them](../how-to/forward-through-hosts.md)',
  'command.forward.port': 'Its port',
  'command.forward.path': 'Of a socket in the file system',
  'command.subsystem': 'Its name',
  'command.signal': 'Without SIG: `TERM`',
};

export const sshEffectMeanings = {
  opaque: 'runs code that cannot be known before it runs',
  shell: 'an interactive shell',
  forward: 'carries other connections: ports, sockets, X11, the client’s key agent',
  privilege: 'runs as somebody else, or with other rights: sudo, su, setpriv, unshare',
  elsewhere: 'runs on another host, in a container or under another root: ssh, kubectl exec, docker exec, chroot',
  subsystem: 'a program of the server’s configuration, other than sftp',
  remove: 'removes a file or directory, by sftp',
  write: 'writes files: a redirect, an upload, a directory, a link, attributes',
  run: 'runs a program whose name and arguments policy sees',
  set: 'changes nothing but the shell itself or its environment: variables, functions, options',
  read: 'reads files: a redirect, a download, a listing',
  signal: 'a signal to a command that runs',
} as const satisfies Record<SshEffect, string>;

export const kindMeanings = {
  program: 'found by its name or path',
  builtin: 'of bash itself',
  function: 'defined in the same line',
  assignment: 'only sets variables',
  redirect: 'only opens files',
  construct: '`for`, `case`, `[[ ]]`, `(( ))`: only where something of it is dynamic or redirected',
  unknown: 'its name cannot be known, or the line does not parse',
  none: 'not an exec',
} as const satisfies Record<ShellKind, string>;

export const reasonMeanings = {
  variable: '`$x`, `${x}`, `$1`, `$@`',
  substitution: '`$(...)`: what it prints',
  process: '`<(...)`, `>(...)`',
  arithmetic:
    '`$((...))`, `((...))`, `[[ -eq ]]`: a variable’s value is computed, and can run code by an index `a[$(...)]`',
  glob: '`*`, `?`, `[ ]` and extended patterns: which files there are',
  brace: '`{a,b}`, `{1..9}`',
  tilde: '`~`, `~user`',
  function: 'the name is a function of the same line',
  alias: 'the line defines aliases or switches them on',
  eval: '`eval`, `trap` and the like, of a text that is not known',
  source: '`source` and `.`: a file of the host',
  stdin: 'an interpreter that reads its program from standard input',
  script: 'an interpreter that runs a file of the host',
  code: 'a program in another language than shell: `python -c`, `awk`, `vim -c`',
  configuration: 'reads elsewhere what it runs: `make`, git’s hooks, `crontab`',
  environment: 'a variable that decides what runs: `PATH`, `LD_PRELOAD`, `BASH_ENV`',
  lookup: 'the line changes how names are found: `PATH`, `hash`, `enable`',
  argument: 'an argument that is not known could name a program to run',
  option: 'an option that is not known, of a program that can run others',
  interactive: 'takes its commands from a terminal or another connection',
  nested: 'nested deeper than is looked into',
  dialect: 'other shells read this otherwise than bash',
  unparsed: 'not a line of shell',
} as const satisfies Record<DynamicReason, string>;
