import type { SshEffect } from '../../../contract/command-ssh.ts';
import { readOptions, type OptionGrammar } from '../options.ts';
import { known, type Argument } from '../words.ts';
import {
  joined,
  nothing,
  onlyTells,
  opaque,
  readAll,
  runs,
  together,
  unclear,
  type Reader,
  type Reading,
} from './reading.ts';

const elsewhere: readonly SshEffect[] = ['elsewhere'];

const sshOptions = { short: '46AaCfGgKkMNnqsTtVvXxYyB:b:c:D:E:e:F:I:i:J:L:l:m:O:o:p:P:Q:R:S:W:w:' };
/** Settings whose value ssh gives to a shell, and those that are no commands. */
const sshCommands = new Set(['proxycommand', 'localcommand', 'knownhostscommand', 'remotecommand']);
const sshHarmless = new Set(
  [
    'stricthostkeychecking userknownhostsfile globalknownhostsfile connecttimeout connectionattempts batchmode port user loglevel',
    'serveraliveinterval serveralivecountmax identityfile identitiesonly passwordauthentication pubkeyauthentication compression',
    'preferredauthentications hostkeyalgorithms kexalgorithms ciphers macs tcpkeepalive requesttty hostname hostkeyalias checkhostip',
    'numberofpasswordprompts addressfamily updatehostkeys',
  ].flatMap((names) => names.split(' ')),
);

/** `ssh [options] host [options] words`: the words are joined and given to a shell over there. */
const ssh: Reader = (args) => {
  const before = readOptions(args, sshOptions);
  if (!before.ok) return unclear(before, elsewhere);
  const [host, ...others] = before.operands;
  if (host === undefined) return nothing;
  if (!host.one) return opaque('argument', host.text, elsewhere);
  const after = readOptions(others, sshOptions);
  if (!after.ok) return unclear(after, elsewhere);
  const given = [...before.given, ...after.given];
  const words = after.operands;
  const has = (letters: string) => given.some(([name]) => letters.includes(name));
  const remote = (): Reading => {
    if (words.length > 0) return has('s') ? nothing : runs({ line: joined(words), shell: 'unknown' });
    return has('NGQVO') ? nothing : opaque('interactive', 'a shell over there');
  };
  const effects: readonly SshEffect[] = has('LRDWwAXY') ? ['forward', 'elsewhere'] : elsewhere;
  return { ...together(sshSettings(given), remote()), effects };
};

function sshSettings(given: readonly (readonly [string, Argument | null])[]): Reading {
  const readings = given.map(([name, value]): Reading => {
    // Another configuration, a library to load, a socket of somebody else.
    if ('FISOE'.includes(name)) return opaque('option', `-${name}`);
    if (name !== 'o') return nothing;
    if (value === null || value.value === null) return opaque('argument', value?.text ?? '-o');
    const [, key = '', text = ''] = /^\s*(\w+)[\s=]+([\s\S]*)$/.exec(value.value) ?? [];
    if (sshHarmless.has(key.toLowerCase())) return nothing;
    if (!sshCommands.has(key.toLowerCase())) return opaque('option', value.text);
    // %h and the like become words of the host's name.
    return text.includes('%')
      ? opaque('argument', value.text)
      : runs({ line: known(text, value.text), shell: 'unknown' });
  });
  return together(...readings);
}

/** scp and sftp: the same settings. One side of a transfer has `-t` or `-f`. */
const copies: Reader = (args, name) => {
  const short = name === 'scp' ? '346ABCOpqRrsTvtfdc:D:F:i:J:l:o:P:S:X:' : '46AaCfNpqrvB:b:c:D:F:i:J:l:o:P:R:S:s:X:';
  const read = readOptions(args, { short });
  if (!read.ok) return unclear(read, elsewhere);
  const bad = read.given.find(([option]) => 'SFDbs'.includes(option));
  if (bad) return opaque('option', `-${bad[0]}`, elsewhere);
  // A line of its input that begins with ! is for a shell on this side.
  if (name === 'sftp') return opaque('stdin', 'its standard input', elsewhere);
  const isSide = read.given.some(([option]) => 'tf'.includes(option));
  const loose = isSide ? undefined : read.operands.find((word) => word.value === null);
  if (loose) return opaque('argument', loose.text, elsewhere);
  return { ...sshSettings(read.given.filter(([option]) => option === 'o')), effects: isSide ? [] : elsewhere };
};

/** A client that runs a command in a container: `kubectl exec`, `docker exec`. */
interface Client {
  readonly globals: OptionGrammar;
  /** Of the subcommand that runs one. */
  readonly exec: OptionGrammar;
  /** Subcommands that only look. */
  readonly looks: string;
  /** The command comes after `--`. */
  readonly dashes?: boolean;
}

