import type { DynamicReason } from '../../contract/command-ssh.ts';
import type { Argument } from './words.ts';

/** Options of a program, as getopt(3) is told of them. */
export interface OptionGrammar {
  /** Letters; one with a `:` takes a value, one with `::` may have one in the same word. */
  readonly short?: string;
  /** Names without dashes; one with a `:` takes a value, one with `::` may have one after `=`. */
  readonly long?: readonly string[];
  /** Long options have one dash, as `find` and X programs do: `-name`. */
  readonly oneDash?: boolean;
}

export interface Options {
  readonly ok: true;
  /** In order; the value is null for an option without one. */
  readonly given: readonly (readonly [name: string, value: Argument | null])[];
  /** What follows the options. */
  readonly operands: readonly Argument[];
}

/** A word that is not known could be an option; one that is not in the grammar could take the next word as its value. */
export interface Unclear {
  readonly ok: false;
  readonly why: DynamicReason;
  readonly text: string;
}

/** Reads options up to the first operand or `--`, as programs do that run a command. */
export function readOptions(args: readonly Argument[], grammar: OptionGrammar): Options | Unclear {
  const given: (readonly [string, Argument | null])[] = [];
  let i = 0;
  for (; i < args.length; i++) {
    const arg = args[i];
    if (arg === undefined) break;
    if (arg.value === null) return { ok: false, why: 'argument', text: arg.text };
    if (arg.value === '--') return { ok: true, given, operands: args.slice(i + 1) };
    if (!arg.value.startsWith('-') || arg.value === '-') break;
    const read = arg.value.startsWith('--') ? longOption(arg, grammar) : shortOptions(arg, grammar);
    if (read === undefined) return { ok: false, why: 'option', text: arg.text };
    given.push(...read.given);
    if (read.wants === undefined) continue;
    const value = args[++i];
    // A word that may become many, or none, moves all that follow.
    if (value === undefined || !value.one) return { ok: false, why: 'argument', text: (value ?? arg).text };
    given.push([read.wants, value]);
  }
  return { ok: true, given, operands: args.slice(i) };
}

interface Read {
  readonly given: readonly (readonly [string, Argument | null])[];
  /** The option that takes the next word. */
  readonly wants?: string;
}

function longOption(arg: Argument, { long = [] }: OptionGrammar): Read | undefined {
  const [name = '', ...rest] = (arg.value ?? '').slice(2).split('=');
  const value = rest.length === 0 ? null : { ...arg, value: rest.join('=') };
  if (long.includes(name)) return value === null ? { given: [[name, null]] } : undefined;
  if (long.includes(`${name}::`)) return { given: [[name, value]] };
  if (!long.includes(`${name}:`)) return undefined;
  return value === null ? { given: [], wants: name } : { given: [[name, value]] };
}

function shortOptions(arg: Argument, { short = '', oneDash = false, long }: OptionGrammar): Read | undefined {
  if (oneDash) return longOption({ ...arg, value: `-${arg.value ?? ''}` }, { long: long ?? [] });
  const letters = (arg.value ?? '').slice(1);
  const given: (readonly [string, Argument | null])[] = [];
  for (let i = 0; i < letters.length; i++) {
    const letter = letters[i] ?? '';
    const at = letter === ':' ? -1 : short.indexOf(letter);
    if (at < 0) return undefined;
    const rest = letters.slice(i + 1);
    const value = rest === '' ? null : { ...arg, value: rest };
    if (short.startsWith('::', at + 1)) return { given: [...given, [letter, value]] };
    if (short[at + 1] !== ':') given.push([letter, null]);
    else return value === null ? { given, wants: letter } : { given: [...given, [letter, value]] };
  }
  return { given };
}
