import type { PseudoTtyOptions, Session } from 'ssh2';
import type { ChannelSettings } from './channel.ts';
import { maxCells } from './terminal.ts';

/** What a client may set before it runs something. */
export interface RequestTerms {
  /** Names of variables that are taken over; `*` at the end stands for anything. */
  readonly acceptEnv: readonly string[];
  /** Something was asked for that is not offered. */
  onRefused(what: string): void;
}

const maxVariables = 64;
const maxValueBytes = 4_096;
const maxTermBytes = 64;
/** What terminfo(5) calls terminals. Libraries look the name up below a folder, so a path in it is one to a file of the client's choice. */
const namesTerminal = /^(?:[A-Za-z0-9][\w.+:-]*)?$/;

/**
 * Answers what comes before an exec. What is not on a list is refused, as sshd does; the exec goes on without it.
 * @returns to be called when something starts: what it was prepared with. The library goes on to hand out requests behind that; nobody
 *   judges them any more, so they are refused
 */
export function collectSettings(session: Session, { acceptEnv, onRefused }: RequestTerms): () => ChannelSettings {
  const env: Record<string, string> = {};
  let terminal: PseudoTtyOptions | undefined;
  let hasStarted = false;
  session.on('env', (accept, reject, { key, val }) => {
    const isFine =
      !hasStarted &&
      acceptEnv.some((pattern) => matches(pattern, key)) &&
      Object.keys(env).length < maxVariables &&
      val.length <= maxValueBytes &&
      !val.includes('\0');
    if (isFine) env[key] = val;
    answer(isFine ? accept : reject);
  });
  session.on('pty', (accept, reject, given) => {
    const { cols, rows, width, height, modes } = given;
    const term = 'term' in given && typeof given.term === 'string' ? given.term : 'dumb';
    const isSane = [cols, rows].every((n) => n <= maxCells) && term.length <= maxTermBytes && namesTerminal.test(term);
    const isFine = !hasStarted && isSane;
    if (isFine) terminal = { cols, rows, width, height, term, modes };
    answer(isFine ? accept : reject);
  });
  session.on('x11', (_accept, reject) => {
    onRefused('x11-req');
    answer(reject);
  });
  session.on('auth-agent', (_accept, reject) => {
    onRefused('auth-agent-req@openssh.com');
    answer(reject);
  });
  return () => {
    hasStarted = true;
    return { env: { ...env }, pty: terminal };
  };
}

/** Whether `LC_*` means `LC_ALL`. Names that are none are on no list. */
export function matches(pattern: string, name: string): boolean {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name)) return false;
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

/** The library gives no function where the client wants no answer. */
export function answer(reply: (() => unknown) | undefined): void {
  reply?.();
}
