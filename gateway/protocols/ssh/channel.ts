import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { ClientChannel, PseudoTtyOptions, ServerChannel, WindowChangeInfo } from 'ssh2';
import type { SshCommand } from '../../contract/command-ssh.ts';
import type { Denial, HoldNotice } from '../../contract/exchange.ts';
import type { Gate } from '../../contract/gate.ts';
import type { Outcome, ResultPart } from '../../contract/result.ts';
import { both, type Wait } from '../../contract/wait.ts';
import type { Shell } from '../../facts/shell/index.ts';
import { abandon, begun, killAtHost, leftHost } from './at-host.ts';
import { brokenExit, brokenLine, denialLines, deniedExit, holdLine, told } from './errors.ts';
import { type Carrier, execTerms, SshExchange } from './exchange.ts';
import { judgingShell } from './lines/judging-shell.ts';
import { LineShell } from './lines/line-shell.ts';
import { ChannelOutput, type ChannelExit } from './output.ts';
import { passOn } from './pass-on.ts';
import { ChannelSignals, sendSignal } from './signals.ts';
import { Terminal, type TerminalLimits } from './terminal.ts';
import type { ExecOptions, SshUpstream } from './upstream.ts';

/** What a channel was prepared with before something ran in it. */
export interface ChannelSettings {
  readonly env: { readonly [name: string]: string };
  readonly pty: PseudoTtyOptions | undefined;
}

export interface ChannelLimits extends TerminalLimits {
  readonly maxLineBytes: number;
}

/** What a channel is to run. */
export interface Program {
  /** As the client sent it; undefined: the login's own shell. */
  readonly line: string | undefined;
  /** A program of the host's configuration, in the place of a line. */
  readonly subsystem?: string;
  readonly commands: readonly [SshCommand, ...SshCommand[]];
}

/** One program, a shell included, from its start to its exit code. */
export class ExecChannel implements Carrier {
  readonly #channel: ServerChannel;
  readonly #output: ChannelOutput;
  /** Judged with the line, and what it runs with. */
  readonly settings: ChannelSettings;
  readonly #log: (message: string, error: unknown) => void;
  /** Where it runs, once it may. */
  #upstream: SshUpstream | undefined;
  #program: Pick<Program, 'line' | 'subsystem'> | undefined;
  #terminal: Terminal | undefined;
  /** Of a shell whose lines policy wants to judge; until it runs, of one that could be. */
  #lines: LineShell | undefined;
  #running: ClientChannel | undefined;
  #signals: ChannelSignals | undefined;
  #x: SshExchange | undefined;
  #exit: ChannelExit | undefined;
  #isOver = false;
  readonly #over = Promise.withResolvers<void>();
  #begun: Promise<void> = Promise.resolve();
  #left: Promise<void> = Promise.resolve();
  /** It was ended by the gateway, not left by its client. */
  #isKilled = false;

  constructor(
    channel: ServerChannel,
    socket: Socket,
    settings: ChannelSettings,
    log: (message: string, error: unknown) => void,
  ) {
    this.#channel = channel;
    this.settings = settings;
    this.#log = log;
    this.#output = new ChannelOutput(channel, socket);
    channel.on('error', () => undefined);
  }

  /** The client has closed it, or the connection is over. The library tells the channel only when all its input was read. */
  gone(): void {
    this.#isOver = true;
    this.#terminal?.close();
    this.#lines?.close();
    this.#output.abandon();
    this.#x?.cancel();
    if (!this.#isKilled) this.#running?.close();
    this.#over.resolve();
  }

  /** Resolves when the channel is closed on both sides. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** Resolves when nothing of it is on its way to the host any more: what was to be killed is. */
  get begun(): Promise<void> {
    return this.#begun;
  }

  /** Resolves when nothing of it runs at the host: once it is over, nothing begins. */
  get left(): Promise<void> {
    return this.#left;
  }

  /** Offers it. What comes of it goes to the client by itself. @param shell the login's at the host */
  async offer(
    gate: Gate,
    upstream: SshUpstream,
    { line, subsystem, commands }: Program,
    shell: Shell,
    limits: ChannelLimits,
  ): Promise<void> {
    if (this.#isOver) return;
    this.#upstream = upstream;
    this.#program = subsystem === undefined ? { line } : { line, subsystem };
    const { pty } = this.settings;
    const isShell = line === undefined && subsystem === undefined;
    // What was asked for as one command may take its time in silence.
    const terms = { ...limits, idleMs: isShell ? limits.idleMs : undefined };
    if (pty) this.#terminal = new Terminal(pty, terms, (why) => this.fail(why));
    this.#signals = new ChannelSignals({
      gate,
      pty: this.settings.pty !== undefined,
      pass: (name) => this.#running && sendSignal(this.#running, name),
      failed: (error) => this.#log('signal not judged', error),
    });
    // Only bash can be made to ask, and only at a terminal does anybody edit lines.
    const canJudgeLines = isShell && shell === 'bash' && pty !== undefined;
    if (canJudgeLines) this.#lines = this.#lineShell(gate, limits);
    const x = new SshExchange(this, commands, shell, { ...execTerms, canJudgeLines });
    this.#x = x;
    try {
      await gate.offer(x);
    } catch (error) {
      this.fail(brokenLine(error));
      this.#log('exec failed', error);
    }
  }

