import { z } from 'zod';
import { isFileLine, readFileLine } from '../../facts/files/index.ts';
import { isForwardLine, readForwardLine } from '../../facts/forwards/index.ts';
import { commandKey, readLine, type Shell, shellRequest } from '../../facts/shell/index.ts';
import type { LineProtocol } from '../../policy/lines/protocol.ts';

/** A host, as far as lines are read by it. */
export const sshFixture = z.strictObject({
  /** Whether the login's shell is known to be bash. */
  shell: z.enum(['bash', 'unknown'] satisfies readonly Shell[]).default('unknown'),
  /** Whether the client asks for a terminal. */
  pty: z.boolean().default(false),
});

/** What people type after `ssh HOST`, as production reads it; and operations of sftp, forwards and subsystems as recordings write them. */
export function openSshLines(): LineProtocol {
  return {
    name: 'ssh',
    fixture: sshFixture,
    commandsOf: ({ text }, { section }) => {
      const { shell, pty } = sshFixture.parse(section);
      const read = requestOf(text, shell, pty);
      if (!read.ok) return Promise.resolve(read);
      const commands = 'command' in read ? [read.command] : read.commands;
      return Promise.resolve({
        ok: true,
        commands: commands.map((command) => ({ command, key: commandKey(command, shell) })),
      });
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function requestOf(text: string, shell: Shell, pty: boolean) {
  if (text === '') return { ok: true, command: shellRequest(true) } as const;
  if (isFileLine(text)) return readFileLine(text);
  if (isForwardLine(text)) return readForwardLine(text);
  return readLine(text, { shell, pty });
}
