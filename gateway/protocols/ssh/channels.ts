import type { Socket } from 'node:net';
import type { Connection, ServerChannel, Session } from 'ssh2';
import type { Gate } from '../../contract/gate.ts';
import { isSubsystemName, subsystemCommand } from '../../facts/forwards/index.ts';
import type { Shell } from '../../facts/shell/index.ts';
import { type ChannelLimits, type ChannelSettings, ExecChannel, type Program } from './channel.ts';
import { brokenLine, deniedExit } from './errors.ts';
import { askLoginShell, type LoginShell } from './login-shell.ts';
import { commandsOf, shellCommands } from './normalize.ts';
import { openFailures, refuseChannel } from './refuse-channel.ts';
import { answer, collectSettings } from './requests.ts';
import type { CommandShare, GiveBack } from './shares.ts';
import { SftpChannel } from './sftp/channel.ts';
import type { SftpLimits } from './sftp/limits.ts';
import { Room } from './sftp/room.ts';
import type { SshTarget, SshUpstream } from './upstream.ts';

/** Something that runs in a channel. */
interface RunningChannel {
  /** Resolves when it is closed on both sides. */
  readonly over: Promise<void>;
  /** Resolves when nothing of it runs at the host. Good once it is over. */
  readonly left: Promise<void>;
  /** Resolves when nothing of it is on its way to the host any more. */
  readonly begun: Promise<void>;
  /** The client has closed it, or the connection is over. */
  gone(): void;
  /** Ends it with lines that the client reads, unless it has ended. */
  fail(lines: string | readonly string[], code?: number): void;
  /** The connection to the host is over. */
  lost(): void;
}

/** A session that was let in, with the host at its other end. */
export interface OpenSession {
  readonly ok: true;
  readonly gate: Gate;
  readonly upstream: SshUpstream;
  readonly target: SshTarget;
}

export type Opened =
  | OpenSession
  | { readonly ok: false; readonly gate: Gate | undefined; readonly lines: readonly string[]; readonly reason: string };

export interface ChannelsLimits extends ChannelLimits {
  readonly maxChannels: number;
  /** Of one principal, over all connections. */
  readonly maxChannelsPerPrincipal: number;
  readonly sftp: SftpLimits;
}

export interface ChannelsPorts {
  readonly client: Connection;
  readonly socket: Socket;
  readonly opened: Promise<Opened>;
  readonly limits: ChannelsLimits;
  /** The gateway's, for masked copies of files. */
  readonly room: Room;
  /** The principal's, over all of its connections. */
  readonly share: CommandShare;
  /** Of the host that was asked for, as it is configured now. */
  acceptEnv(): readonly string[];
  /** No channel is opened any more. */
  isEnding(): boolean;
  refused(why: string, text: string): void;
  /** Something was asked for that is not carried. */
  notOffered(what: string): void;
  /** Something runs, or does not any more. */
  changed(): void;
  /** The client was not let in, and has been told why. */
  turnedAway(): void;
  readonly log: (message: string, error: unknown) => void;
}

/** A channel that the client has open, or that has left something running at the host. */
interface Place {
  /** What runs in it, if anything does. */
  running?: RunningChannel;
  readonly giveBack: GiveBack;
}

/** Of a line that was not read: enough to know it again. */
const maxRefusedText = 1_000;

/** All that runs in the channels of one connection: execs, shells, subsystems, files; one after the other or at once. */
export class Channels {
  readonly #ports: ChannelsPorts;
  /** Channels that the client has open, whether something runs in them or not, and those closed that have left something running at the host. */
  readonly #places = new Map<Session, Place>();
  readonly #running = new Set<RunningChannel>();
  /** Limits of bytes of files count over the session. */
  readonly #fileTally = {};
  readonly #room: Room;
  /** Asked before the first line. */
  #loginShell: Promise<LoginShell> | undefined;