  /** Ends it with lines on standard error, unless it has ended. */
  fail(lines: string | readonly string[], code = brokenExit): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#terminal?.close();
    this.#lines?.close();
    this.#x?.cancel();
    this.#isKilled = true;
    if (this.#running) this.#begun = killAtHost(this.#running);
    const text = typeof lines === 'string' ? [lines] : lines;
    void this.#output.write('stderr', told(text, this.settings.pty !== undefined));
    this.#close({ code });
  }

  /** The connection to the host is over. What runs has heard of it itself. */
  lost(): void {
    if (!this.#running) this.fail('connection to the target lost');
  }

  /** A signal to what runs: it gets there when policy allows it. @returns why it is not even judged */
  signal(name: string): string | undefined {
    return this.#running && this.#signals && !this.#isOver ? this.#signals.offer(name) : 'nothing runs';
  }

  resize(size: WindowChangeInfo): void {
    if (this.#isOver || !this.#terminal?.resize(size) || !this.#running || !this.#x) return;
    this.#terminal.apply(this.#running);
    void this.#deliver(this.#x, { kind: 'screen', screen: this.#terminal.screen });
  }

  // --- what enforcement says ------------------------------------------------------------------------------------------------------

  deny(denial: Denial): void {
    this.fail(denialLines(denial), denial.code === 'session_ended' ? brokenExit : deniedExit);
  }

  holding(notice: HoldNotice): void {
    void this.#output.write('stderr', told([holdLine(notice)], this.settings.pty !== undefined));
  }

  send(x: SshExchange): void {
    if (this.#isOver || !this.#upstream) return;
    this.#run(x, this.#upstream).catch((error: unknown) => {
      this.#log('exec failed', error);
      const line = brokenLine(error);
      if (!this.#isOver) void this.#deliver(x, { kind: 'end', outcome: { ok: false, code: 'broken', text: line } });
      this.fail(line);
    });
  }

  reply(part: ResultPart): Wait {
    switch (part.kind) {
      case 'bytes':
        if (part.stream === 'stdin') return this.#give(part.bytes);
        return this.#output.write(part.stream === 'stderr' ? 'stderr' : 'stdout', part.bytes);
      case 'message':
        return this.#output.write('stderr', told([part.message.text], this.settings.pty !== undefined));
      case 'end':
        if (this.#isOver) return undefined;
        this.#isOver = true;
        this.#terminal?.close();
        this.#lines?.close();
        this.#close(this.#exit ?? { code: brokenExit });
        return undefined;
      case 'screen':
        return undefined;
      case 'fields':
      case 'rows':
      case 'copy':
      case 'content':
        throw new TypeError('a stream has neither rows nor files');
      default:
        return part satisfies never;
    }
  }

  breakOff(denial: Denial): void {
    this.fail(denialLines(denial), denial.code === 'limit' ? deniedExit : brokenExit);
  }

  // --- what runs ------------------------------------------------------------------------------------------------------------------

  async #run(x: SshExchange, upstream: SshUpstream): Promise<void> {
    const options = { env: this.settings.env, pty: this.#terminal?.pty };
    // The line as the client sent it: what the parser saw is what the host's shell gets.
    const starting = this.#start(x, upstream, options);
    this.#begun = begun(starting, () => this.#isKilled);
    this.#left = leftHost(starting);
    const running = await starting;
    this.#running = running;
    running.on('error', () => undefined);
    if (this.#isKilled) return;
    if (this.#isOver) return abandon(running);
    this.#terminal?.start(running);
    if (this.#terminal) void this.#deliver(x, { kind: 'screen', screen: this.#terminal.screen });
    const client = this.#channel;
    let waits: Wait;
    const pass = (
      from: ClientChannel | ServerChannel | ClientChannel['stderr'],
      stream: 'stdin' | 'stdout' | 'stderr',
    ) => {
      from.on('data', (bytes: Buffer) => {
        if (this.#terminal?.passes(stream, bytes.length) === false) return;
        const wait =
          stream === 'stdout' && this.#lines
            ? this.#lines.output(bytes)
            : this.#deliver(x, { kind: 'bytes', stream, bytes });
        if (!wait) return;
        from.pause();
        const on = wait.finally(() => from.resume()).catch((error: unknown) => this.#log('exec failed', error));
        if (stream !== 'stdin') waits = both(waits, on);
      });
    };
    // Both say it. Where the host says in one packet that it runs and how it ended, `exit` was told before anybody could listen.
    const exited = (code: number | null | undefined, signal?: string, coreDumped?: boolean, text?: string) => {
      if (this.#exit || code === undefined) return;
      if (code !== null) this.#exit = { code };
      else
        this.#exit = {
          signal: (signal ?? 'KILL').replace(/^SIG/, ''),
          coreDumped: coreDumped ?? false,
          text: text ?? '',
        };
    };
    running.on('exit', exited).on('close', exited);
    pass(running, 'stdout');
    pass(running.stderr, 'stderr');
    pass(client, 'stdin');
    // The end of what was broken off is not that of the input: a program may act on what it was given so far.
    client.once('end', () => this.#isKilled || running.end());
    // It is over when both streams were read to their ends: the close may be heard before.
    await Promise.all([once(running, 'close'), once(running, 'end'), once(running.stderr, 'end')]);
    await waits;
    this.#ended(x);
  }

  #start(x: SshExchange, upstream: SshUpstream, options: ExecOptions): Promise<ClientChannel> {
    if (!x.judgesLines) {
      this.#lines = undefined;
      return start(upstream, this.#program ?? { line: undefined }, options);
    }
    if (!this.#lines) throw new TypeError('lines that nobody judges');
    return upstream.exec(judgingShell, options);
  }

  #lineShell(gate: Gate, { maxLineBytes }: ChannelLimits): LineShell {
    return new LineShell({
      gate,
      maxLineBytes,
      send: (bytes) => passOn(this.#running, bytes),
      show: (bytes) => this.#x && this.#deliver(this.#x, { kind: 'bytes', stream: 'stdout', bytes }),
      fail: (why) => this.fail(why),
      failed: (error) => this.#log('line not judged', error),
    });
  }

  /** An end without an exit is the loss of the connection, and never a success. */
  #ended(x: SshExchange): void {
    const lost = 'connection to the target lost before the command ended';
    if (!this.#exit) void this.#output.write('stderr', told([lost], this.settings.pty !== undefined));
    void this.#deliver(x, { kind: 'end', outcome: outcomeOf(this.#exit, lost) });
  }

  #give(bytes: Buffer): Wait {
    return this.#lines ? this.#lines.keys(bytes) : passOn(this.#running, bytes);
  }

  #deliver(x: SshExchange, part: ResultPart): Wait {
    try {
      return x.deliver(part);
    } catch (error) {
      this.#log('exec failed', error);
      this.fail(brokenLine(error));
      return undefined;
    }
  }

  #close(exit: ChannelExit): void {
    this.#output.end(exit).catch((error: unknown) => this.#log('channel not closed', error));
  }
}

function start(
  upstream: SshUpstream,
  { line, subsystem }: Pick<Program, 'line' | 'subsystem'>,
  options: ExecOptions,
): Promise<ClientChannel> {
  if (subsystem !== undefined) return upstream.subsystem(subsystem);
  return line === undefined ? upstream.shell(options) : upstream.exec(line, options);
}

function outcomeOf(exit: ChannelExit | undefined, lost: string): Outcome {
  if (!exit) return { ok: false, code: 'lost', text: lost };
  if (!('code' in exit)) return { ok: false, code: `SIG${exit.signal}`, text: `ended by signal ${exit.signal}` };
  if (exit.code === 0) return { ok: true, tag: 'exit 0' };
  return { ok: false, code: `exit ${exit.code}`, text: 'the command failed' };
}
