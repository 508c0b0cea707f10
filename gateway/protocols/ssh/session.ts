import type { Socket } from 'node:net';
import type { Connection } from 'ssh2';
import type { ForwardKind } from '../../contract/command-ssh.ts';
import { SallyportError } from '../../contract/errors.ts';
import type { Admission, Gate } from '../../contract/gate.ts';
import { asId, type SessionId } from '../../contract/ids.ts';
import type { Login } from '../../contract/principal.ts';
import type { ChannelSizes } from './channel-sizes.ts';
import { Channels, type ChannelsLimits, type Opened } from './channels.ts';
import { brokenHint, brokenLine, loginHint, noSessionLines, targetHint } from './errors.ts';
import { Forwards } from './forwards.ts';
import type { ClientReading } from './reading.ts';
import type { Room } from './sftp/room.ts';
import type { CommandShare } from './shares.ts';
import type { SshTarget, SshUpstream } from './upstream.ts';

export interface SshSessionPorts {
  readonly admission: Admission;
  readonly nextId: () => string;
  target(name: string): SshTarget | undefined;
  readonly limits: SshLimits;
  readonly log: (message: string, fields: { readonly session: string; readonly error?: unknown }) => void;
}

export interface SshLimits extends ChannelsLimits {
  readonly sizes: ChannelSizes;
  /** Forwarded connections and places that are listened at, together. */
  readonly maxForwards: number;
  readonly keepAliveMs: number;
  /** How many signs of life in a row a client may leave unanswered. */
  readonly maxUnanswered: number;
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
  /** The gateway's, for masked copies of files. */
  readonly room: Room;
  /** The principal's, over all of its connections. */
  readonly share: CommandShare;
}

/** How long a client that was not let in may take to ask for something, and so to hear why. */
const farewellMs = 10_000;
/** How long a host may take to say that it runs what was on its way there when the session was ended, and so to have it killed. */
const killMs = 30_000;
const admissionHints = { no_target: targetHint, denied: undefined, unavailable: brokenHint } as const;
/** Reasons of the record that are no sentences. */
const saidOf: { readonly [reason: string]: string } = { 'upstream-lost': 'connection to the target lost' };
const notCarried: { readonly [what: string]: ForwardKind } = {
  'x11-req': 'x11',
  'auth-agent-req@openssh.com': 'agent',
  'tun@openssh.com': 'tunnel',
};

/** One client on one host: its gate, its connection to the host, and every way in which it ends. Made in the moment in which the login is accepted. */
export class SshSession {
  readonly id: SessionId;
  readonly #options: SshSessionOptions;
  readonly #ports: SshSessionPorts;
  readonly #opened: Promise<Opened>;
  readonly #channels: Channels;
  readonly #forwards: Forwards;
  #gate: Gate | undefined;
  readonly #ended = Promise.withResolvers<string>();
  #idle: NodeJS.Timeout | undefined;

