import { readOptions } from '../options.ts';
import { known, unknown, type Argument } from '../words.ts';
import {
  nothing,
  onlyTells,
  opaque,
  runs,
  together,
  unclear,
  type Inner,
  type Reader,
  type Reading,
} from './reading.ts';

const executes = new Set(['-exec', '-execdir', '-ok', '-okdir']);
const writes = new Set(['-fprint', '-fprint0', '-fprintf', '-fls', '-delete']);

/** `find ... -exec COMMAND ;`: what stands for a file is a word that is not known. */
const find: Reader = (args) => {
  const loose = args.find((word) => word.value === null);
  if (loose) return opaque('argument', loose.text);
  const inner: Inner[] = [];
  for (let i = 0; i < args.length; i++) {
    if (!executes.has(args[i]?.value ?? '')) continue;
    const ended = endOf(args, i + 1);
    // Without an end, find itself refuses.
    if (ended === undefined) break;
    inner.push({ words: args.slice(i + 1, ended).map((word) => filled(word, '{}', 'argument')) });
    i = ended;
  }
  return { opaque: [], inner, effects: args.some((word) => writes.has(word.value ?? '')) ? ['write'] : [] };
};

/** A `;`, or a `+` after `{}`. */
function endOf(args: readonly Argument[], from: number): number | undefined {
  const end = args.findIndex(
    ({ value }, i) => i >= from && (value === ';' || (value === '+' && args[i - 1]?.value === '{}')),
  );
  return end < 0 ? undefined : end;
}

/** The word with a placeholder that a file's name or a line of input takes the place of. */
function filled(word: Argument, placeholder: string, why: 'argument' | 'stdin'): Argument {
  return word.value?.includes(placeholder) === true ? unknown(why, word.text, true) : word;
}

/** `xargs COMMAND`: more words come from its input. */
const xargs: Reader = (args) => {
  if (onlyTells(args)) return nothing;
  const read = readOptions(args, {
    short: '0oprtxa:d:E:e::I:i::L:l::n:P:s:S:J:R:',
    long: [
      ...'null open-tty interactive no-run-if-empty verbose exit show-limits arg-file: delimiter: eof:: replace::'.split(
        ' ',
      ),
      ...'max-lines:: max-args: max-procs: max-chars: process-slot-var:'.split(' '),
    ],
  });
  if (!read.ok) return unclear(read);
  if (read.operands.length === 0) return nothing;
  const placeholder = read.given.findLast(([name]) => ['I', 'i', 'replace', 'J'].includes(name));
  const variable = read.given.find(([name]) => name === 'process-slot-var');
  if (variable) return opaque('option', variable[0]);
  if (placeholder === undefined) return runs({ words: [...read.operands, unknown('stdin', 'its standard input')] });
  const sign = placeholder[1] === null ? '{}' : placeholder[1].value;
  if (sign === null || sign === '') return opaque('argument', 'the placeholder');
  return runs({ words: read.operands.map((word) => filled(word, sign, 'stdin')) });
};

/** Options by which a program runs another. */
interface Hooks {
  /** Their values are lines of shell, or words that are split at blanks. */
  readonly long?: readonly string[];
  readonly short?: string;
  /** Options with which it cannot be said what runs. */
  readonly obscure?: readonly string[];
  /** Options with which it writes or changes something. */
  readonly writes?: readonly string[];
  /** As `long`, after one dash. */
  readonly oneDash?: boolean;
}

