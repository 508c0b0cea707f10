import { text } from 'node:stream/consumers';
import type { Shell } from '../../facts/shell/index.ts';
import { abandon } from './at-host.ts';
import { sendSignal } from './signals.ts';
import type { SshTarget, SshUpstream } from './upstream.ts';

/**
 * What the gateway asks a host before the first line of a connection: an echo, that shells of the POSIX family answer and others cannot read: an
 * error to fish, csh and tcsh, to programs in the place of a shell, and to most that is no shell at all.
 */
export const shellQuestion = 'echo "sallyport ${0:+reads} this${BASH_VERSION:+ with bash}"';
const answers: ReadonlyMap<string, Shell> = new Map([
  ['sallyport reads this with bash', 'bash'],
  ['sallyport reads this', 'unknown'],
]);
/** As long as a host's own files at the start of a shell may take. */
const answerMs = 10_000;
const maxAnswerBytes = 65_536;

/** The shell by which lines are read. A no begins with what the metrics count it as. */
export type LoginShell = { readonly ok: true; readonly shell: Shell } | { readonly ok: false; readonly why: string };

/**
 * Who reads the lines of this connection after us. It stays the same for a connection: sshd knows the login's shell from when it let us in.
 * A host whose shell is less than was configured has its lines read with more doubt; one whose shell cannot be read has none run.
 */
export async function askLoginShell(upstream: SshUpstream, { shell, asksShell }: SshTarget): Promise<LoginShell> {
  if (!asksShell) return { ok: true, shell };
  const said = await answerOf(upstream);
  const answered = answers.get(said ?? '');
  if (answered === undefined) return { ok: false, why: said === undefined ? silent : foreign };
  return { ok: true, shell: answered === 'bash' ? shell : 'unknown' };
}

const silent = `shell: the host did not say in ${answerMs / 1_000} s which shell reads its lines`;
const foreign =
  'shell: what reads lines at the host is no shell that the gateway can read (bash, sh, dash, ash, ksh, mksh, yash, zsh). The target needs a login with one of these, or ask_shell: false where a program of its own reads them';

/** The last line that it printed: what comes before is of the login's own files. @returns undefined when there is none in time */
async function answerOf(upstream: SshUpstream): Promise<string | undefined> {
  const channel = await upstream.exec(shellQuestion, { env: {}, pty: undefined });
  channel.on('error', () => undefined);
  channel.end();
  channel.stderr.resume();
  let bytes = 0;
  channel.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) channel.destroy();
  });
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), answerMs).unref();
  try {
    const printed = await Promise.race([text(channel).catch(() => ''), late.promise]);
    if (printed !== undefined) return printed.trimEnd().split('\n').at(-1) ?? '';
    sendSignal(channel, 'KILL');
    abandon(channel);
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
