import type { SshEffect } from '../../../contract/command-ssh.ts';
import { readOptions, type OptionGrammar } from '../options.ts';
import type { Argument } from '../words.ts';
import { joined, nothing, onlyTells, opaque, runs, unclear, type Inner, type Reader, type Setting } from './reading.ts';

/** A program that runs the command which follows its own options. */
interface Wrapper extends OptionGrammar {
  /** Operands before the command: the seconds of `timeout`, the directory of `chroot`. */
  readonly skip?: number;
  /** `NAME=value` before the command. */
  readonly assignments?: boolean;
  readonly effects?: readonly SshEffect[];
  /** Options with which it runs no command. */
  readonly idle?: readonly string[];
  /** Options with which what it runs is not what follows. */
  readonly opaque?: readonly string[];
  /** Without a command it runs a shell. */
  readonly interactive?: boolean;
}

const digits = '0123456789';
const wrappers: Readonly<Record<string, Wrapper>> = {
  sudo: {
    short: 'AbBC:D:Eeg:h:HiKklnNPp:R:r:SsT:t:U:u:Vv',
    long: [
      ...'background bell preserve-env:: set-home non-interactive stdin no-update list login shell validate'.split(' '),
      ...'remove-timestamp reset-timestamp edit askpass version help preserve-groups'.split(' '),
      ...'user: group: host: prompt: chdir: chroot: close-from: command-timeout: role: type: other-user:'.split(' '),
    ],
    assignments: true,
    effects: ['privilege'],
    // Not -k: with a command it only forgets the password that was typed before.
    idle: ['l', 'list', 'v', 'validate', 'K', 'remove-timestamp', 'V', 'version', 'help'],
    opaque: ['e', 'edit', 'A', 'askpass'],
    interactive: true,
  },
  doas: { short: 'a:C:Lnsu:', effects: ['privilege'], idle: ['C', 'L'], interactive: true },
  pkexec: {
    long: ['user:', 'disable-internal-agent', 'keep-cwd', 'version', 'help'],
    effects: ['privilege'],
    idle: ['version', 'help'],
    interactive: true,
  },
  gosu: { skip: 1, effects: ['privilege'] },
  'su-exec': { skip: 1, effects: ['privilege'] },
  setuidgid: { skip: 1, effects: ['privilege'] },
  setpriv: {
    long: [
      ...'no-new-privs clear-groups keep-groups init-groups list-caps dump reset-env help version'.split(' '),
      ...'ambient-caps: inh-caps: bounding-set: ruid: euid: rgid: egid: reuid: regid: groups: securebits:'.split(' '),
      ...'pdeathsig: selinux-label: apparmor-profile:'.split(' '),
    ],
    short: 'dhV',
    effects: ['privilege'],
    idle: ['d', 'dump', 'list-caps', 'h', 'help', 'V', 'version'],
  },
  unshare: {
    short: 'imnpuUCTfrcS:G:R:w:l:hV',
    long: [
      ...'ipc:: mount:: net:: pid:: uts:: user:: cgroup:: time:: fork kill-child:: mount-proc:: map-root-user'.split(
        ' ',
      ),
      ...'map-current-user map-auto keep-caps map-user: map-group: map-users: map-groups: propagation: setgroups:'.split(
        ' ',
      ),
      ...'root: wd: setuid: setgid: monotonic: boottime:'.split(' '),
    ],
    effects: ['privilege'],
    interactive: true,
  },
  nsenter: {
    short: 't:aFZS:G:m::u::i::n::p::C::U::T::r::w::W:ehV',
    long: [
      ...'all target: mount:: uts:: ipc:: net:: pid:: cgroup:: user:: time:: setuid: setgid: root:: wd:: wdns:'.split(
        ' ',
      ),
      ...'preserve-credentials keep-caps no-fork follow-context env'.split(' '),
    ],
    effects: ['privilege', 'elsewhere'],
    interactive: true,
  },
  chroot: {
    long: ['groups:', 'userspec:', 'skip-chdir'],
    skip: 1,
    effects: ['privilege', 'elsewhere'],
    interactive: true,
  },
  'systemd-run': {
    short: 'dGPqrtH:M:p:E:u:S',
    long: [
      ...'user system scope unit: slice: property: description: remain-after-exit send-sighup uid: gid: nice:'.split(
        ' ',
      ),
      ...'working-directory: same-dir setenv: pty pipe quiet wait collect no-block no-ask-password'.split(' '),
      ...'on-active: on-boot: on-startup: on-unit-active: on-unit-inactive: on-calendar: timer-property:'.split(' '),
    ],
    effects: ['privilege'],
    // Properties (ExecStartPre=) run programs of their own, and units set variables.
    opaque: ['p', 'property', 'E', 'setenv', 'H', 'M', 'S'],
  },
  env: {
    short: '0ivu:C:S:a:',
    long: [
      ...'ignore-environment null debug unset: chdir: split-string: argv0:'.split(' '),
      ...'block-signal:: default-signal:: ignore-signal:: list-signal-handling'.split(' '),
    ],
    assignments: true,
    opaque: ['S', 'split-string'],
  },
  nice: { short: `n:${digits}`, long: ['adjustment:'] },
  nohup: {},
  timeout: {
    short: 'k:s:vfp',
    long: ['kill-after:', 'signal:', 'preserve-status', 'foreground', 'verbose'],
    skip: 1,
  },
  ionice: {
    short: 'c:n:p:P:u:t',
    long: ['class:', 'classdata:', 'pid:', 'pgid:', 'uid:', 'ignore'],
    idle: ['p', 'P', 'u', 'pid', 'pgid', 'uid'],
  },
  chrt: { short: 'abdfioprvT:P:D:R', skip: 1, idle: ['p'] },
  taskset: { short: 'apc', long: ['all-tasks', 'pid', 'cpu-list'], skip: 1, idle: ['p', 'pid'] },
  choom: { short: 'n:p:', idle: ['p'] },
  stdbuf: { short: 'i:o:e:', long: ['input:', 'output:', 'error:'] },
  setsid: { short: 'cfw', long: ['ctty', 'fork', 'wait'] },
  time: {
    short: 'af:o:pqvV',
    long: ['append', 'format:', 'output:', 'portability', 'quiet', 'verbose', 'version'],
    idle: ['V', 'version'],
  },
  strace: {
    short: 'a:b:cCdDe:fFhiI:kno:O:p:P:qrs:S:tTu:U:vVwxX:yYzZE:',
    long: ['output:', 'follow-forks', 'trace:', 'summary-only', 'attach:'],
    // A trace file that begins with | or ! is a command.
    opaque: ['o', 'output', 'E'],
    idle: ['V', 'h'],
  },
  fakeroot: { short: 'ul:s:i:b:hv' },
  unbuffer: { short: 'p' },
  chronic: { short: 've' },
  ifne: { short: 'n' },
  eatmydata: {},
  torsocks: { short: 'idu:p:aqP:', idle: [] },
  torify: {},
  proxychains: { short: 'qf:', opaque: ['f'] },
  proxychains4: { short: 'qf:', opaque: ['f'] },
  'dbus-run-session': { long: ['config-file:', 'dbus-daemon:'], opaque: ['config-file', 'dbus-daemon'] },
  'xvfb-run': { short: 'ae:f:hn:lp:s:w:', opaque: ['s', 'p', 'f'] },
  'ssh-agent': { short: 'acDdksE:P:t:', idle: ['k'], opaque: ['P'] },
  'systemd-inhibit': { long: ['what:', 'who:', 'why:', 'mode:', 'list', 'no-pager', 'no-legend'], idle: ['list'] },
  ...Object.fromEntries(
    ['linux32', 'linux64', 'i386', 'i686', 'x86_64', 'uname26'].map((name) => [name, { short: 'vhB3ILRSTXZFu' }]),
  ),
  'systemd-cat': {
    short: 't:p:',
    long: ['identifier:', 'priority:', 'stderr-priority:', 'level-prefix:', 'namespace:'],
  },
};