const hooks: Readonly<Record<string, Hooks>> = {
  sort: { long: ['compress-program'], writes: ['o', 'output'] },
  shuf: { writes: ['o', 'output'] },
  ss: { writes: ['K', 'kill'] },
  journalctl: {
    writes: [
      ...'rotate vacuum-size vacuum-time vacuum-files flush sync relinquish-var smart-relinquish-var setup-keys force'.split(
        ' ',
      ),
      ...'update-catalog cursor-file'.split(' '),
    ],
  },
  split: { long: ['filter'] },
  zip: { long: ['unzip-command'], obscure: ['T'] },
  rg: { long: ['pre', 'hostname-bin'], obscure: ['search-zip'] },
  fd: { obscure: ['x', 'X', 'exec', 'exec-batch'] },
  fdfind: { obscure: ['x', 'X', 'exec', 'exec-batch'] },
  bat: { long: ['pager'] },
  batcat: { long: ['pager'] },
  exiftool: { obscure: ['if', 'config', '@', 'p', 'api', 'use'], oneDash: true },
  c89: { obscure: ['wrapper', 'fplugin', 'B', 'specs', 'load'], oneDash: true },
  c99: { obscure: ['wrapper', 'fplugin', 'B', 'specs', 'load'], oneDash: true },
  ag: { long: ['pager'] },
  ack: { long: ['pager'] },
  tcpdump: { short: 'z' },
  cpio: { long: ['rsh-command'] },
  install: { long: ['strip-program'] },
  diff3: { long: ['diff-program'] },
  sdiff: { long: ['diff-program'] },
  diff: { obscure: ['l', 'paginate'] },
  sshfs: { obscure: ['o', 'ssh_command', 'sftp_server'] },
  'ssh-keygen': { obscure: ['D', 'w'] },
  'ssh-add': { obscure: ['s', 'S'] },
  gpg: {
    obscure: ['photo-viewer', 'agent-program', 'dirmngr-program', 'exec-path', 'keyserver-program', 'pinentry-mode'],
  },
  wget: { long: ['use-askpass'], obscure: ['e', 'execute', 'config'] },
  curl: { obscure: ['K', 'config', 'engine'] },
  nmap: { obscure: ['script', 'sC', 'A', 'datadir', 'servicedb'], oneDash: true },
  openssl: { obscure: ['engine', 'provider', 'provider-path', 'config'], oneDash: true },
  file: { obscure: ['z', 'Z', 'uncompress'] },
  nc: { obscure: ['e', 'c'] },
  netcat: { obscure: ['e', 'c'] },
  'nc.traditional': { obscure: ['e', 'c'] },
  ncat: { obscure: ['e', 'c', 'exec', 'sh-exec', 'lua-exec'] },
  gcc: { obscure: ['wrapper', 'fplugin', 'B', 'specs', 'load'], oneDash: true },
  'g++': { obscure: ['wrapper', 'fplugin', 'B', 'specs', 'load'], oneDash: true },
  cc: { obscure: ['wrapper', 'fplugin', 'B', 'specs', 'load'], oneDash: true },
  ld: { obscure: ['plugin', 'T', 'dynamic-linker'], oneDash: true },
};

/** Every word has to be known: one that is not could be such an option. That is what `tar *` is known for. */
function hooked({ long = [], short = '', obscure = [], writes = [], oneDash = false }: Hooks): Reader {
  return (args, name) => {
    const loose = args.find((word) => word.value === null);
    if (loose) return opaque('argument', loose.text);
    const lines: Argument[] = [];
    let doesWrite = false;
    for (const [i, word] of args.entries()) {
      const value = word.value ?? '';
      if (value === '--') break;
      const [, dashes = '', option = '', given] = /^(--?)([^=]+)(?:=([\s\S]*))?$/.exec(value) ?? [];
      if (dashes === '') continue;
      if (obscure.some((bad) => isMeant(bad, dashes, option, oneDash))) return opaque('option', `${name} ${word.text}`);
      doesWrite ||= writes.some((one) => isMeant(one, dashes, option, oneDash));
      if (dashes === '--' ? long.some((one) => isMeant(one, dashes, option, false)) : hasLetter(option, short)) {
        const line = given === undefined ? args[i + 1] : known(given, word.text);
        // `-zCOMMAND` and `-vz COMMAND`: where the value begins depends on the other letters.
        if (line === undefined || (dashes === '-' && option.length > 1)) return opaque('option', word.text);
        lines.push(line);
      }
    }
    const effects: Reading['effects'] = doesWrite ? ['write'] : [];
    return together({ ...nothing, effects }, ...lines.map((line): Reading => runs({ line, shell: 'unknown' })));
  };
}

/** Reads its first operands, and writes to the next one, or what it sets: `uniq IN OUT`, `hostname NAME`. */
function writesOperand(reads: number, writes: readonly string[], values = ''): Reader {
  return (args) => {
    const known = args.map((word) => word.value);
    const isOption = known.map((value) => value?.startsWith('-') === true && value !== '-');
    const operands = known.filter(
      (value, i) => isOption[i] !== true && value?.startsWith('+') !== true && !isValue(known[i - 1], values),
    );
    const does = known.some((value, i) => value === null || (isOption[i] === true && doesSay(value, writes)));
    return does || operands.length > reads ? { ...nothing, effects: ['write'] } : nothing;
  };
}

