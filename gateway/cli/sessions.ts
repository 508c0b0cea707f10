import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { InvalidArgumentError, type Command } from 'commander';
import type { SessionView } from '../api/views.ts';
import { ulid } from './approvals.ts';
import { connect, connectionHelp, valueOf, withConnection, type ConnectionOptions } from './connection.ts';
import { CliError, exitCodes } from './exit.ts';
import { print, printable, printJson, say, table } from './output.ts';
import { parseCount, parseTime } from './times.ts';

interface ListOptions extends ConnectionOptions {
  readonly principal?: string;
  readonly target?: string;
  readonly since?: string;
  readonly until?: string;
  readonly open?: true;
  readonly limit: number;
}

interface ReplayOptions extends ConnectionOptions {
  readonly speed: number;
  /** Seconds. */
  readonly maxWait: number;
}

const examples = `${connectionHelp}
Examples:
  sallyport sessions list --principal ops-agent --since 1d
  sallyport sessions replay 01JD8C3V7Y8W2QK5ZT4M9RXB6N --speed 4 --max-wait 1
  sallyport sessions watch 01JD8C3V7Y8W2QK5ZT4M9RXB6N
  sallyport sessions kill 01JD8C3V7Y8W2QK5ZT4M9RXB6N --reason 'wrong host'
  sallyport sessions export 01JD8C3V7Y8W2QK5ZT4M9RXB6N --cast shell.cast
`;

export function addSessions(program: Command): void {
  const sessions = program.command('sessions').description('what was said and returned').addHelpText('after', examples);
  const common = (command: Command): Command => withConnection(command).addHelpText('after', examples);
  common(sessions.command('list').description('sessions, newest first'))
    .option('--principal <id>', 'of one principal')
    .option('--target <name>', 'on one target')
    .option('--since <time>', 'started at or after: 15m, 2h, 7d ago, or a date', parseTime)
    .option('--until <time>', 'started before', parseTime)
    .option('--open', 'only those that have not ended')
    .option('--limit <n>', 'at most so many', parseCount(1_000), 50)
    .action(list);
  common(
    sessions.command('replay').description('play a session back as it looked. In a terminal: space, < and >, . and q'),
  )
    .argument('<id>', 'session', ulid)
    .option('--speed <factor>', 'so many times faster', positive, 1)
    .option('--max-wait <seconds>', 'no silence lasts longer', positive, 2)
    .action(replay);
  common(
    sessions
      .command('export')
      .description('write a terminal of a session as asciicast v3, for asciinema and its player'),
  )
    .argument('<id>', 'session', ulid)
    .requiredOption('--cast <file>', 'where to; - for standard output')
    .option(
      '--command <number>',
      'which of its commands; the first that had a terminal unless given',
      parseCount(1_000_000_000),
    )
    .action(exportCast);
  common(
    sessions.command('watch').description('an open session, from its beginning and then as it goes on, until it ends'),
  )
    .argument('<id>', 'session', ulid)
    .action(watch);
  common(sessions.command('kill').description('end an open session; what runs in it is told'))
    .argument('<id>', 'session', ulid)
    .option('--reason <text>', 'for whoever is in it, and for the log', '')
    .action(kill);
  common(sessions.command('show').description('one session')).argument('<id>', 'session', ulid).action(show);
}

async function list(options: ListOptions): Promise<void> {
  const { gateway: _gateway, ca: _ca, json, ...filter } = options;
  const found = valueOf(await (await connect(options)).sessions.list(filter));
  if (json) return printJson(found);
  const rows = found.map((s) => [s.id, s.principal.id, s.target, s.started_at, s.ended_at ?? 'open', ...countsOf(s)]);
  print(table(['id', 'principal', 'target', 'started', 'ended', 'commands', 'denials', 'rows'], rows));
}

/** Exported for its test. What is not known is left empty: a zero would be read as nothing done. */
export function countsOf(session: SessionView): readonly [commands: string, denials: string, rows: string] {
  const shown = (count: number | null): string => (count === null ? '' : String(count));
  return [shown(session.commands), shown(session.denials), shown(session.rows)];
}

async function show(id: string, options: ConnectionOptions): Promise<void> {
  const session = valueOf(await (await connect(options)).sessions.show(id));
  if (options.json) return printJson(session);
  const behalf = session.principal.acts_for.length > 0 ? `, for ${session.principal.acts_for.join(', ')}` : '';
  const lines: readonly (readonly [string, string])[] = [
    ['session', session.id],
    ['principal', `${session.principal.id} (${session.principal.kind}${behalf})`],
    ['target', `${session.target} (${session.protocol})`],
    ['client', `${session.client.ip} ${session.client.application}`],
    ['started', session.started_at],
    ['ended', session.ended_at === null ? 'open' : `${session.ended_at} (${session.end_reason ?? 'no reason'})`],
    ['counts', toldCounts(session)],
    [
      'recording',
      session.recording ? `${String(session.recording.bytes)} bytes, SHA-256 ${session.recording.digest}` : 'open',
    ],
  ];
  print(lines.map(([name, value]) => `${name.padEnd(10)} ${printable(value)}`).join('\n'));
}

