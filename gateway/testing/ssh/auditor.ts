import type { AuditQuery } from '../../api/client.ts';
import type { AuditEntryView } from '../../api/views.ts';
import { valueOf } from '../../cli/connection.ts';
import { replayFrames } from '../../recordings/replay.ts';
import type { SshRig } from './rig.ts';

/** What Otto, the auditor, reads in a rig. Each throws CliError with the problem where the API tells nothing. */
type World = Pick<SshRig, 'api'>;

/** The id of a principal's newest session. @throws Error when there is none */
export async function newestOf(world: World, principal: string): Promise<string> {
  const [newest] = valueOf(await world.api('otto').sessions.list({ principal, limit: 1 }));
  if (!newest) throw new Error(`no session of ${principal}`);
  return newest.id;
}

/** A session's entries in the log, newest first. */
export async function entriesOf(
  world: World,
  session: string,
  filter: Omit<AuditQuery, 'session'> = {},
): Promise<readonly AuditEntryView[]> {
  return valueOf(await world.api('otto').audit.query({ ...filter, session }));
}

/** Why the newest logins were refused, as one text. */
export async function loginRefusals(world: World, limit: number): Promise<string> {
  const entries = valueOf(await world.api('otto').audit.query({ type: 'login.refused', limit }));
  return JSON.stringify(entries.map(({ detail }) => detail));
}

/** The lines of a session's recording: NDJSON. */
export async function linesOf(world: World, session: string): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of valueOf(await world.api('otto').sessions.recording(session))) lines.push(line);
  return lines;
}

/** What `sallyport sessions replay` prints of them. @param isTerminal whether it prints to a terminal */
export async function replayed(lines: readonly string[], isTerminal = false): Promise<string> {
  let shown = '';
  for await (const { text } of replayFrames(bytesOf(lines), { isTerminal })) shown += text;
  return shown;
}

/** A principal's newest session: its recording, what a replay shows of it, and its entries in the log. */
export async function recordOf(world: World, principal: string) {
  const session = await newestOf(world, principal);
  const lines = await linesOf(world, session);
  return { session, lines, shown: await replayed(lines), entries: await entriesOf(world, session) };
}

async function* bytesOf(lines: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const line of lines) yield Buffer.from(`${line}\n`);
}