/** Whether this is an option whose value is the next word. */
function isValue(before: string | null | undefined, values: string): boolean {
  return before?.startsWith('--') === false && /^-\w+$/.test(before) && values.includes(before.at(-1) ?? '');
}

function doesSay(option: string, writes: readonly string[]): boolean {
  const dashes = option.startsWith('--') ? '--' : '-';
  const [name = ''] = option.slice(dashes.length).split('=');
  return writes.some((one) => isMeant(one, dashes, name, false));
}

function hasLetter(option: string, letters: string): boolean {
  return letters.split('').some((letter) => option.includes(letter));
}

/** GNU programs take any beginning of a long option's name that is no other's; short options may stand together. */
function isMeant(hook: string, dashes: string, option: string, oneDash: boolean): boolean {
  if (oneDash) return option.startsWith(hook) || hook === option;
  if (hook.length === 1) return dashes === '-' && option.includes(hook);
  return dashes === '--' && (hook.startsWith(option) || option.startsWith(hook));
}

/** `tar`: the same, and its first word may be letters without a dash. */
const tar: Reader = (args, name) => {
  if (onlyTells(args)) return nothing;
  const [first] = args;
  const bundled = first?.value?.startsWith('-') === false;
  const dashed = bundled && first.value !== null ? [known(`-${first.value}`, first.text), ...args.slice(1)] : args;
  const remote = args.find((word) => /^[^/=]+:/.test(word.value ?? ''));
  if (remote && !args.some((word) => word.value === '--force-local'))
    return opaque('option', remote.text, ['elsewhere']);
  const action = dashed.flatMap((word) => {
    const [, what] = /^--checkpoint-a\w*(?:-\w*)?=([\s\S]*)$/.exec(word.value ?? '') ?? [];
    return what?.startsWith('exec=') === true ? [known(what.slice('exec='.length), word.text)] : [];
  });
  const spaced = dashed.find((word) => /^--checkpoint-a[\w-]*$/.test(word.value ?? ''));
  if (spaced) return opaque('option', spaced.text);
  const read = tarHooks(dashed, name);
  return together(read, ...action.map((line): Reading => runs({ line, shell: 'unknown' })));
};
const tarHooks = hooked({
  short: 'IF',
  // A line of such a file that begins with a dash is an option.
  obscure: ['T', 'files-from'],
  long: ['use-compress-program', 'to-command', 'info-script', 'new-volume-script', 'rsh-command', 'rmt-command'],
});

/** `rsync -e LINE`; a server is one side of a transfer. */
const rsync: Reader = (args, name) => {
  const loose = args.find((word) => word.value === null);
  if (loose) return opaque('argument', loose.text);
  const isServer = args[0]?.value === '--server';
  // A server's `-e` says what protocol the client speaks: `-vlogDtpre.iLsfxCIvu`.
  const words = isServer ? args.filter((word) => !/^-[a-zA-Z]*e[\d.]*\.[a-zA-Z]*$/.test(word.value ?? '')) : args;
  const read = rsyncHooks(words, name);
  const remote = !isServer && args.some((word) => /^[^/]+:|^rsync:/.test(word.value ?? ''));
  return remote ? { ...read, effects: ['elsewhere'] } : read;
};
const rsyncHooks = hooked({
  short: 'e',
  long: ['rsh'],
  obscure: ['rsync-path', 'daemon', 'config', 'early-input', 'M', 'remote-option'],
});

export const fileReaders: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['find', find],
  ['xargs', xargs],
  ['tar', tar],
  ['bsdtar', tar],
  ['gtar', tar],
  ['rsync', rsync],
  ['uniq', writesOperand(1, [], 'fsw')],
  ['date', writesOperand(0, ['s', 'set'], 'dfr')],
  ['hostname', writesOperand(0, ['F', 'file', 'b', 'boot'])],
  ...Object.entries(hooks).map(([name, one]) => [name, hooked(one)] as const),
]);
