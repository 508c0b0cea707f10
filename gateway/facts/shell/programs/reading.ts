import type { DynamicReason, SshEffect } from '../../../contract/command-ssh.ts';
import { readOptions, type OptionGrammar, type Unclear } from '../options.ts';
import type { Argument, Shell } from '../words.ts';

/** What a program would run, by its arguments. */
export interface Reading {
  /** Why it cannot be known which code it runs. */
  readonly opaque: readonly Opaque[];
  readonly inner: readonly Inner[];
  /** Beyond running. */
  readonly effects: readonly SshEffect[];
}

export interface Opaque {
  readonly why: DynamicReason;
  readonly text: string;
}

/** Something that a program runs: words, or a line for a shell. */
export type Inner =
  | { readonly words: readonly Argument[]; readonly env?: readonly Setting[] }
  | { readonly line: Argument; readonly shell: Shell };

/** A variable that a wrapper sets for what it runs. */
export interface Setting {
  readonly name: string;
  readonly value: string | null;
}

/** @param args the words after the name */
export type Reader = (args: readonly Argument[], name: string) => Reading;

export const nothing: Reading = { opaque: [], inner: [], effects: [] };

export function opaque(why: DynamicReason, text: string, effects: readonly SshEffect[] = []): Reading {
  return { opaque: [{ why, text }], inner: [], effects };
}

export function unclear({ why, text }: Unclear, effects: readonly SshEffect[] = []): Reading {
  return opaque(why, text, effects);
}

export function runs(inner: Inner, effects: readonly SshEffect[] = []): Reading {
  return { opaque: [], inner: [inner], effects };
}

export function together(...readings: readonly Reading[]): Reading {
  return {
    opaque: readings.flatMap((one) => one.opaque),
    inner: readings.flatMap((one) => one.inner),
    effects: [...new Set(readings.flatMap((one) => one.effects))],
  };
}

/** `--version` or `--help` and nothing else: runs nothing, whatever the program. */
export function onlyTells(args: readonly Argument[]): boolean {
  return args.length === 1 && ['--version', '--help'].includes(args[0]?.value ?? '');
}

/** The words as a shell would get them when a program joins them with blanks. */
export function joined(words: readonly Argument[]): Argument {
  const text = words.map((word) => word.text).join(' ');
  const loose = words.find((word) => word.value === null);
  return loose === undefined
    ? { value: words.map((word) => word.value).join(' '), one: true, why: undefined, text }
    : { value: null, one: false, why: loose.why, text };
}

/** Options and operands in any order, as GNU programs read them. */
export function readAll(args: readonly Argument[], grammar: OptionGrammar): ReturnType<typeof readOptions> {
  const given: (readonly [string, Argument | null])[] = [];
  const operands: Argument[] = [];
  let rest = args;
  for (;;) {
    const read = readOptions(rest, grammar);
    if (!read.ok) return read;
    given.push(...read.given);
    const [next, ...others] = read.operands;
    const ended = rest.length > read.operands.length && rest[rest.length - read.operands.length - 1]?.value === '--';
    if (next === undefined || ended) return { ok: true, given, operands: [...operands, ...read.operands] };
    operands.push(next);
    rest = others;
  }
}
