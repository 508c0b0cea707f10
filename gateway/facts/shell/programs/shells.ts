import type { SshEffect } from '../../../contract/command-ssh.ts';
import type { Argument, Shell } from '../words.ts';
import { joined, nothing, onlyTells, opaque, readAll, runs, unclear, type Reader, type Reading } from './reading.ts';

/** Options of shells that change nothing about which commands a line holds. */
const harmless = /^-[abcefhlmnpuvxBCEPT]+$/;
const harmlessLong = new Set(['--norc', '--noprofile', '--login', '--verbose', '--noediting']);
const harmlessNames = new Set(
  'allexport errexit noclobber noexec noglob nounset pipefail verbose xtrace errtrace functrace'.split(' '),
);

/** A shell of the POSIX family: `-c LINE`, a script, or standard input. */
function shell(reads: Shell): Reader {
  return (args) => {
    if (onlyTells(args)) return nothing;
    let isLine = false;
    let i = 0;
    for (; i < args.length; i++) {
      const word = args[i];
      if (word === undefined) break;
      if (word.value === null) return opaque('argument', word.text);
      if (word.value === '-' || word.value === '--') {
        i++;
        break;
      }
      if (!/^[-+]/.test(word.value)) break;
      if (word.value === '-o' && harmlessNames.has(args[i + 1]?.value ?? '')) {
        i++;
        continue;
      }
      if (harmlessLong.has(word.value)) continue;
      if (!harmless.test(word.value)) return opaque('option', word.text);
      isLine ||= word.value.includes('c');
    }
    const first = args[i];
    if (isLine) return first === undefined ? nothing : runs({ line: first, shell: reads });
    return first === undefined ? opaque('stdin', 'its standard input') : opaque('script', first.text);
  };
}

/** Shells with a grammar of their own. */
const otherShell: Reader = (args) => {
  if (onlyTells(args)) return nothing;
  const [first] = args;
  return first === undefined ? opaque('stdin', 'its standard input') : opaque('code', first.text);
};

const privilege: readonly SshEffect[] = ['privilege'];

/** `su -c LINE user`, and `su user -c LINE`. */
const su: Reader = (args) => {
  if (onlyTells(args)) return nothing;
  const grammar = {
    short: 'c:fg:G:lmpPs:T:w:hV',
    long: [
      ...'command: fast group: supp-group: login preserve-environment pty shell: session-command:'.split(' '),
      'whitelist-environment:',
    ],
  };
  const read = readAll(
    args.filter((word) => word.value !== '-'),
    grammar,
  );
  return read.ok ? asOther(read.given, read.operands.slice(1)) : unclear(read, privilege);
};

/** `runuser` is `su`, or with `-u` a prefix. */
const runuser: Reader = (args) => {
  const [first, , ...words] = args;
  if (first?.value !== '-u') return su(args, 'runuser');
  const command = words[0]?.value === '--' ? words.slice(1) : words;
  if (command[0]?.value?.startsWith('-') === true) return opaque('option', command[0].text, privilege);
  return command.length === 0 ? opaque('interactive', 'runuser', privilege) : runs({ words: command }, privilege);
};

function asOther(given: readonly (readonly [string, Argument | null])[], rest: readonly Argument[]): Reading {
  const other = given.find(([option]) => option === 's' || option === 'shell' || option === 'session-command');
  if (other) return opaque('option', `-${other[0]}`, privilege);
  const line = given.find(([option]) => option === 'c' || option === 'command')?.[1];
  if (line) return runs({ line, shell: 'unknown' }, privilege);
  const [script] = rest;
  return script === undefined ? opaque('interactive', 'a shell', privilege) : opaque('script', script.text, privilege);
}

/** `sg GROUP -c LINE`, `sg GROUP LINE`. */
const sg: Reader = (args) => {
  const words = args.filter((word) => word.value !== '-c' && word.value !== '-').slice(1);
  if (words.length === 0) return opaque('interactive', 'a shell', privilege);
  return runs({ line: joined(words), shell: 'unknown' }, privilege);
};

/** `script -c LINE`: a terminal's recording. Without a line it is an interactive shell. */
const script: Reader = (args) => {
  if (onlyTells(args)) return nothing;
  const read = readAll(args, {
    short: 'aB:c:eE:fI:O:m:o:qT:t::hV',
    long: [
      ...'append command: return flush quiet force log-in: log-out: log-io: log-timing: logging-format:'.split(' '),
      ...'output-limit: echo: timing::'.split(' '),
    ],
  });
  if (!read.ok) return unclear(read);
  const [, more] = read.operands;
  if (more) return opaque('option', more.text, ['write']);
  const line = read.given.find(([option]) => option === 'c' || option === 'command')?.[1];
  return line ? runs({ line, shell: 'unknown' }, ['write']) : opaque('interactive', 'a shell', ['write']);
};

const interactive: Reader = (args, name) => (onlyTells(args) ? nothing : opaque('interactive', name, privilege));

export const shellReaders: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['bash', shell('bash')],
  ['rbash', shell('bash')],
  ...['sh', 'dash', 'ash', 'ksh', 'ksh93', 'mksh', 'lksh', 'pdksh', 'posh', 'yash'].map(
    (name) => [name, shell('unknown')] as const,
  ),
  ...['zsh', 'rzsh', 'fish', 'csh', 'tcsh', 'rc', 'es', 'nu', 'elvish', 'xonsh', 'pwsh', 'osh', 'ysh'].map(
    (name) => [name, otherShell] as const,
  ),
  ['su', su],
  ['runuser', runuser],
  ['sg', sg],
  ['newgrp', interactive],
  ['login', interactive],
  ['script', script],
]);
