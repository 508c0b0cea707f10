import type { SshCommand } from '../../contract/command-ssh.ts';
import { readLine, type Shell, shellRequest, sshRequest } from '../../facts/shell/index.ts';
import type { ChannelSettings } from './channel.ts';

export type ExecCommands =
  | { readonly ok: true; readonly commands: readonly [SshCommand, ...SshCommand[]] }
  /** A line that nobody judges. `why` begins with what the metrics count it as. */
  | { readonly ok: false; readonly why: string };

/**
 * All that one exec does: the simple commands of its line, and the variables that the client set before it, which are judged with it.
 * @param shell the login's shell at the host: who reads the line after us
 */
export function commandsOf(
  line: string,
  shell: Shell,
  maxLineBytes: number,
  { env, pty }: ChannelSettings,
): ExecCommands {
  const bytes = Buffer.byteLength(line);
  if (bytes > maxLineBytes) return { ok: false, why: `too-long: ${bytes} bytes, and at most ${maxLineBytes} are read` };
  // The library reads the line as UTF-8. Where that lost something, it is not the line that the client sent.
  if (line.includes('\uFFFD')) return { ok: false, why: 'encoding: a command line has to be UTF-8' };
  const read = readLine(line, { shell, pty: pty !== undefined });
  if (!read.ok) return { ok: false, why: `syntax: ${read.why}` };
  return { ok: true, commands: [...read.commands, ...variablesOf(env)] };
}

/** The login's own shell, and the variables that it starts with. */
export function shellCommands({ env, pty }: ChannelSettings): readonly [SshCommand, ...SshCommand[]] {
  return [shellRequest(pty !== undefined), ...variablesOf(env)];
}

function variablesOf(env: ChannelSettings['env']): readonly SshCommand[] {
  const variables = Object.entries(env).map(([name, value]) => ({ name, value }));
  if (variables.length === 0) return [];
  const text = variables.map(({ name, value }) => `${name}=${value}`).join(' ');
  return [sshRequest('env', ['set'], { text, env: variables })];
}
