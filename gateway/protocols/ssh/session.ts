import type { Socket } from 'node:net';
import type { Connection, ServerChannel, Session } from 'ssh2';
import type { ForwardKind } from '../../contract/command-ssh.ts';
import { SallyportError } from '../../contract/errors.ts';
import type { Admission, Gate } from '../../contract/gate.ts';
import { asId, type SessionId } from '../../contract/ids.ts';
import type { Login } from '../../contract/principal.ts';
import { isSubsystemName, subsystemCommand } from '../../facts/forwards/index.ts';
import type { Shell } from '../../facts/shell/index.ts';
import { ExecChannel, type ChannelSettings } from './channel.ts';
import { brokenLine, deniedExit } from './errors.ts';
import { Forwards } from './forwards.ts';
import { commandsOf, shellCommands } from './normalize.ts';
import type { ClientReading } from './reading.ts';
import { answer, collectSettings } from './requests.ts';
import { SftpChannel } from './sftp/channel.ts';
import type { SftpLimits } from './sftp/limits.ts';
import type { SshUpstream } from './upstream.ts';

/** One host. */
export interface SshTarget {
  /** The login that is used where the client names none. */
  readonly defaultLogin: string;
  /** The shell that the host's logins have: it reads each line after us. */
  readonly shell: Shell;
  /** Names of variables that clients may set; `*` at the end stands for anything. */
  readonly acceptEnv: readonly string[];
  /**
   * @param who for the host's own log, where the gateway can say it there: principal and session
   * @returns undefined when the gateway has no credential for this login. @throws SallyportError
   */
  connect(user: string, who: string, signal: AbortSignal): Promise<SshUpstream | undefined>;
}

export interface SshSessionPorts {
  readonly admission: Admission;
  readonly nextId: () => string;
  target(name: string): SshTarget | undefined;
  readonly limits: SshLimits;
  readonly log: (message: string, fields: { readonly session: string; readonly error?: unknown }) => void;
}

export interface SshLimits {
  readonly maxChannels: number;
  /** Forwarded connections and places that are listened at, together. */
  readonly maxForwards: number;
  readonly maxLineBytes: number;
  readonly keepAliveMs: number;
  /** How many signs of life in a row a client may leave unanswered. */
  readonly maxUnanswered: number;
  readonly idleMs?: number | undefined;
  readonly maxTerminalBytes: number;
  readonly sftp: SftpLimits;
}

/** Whom the client asked for: `web1`, or `deploy@web1`. */
export interface Asked {
  readonly target: string;
  readonly user: string | undefined;
}

export interface SshSessionOptions extends Asked {
  readonly client: Connection;
  readonly socket: Socket;
  readonly reading: ClientReading;
  readonly login: Login;
  readonly ip: string;
  readonly application: string;
  readonly signal: AbortSignal;
  readonly draining: AbortSignal;
}

/** Something that runs in a channel. */
interface RunningChannel {
  /** Resolves when it is closed on both sides. */
  readonly over: Promise<void>;
  /** The client has closed it, or the connection is over. */
  gone(): void;
  /** Ends it with lines that the client reads, unless it has ended. */
  fail(lines: string | readonly string[], code?: number): void;
  /** The connection to the host is over. */
  lost(): void;
}

type Opened =
  | { readonly ok: true; readonly gate: Gate; readonly upstream: SshUpstream; readonly target: SshTarget }
  | { readonly ok: false; readonly gate: Gate | undefined; readonly lines: readonly string[]; readonly reason: string };

/** How long a client that was not let in may take to ask for something, and so to hear why. */
const farewellMs = 10_000;
const notCarried: { readonly [what: string]: ForwardKind } = {
  'x11-req': 'x11',
  'auth-agent-req@openssh.com': 'agent',
  'tun@openssh.com': 'tunnel',
};
/** Of a line that was not read: enough to know it again. */
const maxRefusedText = 1_000;

