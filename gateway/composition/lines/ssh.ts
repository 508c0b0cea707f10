import { z } from 'zod';
import { isFileLine, readFileLine } from '../../facts/files/index.ts';
import { commandKey, readLine, type Shell, shellRequest } from '../../facts/shell/index.ts';
import type { LineProtocol } from '../../policy/lines/protocol.ts';

/** A host, as far as lines are read by it. */
export const sshFixture = z.strictObject({
  /** Whether the login's shell is known to be bash. */
  shell: z.enum(['bash', 'unknown'] satisfies readonly Shell[]).default('unknown'),
  /** Whether the client asks for a terminal. */
  pty: z.boolean().default(false),
});

/** What people type after `ssh HOST`, as production reads it; and operations of sftp, as recordings write them. */
export function openSshLines(): LineProtocol {
  return {
    name: 'ssh',
    fixture: sshFixture,
    commandsOf: ({ text }, { section }) => {
      const { shell, pty } = sshFixture.parse(section);
      if (isFileLine(text)) {
        const file = readFileLine(text);
        if (!file.ok) return Promise.resolve(file);
        return Promise.resolve({
          ok: true,
          commands: [{ command: file.command, key: commandKey(file.command, shell) }],
        });
      }
      if (text === '') {
        const command = shellRequest(true);
        return Promise.resolve({ ok: true, commands: [{ command, key: commandKey(command, shell) }] });
      }
      const read = readLine(text, { shell, pty });
      if (!read.ok) return Promise.resolve(read);
      return Promise.resolve({
        ok: true,
        commands: read.commands.map((command) => ({ command, key: commandKey(command, shell) })),
      });
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