  constructor(ports: ChannelsPorts) {
    this.#ports = ports;
    this.#room = new Room(ports.limits.sftp.maxMaskedBytes, ports.room);
    // Requests come in the same packet as the login, if a client is in a hurry: nobody may miss them.
    ports.client.on('session', (accept, reject) => this.#session(accept, reject));
  }

  /** How many run something. */
  get open(): number {
    return this.#running.size;
  }

  /** The connection is over. */
  gone(): void {
    for (const running of this.#running) running.gone();
  }

  /** What runs is told why, and ends. */
  fail(why: string): void {
    for (const running of this.#running) running.fail(why);
  }

  /** The connection to the host is over. Resolves when all that ran has ended. */
  async lost(): Promise<void> {
    for (const running of this.#running) running.lost();
    await Promise.all([...this.#running].map((running) => running.over));
  }

  /** Behind `gone`: resolves when nothing of what ran is left at the host. Each gives its place back by itself. */
  async left(): Promise<void> {
    await Promise.all([...this.#places.keys()].map((session) => this.#closed(session)));
  }

  /** Behind `fail`: resolves when what was on its way to the host has begun there, and was killed. */
  async begun(): Promise<void> {
    await Promise.all([...this.#places.values()].map(async ({ running }) => running?.begun));
  }

  /** The host was left: nobody knows any more what runs there. */
  giveBack(): void {
    for (const { giveBack } of this.#places.values()) giveBack();
    this.#places.clear();
  }

  // --- what a client asks for ----------------------------------------------------------------------------------------------------------

  #session(accept: () => Session, reject: () => void): void {
    const { client, refused, acceptEnv, notOffered } = this.#ports;
    const giveBack = this.#take();
    if (typeof giveBack === 'string') {
      refused(`limit: ${giveBack}`, '');
      return refuseChannel(client, reject, giveBack, openFailures.resourceShortage);
    }
    const session = accept();
    this.#places.set(session, { giveBack });
    session.once('close', () => void this.#closed(session));
    const settle = collectSettings(session, { acceptEnv: acceptEnv(), onRefused: notOffered });
    let open: ExecChannel | undefined;
    session.on('window-change', (yes, _no, size) => {
      open?.resize(size);
      answer(yes);
    });
    session.on('signal', (yes, no, { name }) => {
      const why = open ? open.signal(name) : 'nothing runs';
      if (why !== undefined) refused(`signal: ${why}`, name.slice(0, maxRefusedText));
      answer(why === undefined ? yes : no);
    });
    const start = (yes: () => ServerChannel | undefined, programOf: ProgramOf) => {
      // It has to be taken at once: behind the client's end of input the library gives none any more.
      const channel = yes();
      if (!channel) return;
      open = this.#exec(channel, session, settle(), programOf);
    };
    session.on('exec', (yes, _no, { command }) => start(yes, (exec, at) => this.#line(exec, command, at)));
    session.on('shell', (yes) => {
      start(yes, (exec, { target: { shell } }) => {
        return { program: { line: undefined, commands: shellCommands(exec.settings) }, shell };
      });
    });
    session.on('subsystem', (yes, _no, { name }) => {
      if (name === 'sftp') return this.#sftp(yes(), session);
      start(yes, (exec, { target: { shell } }) => {
        const program = this.#subsystem(exec, name);
        return program && { program, shell };
      });
    });
  }

  /** @returns why there is no place for one more */
  #take(): GiveBack | string {
    const { limits, share, isEnding } = this.#ports;
    if (isEnding()) return 'the session ends';
    if (this.#places.size >= limits.maxChannels)
      return `more than ${limits.maxChannels} commands at once over one connection, with those left running`;
    return (
      share.take() ?? `more than ${share.most} commands of yours at once over all connections, with those left running`
    );
  }

  #exec(channel: ServerChannel, session: Session, settings: ChannelSettings, programOf: ProgramOf): ExecChannel {
    const { socket, log, limits } = this.#ports;
    const exec = new ExecChannel(channel, socket, settings, log);
    this.#begin(exec, session, async ({ gate, upstream, target }) => {
      const asked = await programOf(exec, { upstream, target });
      if (asked) await exec.offer(gate, upstream, asked.program, asked.shell, limits);
    });
    return exec;
  }

  async #line(exec: ExecChannel, line: string, { upstream, target }: At): Promise<Asked | undefined> {
    const refuse = (why: string): undefined => {
      this.#ports.refused(why, line.slice(0, maxRefusedText));
      exec.fail(`not run: ${why}`, deniedExit);
    };
    this.#loginShell ??= askLoginShell(upstream, target);
    try {
      const reads = await this.#loginShell;
      if (!reads.ok) return refuse(reads.why);
      const { shell } = reads;
      const read = commandsOf(line, shell, this.#ports.limits.maxLineBytes, exec.settings);
      return read.ok ? { program: { line, commands: read.commands }, shell } : refuse(read.why);
    } catch (error) {
      exec.fail(brokenLine(error));
      this.#ports.log('exec failed', error);
      return undefined;
    }
  }

  /** Any but sftp: a stream of bytes in a protocol that nobody here reads. */
  #subsystem(exec: ExecChannel, name: string): Program | undefined {
    if (isSubsystemName(name)) return { line: undefined, subsystem: name, commands: [subsystemCommand(name)] };
    this.#ports.refused('not offered', 'subsystem');
    exec.fail('the subsystem has no name that is understood', deniedExit);
    return undefined;
  }

  #sftp(channel: ServerChannel | undefined, session: Session): void {
    if (!channel) return;
    const { limits, socket, refused, log } = this.#ports;
    const files = new SftpChannel(channel, socket, {
      ...{ limits: limits.sftp, tally: this.#fileTally, room: this.#room },
      ...{ refused, log },
    });
    this.#begin(files, session, ({ gate, upstream }) => files.serve(gate, upstream));
  }

  // --- whatever runs -------------------------------------------------------------------------------------------------------------------

  /** @param begin called once the session is open; who was not let in is told why instead */
  #begin(running: RunningChannel, session: Session, begin: (opened: OpenSession) => Promise<void>): void {
    const { opened: opening, changed, turnedAway } = this.#ports;
    this.#running.add(running);
    const place = this.#places.get(session);
    if (place) place.running = running;
    changed();
    void running.over.then(() => {
      this.#running.delete(running);
      changed();
    });
    void opening.then((opened) => {
      if (opened.ok) return begin(opened);
      running.fail(opened.lines);
      return running.over.then(turnedAway);
    });
  }

  /** The client has closed a channel: what that leaves at the host keeps its place. */
  async #closed(session: Session): Promise<void> {
    const place = this.#places.get(session);
    place?.running?.gone();
    await place?.running?.left;
    this.#places.delete(session);
    place?.giveBack();
  }
}

type At = Pick<OpenSession, 'upstream' | 'target'>;

interface Asked {
  readonly program: Program;
  /** By which its lines are read. */
  readonly shell: Shell;
}

/** @returns undefined when there is none to judge; then `exec` has ended with the reason */
type ProgramOf = (exec: ExecChannel, at: At) => Asked | undefined | Promise<Asked | undefined>;