  constructor(options: SshSessionOptions, ports: SshSessionPorts) {
    this.#options = options;
    this.#ports = ports;
    this.id = asId<SessionId>(ports.nextId());
    const { client, socket, reading, draining } = options;
    const both = {
      ...{ client, socket },
      refused: (why: string, text: string) => this.refused(why, text),
      changed: () => this.#rest(),
      log: (message: string, error: unknown) => ports.log(message, { session: this.id, error }),
    };
    this.#opened = this.#open();
    this.#channels = new Channels({
      ...both,
      opened: this.#opened,
      limits: ports.limits,
      room: options.room,
      share: options.share,
      acceptEnv: () => ports.target(options.target)?.acceptEnv ?? [],
      isEnding: () => draining.aborted || this.#gate?.ending.aborted === true,
      notOffered: (what) => this.notOffered(what),
      turnedAway: () => this.#ended.resolve('not let in'),
    });
    this.#forwards = new Forwards({
      ...both,
      reading,
      opened: this.#opened.then((opened) =>
        opened.ok
          ? { gate: opened.gate, forwards: opened.upstream.forwards, shell: opened.target.shell }
          : opened.lines.join(' '),
      ),
      maxForwards: ports.limits.maxForwards,
    });
  }

  /** Runs until either side or the gateway ends it. @returns why it ended, for a client that is still there */
  async run(): Promise<string> {
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
        upstream.lost.addEventListener('abort', () => void this.#lost(upstream.lost.reason), { once: true });
        if (upstream.lost.aborted) void this.#lost(upstream.lost.reason);
        draining.addEventListener('abort', () => this.#rest(), { once: true });
        this.#rest();
        reason = await over.promise;
      } else {
        setTimeout(() => over.resolve('not let in'), farewellMs).unref();
        await over.promise;
      }
      return opened.ok ? (saidOf[reason] ?? reason) : (opened.lines[0] ?? reason);
    } finally {
      clearTimeout(this.#idle);
      this.#channels.gone();
      this.#forwards.end(reason);
      void this.#leave(opened.ok ? opened.upstream : undefined);
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
    const no = (reason: string, message: string, hint?: string): Opened => ({
      ok: false,
      gate: this.#gate,
      lines: noSessionLines(this.id, message, hint),
      reason,
    });
    try {
      const admitted = await this.#ports.admission.admit(request);
      if (!admitted.ok) {
        const { message, hint, code } = admitted;
        return no(code, message, hint ?? admissionHints[code]);
      }
      const { gate } = admitted;
      this.#gate = gate;
      if (!target) return no('no target', `target "${name}" is gone from the configuration`);
      try {
        const who = `${login.principal.id} ${this.id}`;
        const upstream = await target.connect(asked, who, AbortSignal.any([signal, gate.ending]));
        if (!upstream)
          return no('no credential', `the gateway has no login "${asked}" for target "${name}"`, loginHint);
        return { ok: true, gate, upstream, target };
      } catch (error) {
        this.#ports.log('session failed', { session: this.id, error });
        return no(error instanceof SallyportError ? error.code : 'failed', brokenLine(error), brokenHint);
      }
    } catch (error) {
      this.#ports.log('session failed', { session: this.id, error });
      return no('failed', brokenLine(error), brokenHint);
    }
  }

  // --- the end --------------------------------------------------------------------------------------------------------------------

  /** Nothing runs: the gateway may want to stop, and nobody waits for ever. */
  #rest(): void {
    clearTimeout(this.#idle);
    if (this.#channels.open > 0 || this.#forwards.open > 0) return;
    if (this.#options.draining.aborted) return this.#ended.resolve('gateway stopping');
    const { idleMs } = this.#ports.limits;
    if (idleMs !== undefined) this.#idle = setTimeout(() => this.#ended.resolve('idle for too long'), idleMs).unref();
  }

  /** What runs is told why, and then the connection ends. */
  #endAll(reason: string): void {
    this.#channels.fail(reason);
    this.#forwards.end(reason);
    setTimeout(() => this.#ended.resolve(reason), 0);
  }

  /**
   * The host is left when nothing runs there any more: what a client has left running keeps its place, and who hangs up and comes back starts no
   * new count. Where somebody else ended the session, what runs was killed: then when what was on its way there has been as well. At once
   * where the gateway stops.
   */
  async #leave(upstream: SshUpstream | undefined): Promise<void> {
    if (upstream) {
      const isEnded = this.#gate?.ending.aborted === true;
      const enough = isEnded ? AbortSignal.timeout(killMs) : this.#options.draining;
      const now = AbortSignal.any([enough, upstream.lost]);
      const over = new Promise<void>((resolve) => {
        if (now.aborted) resolve();
        else now.addEventListener('abort', () => resolve(), { once: true });
      });
      await Promise.race([isEnded ? this.#channels.begun() : this.#channels.left(), over]);
    }
    this.#channels.giveBack();
    upstream?.[Symbol.dispose]();
  }

  async #lost(why: unknown): Promise<void> {
    if (why instanceof SallyportError && why.code === 'protocol-violation')
      this.#ports.log('the host broke the protocol', { session: this.id, error: why });
    const over = this.#channels.lost();
    this.#forwards.end('connection to the target lost');
    await over;
    this.#ended.resolve('upstream-lost');
  }
}
