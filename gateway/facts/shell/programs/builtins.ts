import { readOptions } from '../options.ts';
import { isComputed, isDecisive } from '../variables.ts';
import { known, type Argument, type Shell } from '../words.ts';
import { joined, nothing, opaque, runs, unclear, type Reader, type Reading } from './reading.ts';
import { readWrapper } from './wrappers.ts';

/** What a builtin does to the meaning of the whole line: names are found otherwise, or replaced. */
export interface BuiltinReading extends Reading {
  readonly changes?: 'lookup' | 'alias';
}
type BuiltinReader = (args: readonly Argument[], shell: Shell) => BuiltinReading;

/** bash 5.2's builtins that do nothing but with the shell itself, whatever their words. */
const plain =
  ': bg break caller cd continue dirs disown echo exit false fg help jobs kill logout popd pushd pwd return suspend times true type umask';

/**
 * Names of variables: one with an index is computed, and an index runs code by `$(...)`. One that is not known could be such a name,
 * and some variables decide what runs.
 */
function names(words: readonly Argument[], shell: Shell): BuiltinReading {
  const loose = words.find((word) => word.value === null);
  if (loose) return opaque('argument', loose.text);
  const index = words.find((word) => /\[(?!(?:\d+|@|\*)\](?:=|$))/.test(nameOf(word)));
  if (index) return opaque('arithmetic', index.text);
  // declare "x=(...)" reads its value once more, as the words of an array.
  const list = words.find((word) => /^\w+\+?=\(/.test(word.value ?? ''));
  if (list) return opaque('eval', list.text);
  const decides = (word: Argument): boolean =>
    isDecisive(nameOf(word)) || (shell !== 'bash' && isComputed(nameOf(word), valueOf(word)));
  return words.some(decides) ? { ...nothing, changes: 'lookup' } : nothing;
}

/** Of `NAME`, `NAME=value`, `NAME+=value`. */
function nameOf(word: Argument): string {
  return (word.value ?? '').replace(/\+?=[\s\S]*$/, '');
}

function valueOf(word: Argument): string | null {
  return /=([\s\S]*)$/.exec(word.value ?? '')?.[1] ?? null;
}

/** Options, then names. @param named options whose value is a name too */
function taking(short: string, named = ''): BuiltinReader {
  return (args, shell) => {
    const read = readOptions(args, { short });
    if (!read.ok) return unclear(read);
    const values = read.given.flatMap(([option, value]) => (named.includes(option) && value ? [value] : []));
    return names([...values, ...read.operands], shell);
  };
}

/** `declare` and its kin, without `-i`, which computes all that is assigned later, and `-n`, which makes one name stand for another. */
const declares = taking('aAfFgIlprtux');
/** Without `-a` and `-A` the value is what it is, and so may be one that is not known: the name alone counts. Old versions of dash split it. */
const exports: BuiltinReader = (args, shell) =>
  taking('fnp')(
    args.map((word) =>
      word.value === null && word.assigns !== undefined && (shell === 'bash' || word.one)
        ? known(`${word.assigns}=`, word.text)
        : word,
    ),
    shell,
  );

const evaluates: BuiltinReader = (args, shell) => {
  const words = args[0]?.value === '--' ? args.slice(1) : args;
  if (words.length === 0) return nothing;
  return words.every((word) => word.value !== null)
    ? runs({ line: joined(words), shell })
    : opaque('eval', joined(words).text);
};

const trap: BuiltinReader = (args, shell) => {
  const words = args[0]?.value === '--' ? args.slice(1) : args;
  const [action, signal] = words;
  if (action === undefined || signal === undefined)
    return action?.value === null ? opaque('eval', action.text) : nothing;
  if (action.value === '-' || action.value === '' || action.value === '-p' || action.value === '-l') return nothing;
  return action.value === null ? opaque('eval', action.text) : runs({ line: action, shell });
};

const settable = new Set(
  `allexport braceexpand emacs errexit errtrace functrace hashall ignoreeof interactive-comments monitor noclobber noexec noglob nolog notify
  nounset onecmd physical pipefail privileged verbose vi xtrace`.split(/\s+/),
);

/** `set`: what is after `--` are only words. `-k` makes assignments of arguments, `-o posix` and `-o history` change how the line is read. */
const set: BuiltinReader = (args) => {
  for (let i = 0; i < args.length; i++) {
    const word = args[i];
    if (word === undefined || word.value === '--' || word.value === '-') break;
    if (word.value === null) return opaque('argument', word.text);
    if (!/^[-+]/.test(word.value)) break;
    if (!/^[-+][abefhmnptuvxBCETP]*o?$/.test(word.value)) return opaque('option', word.text);
    if (word.value.endsWith('o') && args[i + 1] !== undefined) {
      const name = args[++i];
      if (!settable.has(name?.value ?? '')) return opaque('option', name?.text ?? '');
    }
  }
  return nothing;
};

const shopt: BuiltinReader = (args) => {
  const loose = args.find((word) => word.value === null);
  if (loose) return opaque('argument', loose.text);
  const bad = args.find(({ value }) =>
    ['expand_aliases', 'extdebug', 'sourcepath', 'posix', 'histexpand', 'keyword'].includes(value ?? ''),
  );
  return bad ? { ...nothing, changes: 'alias' } : nothing;
};

const alias: BuiltinReader = (args) =>
  args.some((word) => word.value === null || word.value.includes('=')) ? { ...nothing, changes: 'alias' } : nothing;

const enable: BuiltinReader = (args) => {
  const library = args.find((word) => word.value === null || /^-\w*[fd]/.test(word.value));
  if (library) return { ...opaque('lookup', library.text), changes: 'lookup' };
  return args.length === 0 ? nothing : { ...nothing, changes: 'lookup' };
};

const hash: BuiltinReader = (args) =>
  args.every((word) => word.value === '-r' || word.value === '-l') ? nothing : { ...nothing, changes: 'lookup' };

const source: BuiltinReader = (args) => (args.length === 0 ? nothing : opaque('source', args[0]?.text ?? ''));

const letCommand: BuiltinReader = (args) => {
  const computed = args.find((word) => word.value === null || !/^[\d\s+*/%()<>=!&|^~-]+$/.test(word.value));
  return computed ? opaque('arithmetic', computed.text) : nothing;
};

const printf: BuiltinReader = (args, shell) => {
  const [first, name] = args;
  if (first === undefined) return nothing;
  if (first.value === null) return opaque('argument', first.text);
  if (!first.value.startsWith('-v')) return nothing;
  const variable = first.value === '-v' ? name : { ...first, value: first.value.slice(2) };
  return variable ? names([variable], shell) : nothing;
};

const mapfile: BuiltinReader = (args, shell) => {
  const read = readOptions(args, { short: 'd:n:O:s:tu:C:c:' });
  if (!read.ok) return unclear(read);
  const callback = read.given.find(([option]) => option === 'C');
  return callback ? opaque('eval', callback[1]?.text ?? '-C') : names(read.operands, shell);
};

const unary = /^-[abcdefghknprstuwxzGLNOS]$/;
const binary = /^(?:=|==|!=|<|>|-eq|-ne|-lt|-le|-gt|-ge|-nt|-ot|-ef)$/;

/** `test`: `-v` and `-R` take names. A word that is not known could be such an operator, unless where it stands makes it an operand. */
const test: BuiltinReader = (args, shell) => {
  const words = args.at(-1)?.value === ']' ? args.slice(0, -1) : args;
  const computed = shell === 'bash' ? undefined : words.find((word, i) => isCompared(words, i) && !isNumber(word));
  if (computed) return opaque(computed.value === null ? 'argument' : 'arithmetic', computed.text);
  const named = words.flatMap((word, i) => (['-v', '-R'].includes(word.value ?? '') ? words.slice(i + 1, i + 2) : []));
  const loose = words.find((word) => word.value === null);
  if (loose === undefined) return names(named, shell);
  const [first, second, third] = words[0]?.value === '!' ? words.slice(1) : words;
  const count = words[0]?.value === '!' ? words.length - 1 : words.length;
  const isSingle = words.every((word) => word.one);
  if (isSingle && count === 1) return nothing;
  if (isSingle && count === 2 && unary.test(first?.value ?? '')) return nothing;
  if (isSingle && count === 3 && binary.test(second?.value ?? '') && third) return nothing;
  return opaque('argument', loose.text);
};

/** Whether `test` compares this word as a number. One that is not known may be the operator, and so may what stands beside it. */
function isCompared(words: readonly Argument[], at: number): boolean {
  const isOperator = (word: Argument | undefined) => /^-(?:eq|ne|lt|le|gt|ge)$/.test(word?.value ?? '');
  return (
    isOperator(words[at - 1]) || isOperator(words[at + 1]) || (words[at]?.value === null && words.some(isOperator))
  );
}

/** Of names too mksh takes the value for one more thing to compute. */
function isNumber({ value }: Argument): boolean {
  return value !== null && /^\s*[-+]?\d+\s*$/.test(value);
}

/** Numbers to bash, and to mksh what is computed: `shift 'a[$(id)]'`, and `shift x` if that is what `x` holds. */
const counts: BuiltinReader = (args, shell) => {
  const isPlain = (word: Argument) =>
    isNumber(word) || /^(?:-[A-Za-z]+|\d*\.\d+|unlimited|hard|soft)$/.test(word.value ?? '');
  const computed = shell === 'bash' ? undefined : args.find((word) => !isPlain(word));
  return computed ? opaque('arithmetic', computed.text) : nothing;
};

const readsNames = taking('ersEa:d:i:n:N:p:t:u:', 'a');
const read: BuiltinReader = (args, shell) => {
  const options = readOptions(args, { short: 'ersEa:d:i:n:N:p:t:u:' });
  const given = options.ok ? options.given : [];
  const computed = counts(
    given.flatMap(([option, value]) => ('nNtu'.includes(option) && value ? [value] : [])),
    shell,
  );
  return computed.opaque.length > 0 ? computed : readsNames(args, shell);
};

const jobs: BuiltinReader = (args) => {
  const at = args.findIndex((word) => word.value === null || /^-\w*x/.test(word.value));
  if (at < 0) return nothing;
  if (args[at]?.value === null) return opaque('argument', args[at].text);
  return runs({ words: args.slice(args[at + 1]?.value === '--' ? at + 2 : at + 1) });
};

const wait: BuiltinReader = (args, shell) => {
  const at = args.findIndex((word) => /^-\w*p/.test(word.value ?? ''));
  return at < 0
    ? nothing
    : names(args[at]?.value === '-p' ? args.slice(at + 1, at + 2) : [{ ...args[at], value: null } as Argument], shell);
};

const kinds: Readonly<Record<string, BuiltinReader>> = {
  eval: evaluates,
  trap,
  set,
  shopt,
  alias,
  enable,
  hash,
  '.': source,
  source,
  let: letCommand,
  printf,
  mapfile,
  readarray: mapfile,
  test,
  '[': test,
  jobs,
  wait,
  shift: counts,
  ulimit: counts,
  unalias: () => nothing,
  read,
  unset: taking('fvn'),
  getopts: (args, shell) => names(args.slice(1, 2), shell),
  export: exports,
  readonly: exports,
  declare: declares,
  typeset: declares,
  local: declares,
  bind: (args) => (args.length === 0 ? nothing : opaque('eval', args[0]?.text ?? '')),
  complete: (args) => (args.length === 0 ? nothing : opaque('eval', args[0]?.text ?? '')),
  compopt: (args) => (args.length === 0 ? nothing : opaque('eval', args[0]?.text ?? '')),
  compgen: (args) => (args.length === 0 ? nothing : opaque('eval', args[0]?.text ?? '')),
  fc: () => opaque('eval', 'history'),
  history: () => nothing,
  command: wrapped({ short: 'pvV', idle: ['v', 'V'] }),
  builtin: wrapped({}),
  exec: wrapped({ short: 'cla:' }),
};

function wrapped(wrapper: Parameters<typeof readWrapper>[0]): BuiltinReader {
  const reader: Reader = readWrapper(wrapper);
  return (args) => reader(args, '');
}

const builtins: ReadonlyMap<string, BuiltinReader> = new Map([
  ...plain.split(' ').map((name): [string, BuiltinReader] => [name, () => nothing]),
  ...Object.entries(kinds),
]);

/** Words of zsh and ksh by which they run what follows, or read it otherwise than bash. */
const foreign = new Set(
  '- repeat noglob nocorrect emulate setopt unsetopt integer float functions autoload zmodload sched nameref redirect print vared zparseopts'.split(
    ' ',
  ),
);

/**
 * How a builtin takes its words; undefined for a name that is none.
 * @param shell of one that is not known also the words of others than bash are builtins
 */
export function builtinOf(name: string, shell: Shell): BuiltinReader | undefined {
  if (shell !== 'bash' && foreign.has(name)) return (args) => opaque('dialect', [name, joined(args).text].join(' '));
  return builtins.get(name);
}