/** Of the programs that only prefix a command. */
export const wrapperReaders: ReadonlyMap<string, Reader> = new Map(
  Object.entries(wrappers).map(([name, wrapper]) => [name, readWrapper(wrapper)]),
);

/** @returns reads one that is no program: `command` and `exec` are of the shell */
export function readWrapper(wrapper: Wrapper): Reader {
  const { skip = 0, assignments = false, effects = [], idle = [], interactive = false } = wrapper;
  const obscure = wrapper.opaque ?? [];
  return (args, name) => {
    if (onlyTells(args)) return nothing;
    const read = readOptions(args, wrapper);
    if (!read.ok) return unclear(read, effects);
    const bad = read.given.find(([option]) => obscure.includes(option));
    if (bad) return opaque('option', `${name} -${bad[0]}`, effects);
    if (read.given.some(([option]) => idle.includes(option))) return { ...nothing, effects };
    const skipped = read.operands.slice(0, skip).find((word) => !word.one);
    if (skipped) return opaque('argument', skipped.text, effects);
    const inner = command(read.operands.slice(skip), assignments);
    // Some read options behind what is none: `env -`, `sudo NAME=value -u somebody`.
    const late = inner?.words[0];
    if (late?.value?.startsWith('-') === true) return opaque('option', late.text, effects);
    if (inner !== undefined) return runs(inner, effects);
    return interactive ? opaque('interactive', name, effects) : { ...nothing, effects };
  };
}