const kubeGlobals = {
  short: 'n:s:v:c:it',
  long: [
    ...'namespace: context: cluster: user: server: as: as-group: as-uid: request-timeout: container: stdin tty quiet'.split(
      ' ',
    ),
    ...'insecure-skip-tls-verify pod-running-timeout:'.split(' '),
  ],
};
const dockerGlobals = { short: 'H:l:D', long: ['host:', 'log-level:', 'debug', 'context:', 'tls', 'tlsverify'] };
const dockerExec = {
  short: 'dite:u:w:',
  long: ['detach', 'interactive', 'tty', 'privileged', 'env:', 'user:', 'workdir:', 'env-file:', 'detach-keys:'],
};
const dockerLooks = 'ps images logs inspect stats top version info port diff events history search';
const docker = { globals: dockerGlobals, exec: dockerExec, looks: dockerLooks };
const clients: Readonly<Record<string, Client>> = {
  kubectl: {
    globals: kubeGlobals,
    exec: kubeGlobals,
    looks: 'get describe logs top version api-resources api-versions explain cluster-info auth events wait',
    dashes: true,
  },
  docker,
  podman: docker,
  nerdctl: docker,
  crictl: {
    globals: { short: 'r:i:D' },
    exec: { short: 'ist', long: ['sync', 'tty', 'interactive'] },
    looks: 'ps images logs inspect pods stats version info',
  },
  lxc: {
    globals: {},
    exec: { long: ['env:', 'cwd:', 'user:', 'group:', 'mode:'], short: 'nTt' },
    looks: 'list info version',
  },
};
clients satisfies Readonly<Record<string, Client>>;

function client({ globals, exec, looks, dashes = false }: Client): Reader {
  const looking = new Set(looks.split(' '));
  return (args, name) => {
    if (onlyTells(args)) return nothing;
    const split = dashes ? args.findIndex((word) => word.value === '--') : -1;
    const own = split < 0 ? args : args.slice(0, split);
    const before = readOptions(own, globals);
    if (!before.ok) return unclear(before, elsewhere);
    const [sub, ...rest] = before.operands;
    if (sub === undefined) return nothing;
    if (sub.value === null) return opaque('argument', sub.text, elsewhere);
    if (looking.has(sub.value)) return nothing;
    if (sub.value !== 'exec') return opaque('configuration', `${name} ${sub.value}`, elsewhere);
    const after = dashes ? readAll(rest, exec) : readOptions(rest, exec);
    if (!after.ok) return unclear(after, elsewhere);
    const [container, ...others] = after.operands;
    if (container !== undefined && !container.one) return opaque('argument', container.text, elsewhere);
    const words = dashes && split >= 0 ? args.slice(split + 1) : others;
    return words.length === 0
      ? opaque('option', `${name} exec`, elsewhere)
      : runs({ words: afterDashes(words) }, elsewhere);
  };
}

function afterDashes(words: readonly Argument[]): readonly Argument[] {
  return words[0]?.value === '--' ? words.slice(1) : words;
}

/** `ip netns exec NAME COMMAND`; the rest of `ip` runs nothing but `-batch` files. */
const ip: Reader = (args) => {
  const loose = args.find((word) => word.value === null);
  if (loose) return opaque('argument', loose.text);
  const values = args.map((word) => word.value ?? '');
  const at = values.findIndex(
    (value, i) =>
      isShort('exec', value, 1) && isShort('netns', values[i - (values[i - 1] === '-all' ? 2 : 1)] ?? '', 3),
  );
  const batch = args.find((word) => /^--?b(?:a(?:t(?:ch?)?)?)?$/.test(word.value ?? ''));
  if (batch) return opaque('script', batch.text);
  if (at < 0) return values.some((value) => isShort('vrf', value, 3)) ? opaque('option', 'ip vrf') : nothing;
  const words = args.slice(at + 2);
  return words.length === 0 ? nothing : runs({ words }, ['elsewhere', 'privilege']);
};

/** iproute2 takes any beginning of a word. */
function isShort(word: string, given: string, atLeast: number): boolean {
  return given.length >= atLeast && word.startsWith(given);
}

export const remoteReaders: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['ssh', ssh],
  ['scp', copies],
  ['sftp', copies],
  ['ip', ip],
  ...Object.entries(clients).map(([name, one]) => [name, client(one)] as const),
  ...[
    'oc',
    'lxc-attach',
    'machinectl',
    'ctr',
    'gcloud',
    'aws',
    'az',
    'mosh',
    'autossh',
    'sshpass',
    'rclone',
    'unison',
  ].map((name): readonly [string, Reader] => [
    name,
    (args) =>
      onlyTells(args) ? nothing : opaque('option', [name, ...args.map((word) => word.text)].join(' '), elsewhere),
  ]),
]);
