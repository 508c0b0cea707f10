import { createHash } from 'node:crypto';
import { sshEffects, type DynamicFact, type SshCommand } from '../../contract/command-ssh.ts';
import type { Draft } from './draft.ts';
import { quoted } from './draft.ts';
import { limits, OverLimit } from './limits.ts';
import { startsPager } from './programs/pagers.ts';
import { gather } from './reader.ts';
import { parseLine } from './tree.ts';
import type { Shell } from './words.ts';

export interface LineOptions {
  /** The login's shell at the host. `unknown` (the default): some shell of the POSIX family. */
  readonly shell?: Shell;
  readonly pty?: boolean;
}

/** The simple commands of a line; at least one. A line over a limit is none: `why` is for the client. */
export type ShellLine =
  | { readonly ok: true; readonly commands: readonly [SshCommand, ...SshCommand[]] }
  | { readonly ok: false; readonly why: string };

/**
 * Reads an exec line as the host's shell will. Pure, and bounded by `limits`.
 * A line that does not parse is one command with `parse_error`; one that is over a limit or holds what no shell would see is refused.
 */
export function readLine(line: string, { shell = 'unknown', pty = false }: LineOptions = {}): ShellLine {
  if (line.length > limits.line) return { ok: false, why: `the line is longer than ${String(limits.line)} characters` };
  // A NUL ends the line for the host, and half of a surrogate pair has no bytes.
  if (line.includes('\0')) return { ok: false, why: 'the line holds a NUL' };
  if (!line.isWellFormed()) return { ok: false, why: 'the line is not Unicode' };
  try {
    const parsed = parseLine(line);
    if (!parsed.ok) return { ok: true, commands: [unparsed(line, parsed.why, pty)] };
    const gathered = gather(parsed.script, line, shell);
    const drafts = gathered.drafts.length === 0 ? [empty] : gathered.drafts;
    const [first, ...rest] = drafts.map((draft, index) =>
      commandOf(draft, gathered.changesOf(draft), { index, count: drafts.length }, line, pty),
    );
    if (first === undefined) throw new TypeError('no command'); // there is one draft at least
    return { ok: true, commands: [first, ...rest] };
  } catch (error) {
    if (error instanceof OverLimit) return { ok: false, why: error.message };
    if (error instanceof RangeError) return { ok: false, why: 'the line is nested too deep' };
    throw error;
  }
}

/** Names a command's facts for the decision cache: equal keys, equal facts. */
export function commandKey(command: SshCommand, shell: Shell): string {
  const { request, line, position, pty } = command;
  const place = `${request}/${String(position.index)}/${String(pty)}/${shell}`;
  // What a simple command is follows from its line; a request of any other kind is all that is known of it.
  const rest = request === 'exec' ? line : JSON.stringify(command);
  return `ssh/${place}/${rest.length <= limits.quoted ? rest : createHash('sha256').update(rest).digest('hex')}`;
}

function commandOf(
  draft: Draft,
  changes: readonly DynamicFact[],
  position: SshCommand['position'],
  line: string,
  pty: boolean,
): SshCommand {
  const dynamic = [...draft.dynamic, ...changes];
  if (pty && printsAtTerminal(draft) && startsPager(draft.name, draft.words))
    dynamic.push({ where: 'command', why: 'interactive', text: quoted(draft.text) });
  const effects = new Set(draft.effects);
  if (dynamic.some(({ where }) => where === 'command')) effects.add('opaque');
  if (effects.size === 0) effects.add('set');
  const ordered = sshEffects.filter((effect) => effects.has(effect));
  const isFunction = changes.some(({ why }) => why === 'function');
  return {
    protocol: 'ssh',
    action: ordered[0] ?? 'opaque',
    effects: ordered,
    text: draft.text,
    labels: [],
    analysis: {
      complete: dynamic.length === 0,
      reasons: [...new Set(dynamic.map(({ where, why }) => `${where}: ${why}`))],
    },
    request: 'exec',
    pty,
    line,
    parse_error: null,
    kind: isFunction ? 'function' : draft.kind,
    name: draft.name,
    argv: draft.words.map(({ value }) => value),
    env: draft.env,
    redirects: draft.redirects,
    position,
    pipeline: draft.pipeline,
    wrapped_by: draft.wrappedBy,
    substitution: draft.substitution,
    dynamic,
    transfer: draft.transfer,
    file: null,
    forward: null,
    subsystem: null,
    signal: null,
  };
}

/** The last of its pipeline, and not within `$(...)`. */
function printsAtTerminal({ pipeline, substitution }: Draft): boolean {
  return substitution === null && pipeline.index === pipeline.names.length - 1;
}

/** A line with nothing in it, or a comment alone. */
const empty: Draft = {
  kind: 'construct',
  name: '',
  words: [],
  text: '',
  env: [],
  redirects: [],
  pipeline: { index: 0, names: [] },
  wrappedBy: [],
  substitution: null,
  dynamic: [],
  effects: new Set(),
  transfer: null,
};

function unparsed(line: string, why: string, pty: boolean): SshCommand {
  const dynamic: DynamicFact = { where: 'command', why: 'unparsed', text: quoted(line) };
  const draft: Draft = { ...empty, kind: 'unknown', name: null, text: line };
  return { ...commandOf(draft, [dynamic], { index: 0, count: 1 }, line, pty), parse_error: why };
}