/** One client on one host: any number of execs, one after the other or at once. Made in the moment in which the login is accepted. */
export class SshSession {
  readonly id: SessionId;
  readonly #options: SshSessionOptions;
  readonly #ports: SshSessionPorts;
  /** Channels that the client has open, whether something runs in them or not. */
  readonly #sessions = new Set<Session>();
  readonly #channels = new Set<RunningChannel>();
  /** Limits of bytes of files count over the session. */
  readonly #fileTally = {};
  readonly #opened: Promise<Opened>;
  readonly #forwards: Forwards;
  #gate: Gate | undefined;
  readonly #ended = Promise.withResolvers<string>();
  #idle: NodeJS.Timeout | undefined;

  constructor(options: SshSessionOptions, ports: SshSessionPorts) {
    this.#options = options;
    this.#ports = ports;
    this.id = asId<SessionId>(ports.nextId());
    // Requests come in the same packet as the login, if a client is in a hurry: nobody may miss them.
    options.client.on('session', (accept, reject) => this.#session(accept, reject));
    this.#opened = this.#open();
    this.#forwards = new Forwards({
      client: options.client,
      socket: options.socket,
      reading: options.reading,
      opened: this.#opened.then((opened) =>
        opened.ok
          ? { gate: opened.gate, forwards: opened.upstream.forwards, shell: opened.target.shell }
          : opened.lines.join(' '),
      ),
      maxForwards: ports.limits.maxForwards,
      refused: (why, text) => this.refused(why, text),
      changed: () => this.#rest(),
      log: (message, error) => ports.log(message, { session: this.id, error }),
    });
  }

  /** Runs until either side or the gateway ends it. */
  async run(): Promise<void> {
    const { signal, draining } = this.#options;
    const over = this.#ended;
    const opened = await this.#opened;
    let reason = opened.ok ? '' : opened.reason;
    try {
      signal.addEventListener('abort', () => over.resolve('client gone'), { once: true });
      if (signal.aborted) over.resolve('client gone');
      if (opened.ok) {
        const { gate, upstream } = opened;
        const end = (why: AbortSignal) => this.#endAll(String(why.reason));
        gate.ending.addEventListener('abort', () => end(gate.ending), { once: true });
        if (gate.ending.aborted) end(gate.ending);
        upstream.lost.addEventListener('abort', () => void this.#lost(), { once: true });
        if (upstream.lost.aborted) void this.#lost();
        draining.addEventListener('abort', () => this.#rest(), { once: true });
        this.#rest();
        reason = await over.promise;
      } else {
        setTimeout(() => over.resolve('not let in'), farewellMs).unref();
        await over.promise;
      }
    } finally {
      clearTimeout(this.#idle);
      for (const channel of this.#channels) channel.gone();
      this.#forwards.end(reason);
      if (opened.ok) opened.upstream[Symbol.dispose]();
      await opened.gate
        ?.end(reason)
        .catch((error: unknown) => this.#ports.log('session end not recorded', { session: this.id, error }));
    }
  }

  /** The client gave no sign of life. Its socket may still be open, full of what it does not read. */
  unanswered(): void {
    this.#ended.resolve('client does not answer');
  }

  /** Something that never became a command. */
  refused(why: string, text: string): void {
    const record = async () => {
      const gate = this.#gate ?? (await this.#opened).gate;
      if (gate) await this.#record(gate, why, text);
    };
    void this.#options.reading.until(record());
  }

  /** Something that a client asked for and that is not carried: what policy has a word for is judged all the same. */
  notOffered(what: string): void {
    const kind = notCarried[what];
    if (kind) void this.#options.reading.until(this.#forwards.judge(kind));
    else this.refused('not offered', what);
  }

  async #record(gate: Gate, why: string, text: string): Promise<void> {
    try {
      await gate.refused(why, text);
    } catch (error) {
      this.#ports.log('refusal not recorded', { session: this.id, error });
      this.#endAll(brokenLine(error));
    }
  }

  // --- the second door ------------------------------------------------------------------------------------------------------------

  async #open(): Promise<Opened> {
    const { login, target: name, user, ip, application, signal } = this.#options;
    const target = this.#ports.target(name);
    const asked = user ?? target?.defaultLogin ?? '';
    const client = { ip, application };
    const request = { id: this.id, login, protocol: 'ssh', target: name, user: asked, client } as const;
    try {
      const admitted = await this.#ports.admission.admit(request);
      if (!admitted.ok) {
        const { message, hint, code } = admitted;
        return {
          ok: false,
          gate: undefined,
          lines: [message, ...(hint === undefined ? [] : [`hint: ${hint}`])],
          reason: code,
        };
      }
      const { gate } = admitted;
      this.#gate = gate;
      const no = (line: string, reason: string): Opened => ({ ok: false, gate, lines: [line], reason });
      if (!target) return no(`target "${name}" is gone from the configuration`, 'no target');
      try {
        const who = `${login.principal.id} ${this.id}`;
        const upstream = await target.connect(asked, who, AbortSignal.any([signal, gate.ending]));
        if (!upstream) return no(`the gateway has no login "${asked}" for target "${name}"`, 'no credential');
        return { ok: true, gate, upstream, target };
      } catch (error) {
        this.#ports.log('session failed', { session: this.id, error });
        return no(brokenLine(error), error instanceof SallyportError ? error.code : 'failed');
      }
    } catch (error) {
      this.#ports.log('session failed', { session: this.id, error });
      return { ok: false, gate: this.#gate, lines: [brokenLine(error)], reason: 'failed' };
    }
  }

  // --- channels -------------------------------------------------------------------------------------------------------------------

  #session(accept: () => Session, reject: () => void): void {
    const { draining } = this.#options;
    if (this.#sessions.size >= this.#ports.limits.maxChannels || draining.aborted || this.#gate?.ending.aborted) {
      this.refused('limit: a channel past the limit, or while the session ends', '');
      return reject();
    }
    const session = accept();
    this.#sessions.add(session);
    session.once('close', () => this.#sessions.delete(session));
    const acceptEnv = this.#ports.target(this.#options.target)?.acceptEnv ?? [];
    const onRefused = (what: string) => this.notOffered(what);
    const settle = collectSettings(session, { acceptEnv, onRefused });
    let open: ExecChannel | undefined;
    session.on('window-change', (yes, _no, size) => {
      open?.resize(size);
      answer(yes);
    });
    session.on('signal', (yes, no, { name }) => {
      const why = open ? open.signal(name) : 'nothing runs';
      if (why !== undefined) this.refused(`signal: ${why}`, name.slice(0, maxRefusedText));
      answer(why === undefined ? yes : no);
    });
    const start = (yes: () => ServerChannel | undefined): ExecChannel | undefined => {
      // It has to be taken at once: behind the client's end of input the library gives none any more.
      const channel = yes();
      if (!channel) return undefined;
      open = this.#track(channel, session, settle());
      return open;
    };
    session.on('exec', (yes, _no, { command }) => {
      const exec = start(yes);
      if (exec) void this.#exec(exec, command);
    });
    session.on('shell', (yes) => {
      const shell = start(yes);
      if (shell) void this.#shell(shell);
    });
    session.on('subsystem', (yes, _no, { name }) => {
      if (name === 'sftp') return this.#sftp(yes(), session);
      const exec = start(yes);
      if (!isSubsystemName(name))
        return this.#turnAway(exec, 'subsystem', ['the subsystem has no name that is understood']);
      if (exec) void this.#subsystem(exec, name);
    });
  }

  #track(channel: ServerChannel, session: Session, settings: ChannelSettings): ExecChannel {
    const exec = new ExecChannel(channel, this.#options.socket, settings, (message, error) =>
      this.#ports.log(message, { session: this.id, error }),
    );
    return this.#keep(exec, session);
  }

  #keep<Running extends RunningChannel>(running: Running, session: Session): Running {
    this.#channels.add(running);
    clearTimeout(this.#idle);
    session.on('close', () => running.gone());
    void running.over.then(() => {
      this.#channels.delete(running);
      this.#rest();
    });
    return running;
  }

  #sftp(channel: ServerChannel | undefined, session: Session): void {
    if (!channel) return;
    const ports = {
      limits: this.#ports.limits.sftp,
      tally: this.#fileTally,
      refused: (why: string, text: string) => this.refused(why, text),
      log: (message: string, error: unknown) => this.#ports.log(message, { session: this.id, error }),
    };
    const files = this.#keep(new SftpChannel(channel, this.#options.socket, ports), session);
    void this.#opened.then((opened) =>
      opened.ok ? files.serve(opened.gate, opened.upstream) : this.#notLetIn(files, opened.lines),
    );
  }

  async #exec(exec: ExecChannel, line: string): Promise<void> {
    const opened = await this.#opened;
    if (!opened.ok) return this.#notLetIn(exec, opened.lines);
    const read = commandsOf(line, opened.target.shell, this.#ports.limits.maxLineBytes, exec.settings);
    if (!read.ok) {
      this.refused(read.why, line.slice(0, maxRefusedText));
      return exec.fail(`not run: ${read.why}`, deniedExit);
    }
    const { gate, upstream, target } = opened;
    await exec.offer(gate, upstream, { line, commands: read.commands }, target.shell, this.#ports.limits);
  }

  async #shell(channel: ExecChannel): Promise<void> {
    const opened = await this.#opened;
    if (!opened.ok) return this.#notLetIn(channel, opened.lines);
    const { gate, upstream, target } = opened;
    const commands = shellCommands(channel.settings);
    await channel.offer(gate, upstream, { line: undefined, commands }, target.shell, this.#ports.limits);
  }

  /** Any but sftp: a stream of bytes in a protocol that nobody here reads. */
  async #subsystem(exec: ExecChannel, name: string): Promise<void> {
    const opened = await this.#opened;
    if (!opened.ok) return this.#notLetIn(exec, opened.lines);
    const { gate, upstream, target } = opened;
    const program = { line: undefined, subsystem: name, commands: [subsystemCommand(name)] } as const;
    await exec.offer(gate, upstream, program, target.shell, this.#ports.limits);
  }

  #turnAway(exec: ExecChannel | undefined, what: string, lines: readonly string[]): void {
    if (!exec) return;
    this.refused('not offered', what);
    void this.#opened.then((opened) => (opened.ok ? exec.fail(lines, deniedExit) : this.#notLetIn(exec, opened.lines)));
  }

  #notLetIn(running: RunningChannel, lines: readonly string[]): void {
    running.fail(lines);
    void running.over.then(() => this.#ended.resolve('not let in'));
  }

  // --- the end --------------------------------------------------------------------------------------------------------------------

  /** Nothing runs: the gateway may want to stop, and nobody waits for ever. */
  #rest(): void {
    clearTimeout(this.#idle);
    if (this.#channels.size > 0 || this.#forwards.open > 0) return;
    if (this.#options.draining.aborted) return this.#ended.resolve('gateway stopping');
    const { idleMs } = this.#ports.limits;
    if (idleMs !== undefined) this.#idle = setTimeout(() => this.#ended.resolve('idle for too long'), idleMs).unref();
  }

  /** What runs is told why, and then the connection ends. */
  #endAll(reason: string): void {
    for (const channel of this.#channels) channel.fail(reason);
    this.#forwards.end(reason);
    setTimeout(() => this.#ended.resolve(reason), 0);
  }

  async #lost(): Promise<void> {
    for (const channel of this.#channels) channel.lost();
    this.#forwards.end('connection to the target lost');
    await Promise.all([...this.#channels].map((channel) => channel.over));
    this.#ended.resolve('upstream-lost');
  }
}