function command(words: readonly Argument[], assignments: boolean): Extract<Inner, { words: unknown }> | undefined {
  const env: Setting[] = [];
  let rest = words;
  while (assignments) {
    const [, name, value] = /^([^=]+)=([\s\S]*)$/.exec(rest[0]?.value ?? '') ?? [];
    if (name === undefined || value === undefined) break;
    env.push({ name, value });
    rest = rest.slice(1);
  }
  return rest.length === 0 ? undefined : { words: rest, env };
}

/** `flock FILE COMMAND`, `flock FILE -c LINE`, `flock DESCRIPTOR`. */
const flock: Reader = (args) => {
  const grammar = {
    short: 'sexnouw:E:FvhV',
    long: [
      ...'shared exclusive unlock nonblock nb wait: timeout: conflict-exit-code: close no-fork verbose'.split(' '),
    ],
  };
  const read = readOptions(args, grammar);
  if (!read.ok) return unclear(read);
  const [file, ...words] = read.operands;
  if (file && !file.one) return opaque('argument', file.text);
  const [first, line] = words;
  if (first === undefined) return nothing;
  if (first.value !== '-c' && first.value !== '--command') return runs({ words });
  return line === undefined ? nothing : runs({ line, shell: 'unknown' });
};

/** `watch` gives its words to a shell, unless with `-x`. */
const watch: Reader = (args) => {
  const grammar = {
    short: 'bcCd::efgn:pq:rs:twxvh',
    long: [
      ...'beep color no-color differences:: errexit follow chgexit interval: precise equexit: no-rerun'.split(' '),
      ...'shotsdir: no-title no-wrap exec'.split(' '),
    ],
  };
  const read = readOptions(args, grammar);
  if (!read.ok) return unclear(read);
  if (read.operands.length === 0) return nothing;
  const direct = read.given.some(([option]) => option === 'x' || option === 'exec');
  return runs(direct ? { words: read.operands } : { line: joined(read.operands), shell: 'unknown' });
};

/** `busybox ls`: the rest is a command of its own. */
const applet: Reader = (args) => {
  const [first] = args;
  if (first === undefined || onlyTells(args) || first.value === '--list') return nothing;
  if (first.value?.startsWith('-') === true) return opaque('option', first.text);
  return runs({ words: args });
};

export const otherWrappers: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['flock', flock],
  ['watch', watch],
  ['busybox', applet],
  ['toybox', applet],
]);
