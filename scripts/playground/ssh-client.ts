import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commandLine, quoted, type Ran, runChild, sallyport } from './client.ts';
import { type Typed, typeInto } from './typist.ts';
import type { World } from './world.ts';

/** OpenSSH's client as it is, with a key that `sallyport ssh login` made and a configuration that `sallyport ssh config` wrote. */
export interface SshClient {
  /** The two commands that come first: how they look. */
  readonly preparation: readonly string[];
  /** Runs them. @returns what each said */
  prepare(): Promise<readonly [registered: Ran, configured: Ran]>;
  /** How a command looks. */
  show(line: string): string;
  /** Runs a line on the host. @param onOutput told of output as it comes */
  run(line: string, onOutput?: (text: string) => void): Promise<Ran>;
  /** Opens a shell on a terminal and types into it. */
  type(typed: Typed): Promise<Ran>;
  /** Copies a file of this machine to the host with `scp`. */
  copy(file: string, path: string): Promise<Ran>;
}

/** @param principal whose token the key is registered with */
export function sshClient(world: World, port: number, principal: string): SshClient {
  const dir = join(world.dir, 'ssh', principal);
  const [key, config] = [join(dir, 'id'), join(dir, 'config')];
  // Not into the agent of whoever tries this.
  const login = ['ssh', 'login', '--no-agent', '--key', key];
  const lines = ['ssh', 'config', 'web1', '--port', String(port), '--key', key];
  const show: SshClient['show'] = (line) => `ssh -F ${config} web1.sallyport ${quoted(line)}`;
  return {
    preparation: [commandLine(world, principal, login), `${commandLine(world, undefined, lines)} > ${config}`],
    prepare: async () => {
      const registered = await sallyport(world, principal, login);
      const { output, exitCode, shown } = await sallyport(world, undefined, lines);
      await writeFile(config, output);
      return [registered, { shown: `${shown} > ${config}`, output: '', exitCode }];
    },
    show,
    run: async (line, onOutput) => {
      const ran = await runChild('ssh', ['-F', config, 'web1.sallyport', line], {}, onOutput);
      return { ...ran, shown: show(line) };
    },
    type: async (typed) => {
      // Quiet: that the connection was closed comes past the terminal, before or behind its last line.
      const args = ['-q', '-tt', '-F', config, 'web1.sallyport'];
      return { ...(await typeInto('ssh', args, typed)), shown: `ssh ${args.join(' ')}` };
    },
    copy: async (file, path) => {
      const args = ['-q', '-F', config, file, `web1.sallyport:${path}`];
      return { ...(await runChild('scp', args, {})), shown: `scp ${args.join(' ')}` };
    },
  };
}