function toldCounts({ commands, denials, rows, ended_at }: SessionView): string {
  if (commands === null || denials === null || rows === null) return 'not known on this gateway';
  const soFar = ended_at === null ? ' so far' : '';
  return `${counted(commands, 'command')}, ${counted(denials, 'denial')}, ${counted(rows, 'row')}${soFar}`;
}

function counted(n: number, what: string): string {
  return `${String(n)} ${what}${n === 1 ? '' : 's'}`;
}

/** Plays at the pace of the session in a terminal; into a pipe, or as JSON, all at once. Reading it goes into the audit log. */
async function replay(id: string, options: ReplayOptions): Promise<void> {
  const lines = valueOf(await (await connect(options)).sessions.recording(id));
  if (options.json) {
    for await (const line of lines) print(line);
    return;
  }
  const [{ replayFrames }, { play }, { screenEnd }] = await Promise.all([
    import('../recordings/replay.ts'),
    import('../recordings/player.ts'),
    import('../recordings/screen-text.ts'),
  ]);
  using keys = rawKeys();
  await play(replayFrames(bytesOf(lines), { isTerminal: process.stdout.isTTY }), {
    speed: options.speed,
    maxWaitMs: process.stdout.isTTY ? options.maxWait * 1_000 : 0,
    output: process.stdout,
    ...(keys.input && { keys: keys.input }),
    sleep: (ms, signal) => sleep(ms, undefined, { signal }),
  });
  // It may have been left in the middle of a picture.
  if (process.stdout.isTTY) process.stdout.write(screenEnd);
}

/** What the recording gets, when it gets it; watching goes into the audit log. */
async function watch(id: string, options: ConnectionOptions): Promise<void> {
  const lines = valueOf(await (await connect(options)).sessions.watch(id));
  let last = '';
  async function* shown() {
    for await (const line of lines) {
      last = line;
      yield line;
    }
  }
  if (options.json) for await (const line of shown()) print(line);
  else {
    const { replayFrames } = await import('../recordings/replay.ts');
    for await (const { text } of replayFrames(bytesOf(shown()), { isTerminal: process.stdout.isTTY }))
      if (!process.stdout.write(text)) await once(process.stdout, 'drain');
  }
  if (last.startsWith('{"type":"close"')) return;
  const hint = `It may go on: sallyport sessions show ${id}`;
  throw new CliError(
    exitCodes.refused,
    'the gateway shows no more: your token has expired, this reads too slowly, or the gateway stopped',
    hint,
  );
}

async function kill(id: string, { reason, ...options }: ConnectionOptions & { reason: string }): Promise<void> {
  const ended = valueOf(await (await connect(options)).sessions.kill(id, reason));
  if (options.json) return printJson(ended);
  say(`session ${ended.session} is ended`);
}

interface ExportOptions extends ConnectionOptions {
  readonly cast: string;
  readonly command?: number;
}

/** Reading it goes into the audit log. */
async function exportCast(id: string, options: ExportOptions): Promise<void> {
  const lines = valueOf(await (await connect(options)).sessions.recording(id));
  const [{ asciicast }, { readRecording }] = await Promise.all([
    import('../recordings/asciicast.ts'),
    import('../recordings/reader.ts'),
  ]);
  const terminals = new Set<number>();
  async function* events() {
    for await (const event of readRecording(bytesOf(lines))) {
      if (event.type === 'screen') terminals.add(event.command);
      yield event;
    }
  }
  const cast: string[] = [];
  for await (const line of asciicast(events(), options.command)) cast.push(line);
  const which = [...terminals].join(', ');
  if (cast.length === 0) {
    const had = terminals.size === 0 ? 'nothing in this session had a terminal' : `commands with one: ${which}`;
    throw new CliError(
      exitCodes.refused,
      `no terminal to export: ${had}`,
      `sallyport sessions replay ${id} shows it all`,
    );
  }
  if (options.cast === '-') return print(cast.join('\n'));
  await writeFile(options.cast, `${cast.join('\n')}\n`, { mode: 0o600 });
  const others = terminals.size > 1 ? `; commands with a terminal: ${which}` : '';
  say(`${options.cast}: ${cast.length - 1} events${others}`);
}

async function* bytesOf(lines: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  for await (const line of lines) yield Buffer.from(`${line}\n`);
}

/** Single keys instead of lines, given back to the terminal afterwards. */
function rawKeys(): Disposable & { readonly input?: typeof process.stdin } {
  const { stdin } = process;
  if (!stdin.isTTY || !process.stdout.isTTY) return { [Symbol.dispose]: () => undefined };
  stdin.setRawMode(true).resume();
  return { input: stdin, [Symbol.dispose]: () => void stdin.setRawMode(false).pause() };
}

function positive(text: string): number {
  const n = Number(text);
  if (n > 0 && n <= 1_000) return n;
  throw new InvalidArgumentError('expected a number above 0, 1000 at most');
}
