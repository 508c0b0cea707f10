import type {
  DynamicFact,
  RedirectFact,
  ShellKind,
  SshCommand,
  SshEffect,
  TransferFact,
} from '../../contract/command-ssh.ts';
import { limits } from './limits.ts';
import type { Argument } from './words.ts';

/** A simple command while its line is read: what the rest of the line means for it is added at the end. */
export interface Draft {
  kind: ShellKind;
  readonly name: string | null;
  readonly words: readonly Argument[];
  readonly text: string;
  readonly env: { readonly name: string; readonly value: string | null }[];
  readonly redirects: readonly RedirectFact[];
  readonly pipeline: SshCommand['pipeline'];
  readonly wrappedBy: readonly string[];
  readonly substitution: SshCommand['substitution'];
  readonly dynamic: DynamicFact[];
  readonly effects: Set<SshEffect>;
  readonly transfer: TransferFact | null;
}

/** A part of the line, short enough to be shown. */
export function quoted(text: string): string {
  return text.length <= limits.quoted ? text : `${text.slice(0, limits.quoted - 1)}…`;
}
