import type { Socket } from 'node:net';
import type { Connection, ServerChannel } from 'ssh2';
import { z } from 'zod';
import type { ForwardKind, SshCommand } from '../../contract/command-ssh.ts';
import type { Gate } from '../../contract/gate.ts';
import { forwardCommand, type ForwardPlace, socketPlace, tcpPlace } from '../../facts/forwards/index.ts';
import type { Shell } from '../../facts/shell/index.ts';
import { brokenLine } from './errors.ts';
import { carriedTerms, SshExchange } from './exchange.ts';
import { type Ends, ForwardConnection } from './forward-connection.ts';
import type { ClientReading } from './reading.ts';
import { refuseChannel } from './refuse-channel.ts';
import { offerSilently } from './silent.ts';
import type { Incoming, Listening, UpstreamForwards } from './upstream-forwards.ts';

/** What forwards need of the session they are in, once it is open. */
export interface ForwardSession {
  readonly gate: Gate;
  readonly forwards: UpstreamForwards;
  readonly shell: Shell;
}

export interface ForwardPorts {
  readonly client: Connection;
  readonly socket: Socket;
  readonly reading: ClientReading;
  /** Undefined when the client was not let in; then it is told why. */
  readonly opened: Promise<ForwardSession | string>;
  readonly maxForwards: number;
  refused(why: string, text: string): void;
  /** Something is open, or is not any more. */
  changed(): void;
  readonly log: (message: string, error: unknown) => void;
}

/** All that a client forwards over one connection: each thing it asks for is a command, and so is each connection to where it listens. */
export class Forwards {
  readonly #ports: ForwardPorts;
  readonly #connections = new Set<ForwardConnection>();
  /** By what the client calls it; a promise while the host is asked. */
  readonly #listening = new Map<string, Listening | 'asked'>();
  #isOver = false;

  constructor(ports: ForwardPorts) {
    this.#ports = ports;
    const { client } = ports;
    client.on('tcpip', (accept, reject, { destIP, destPort }) => {
      void this.#local(tcpPlace(destIP, destPort, false), accept, reject);
    });
    client.on('openssh.streamlocal', (accept, reject, { socketPath }) => {
      void this.#local(socketPlace(socketPath), accept, reject);
    });
    client.on('request', (accept, reject, name, asked) => {
      void this.#request(name, requested.safeParse(asked).data ?? {}, accept, reject);
    });
  }

  /** Connections and places that are listened at. */
  get open(): number {
    return this.#connections.size + this.#listening.size;
  }

  /** The session is over. */
  end(why: string): void {
    this.#isOver = true;
    for (const connection of this.#connections) connection.end(why);
    for (const listening of this.#listening.values()) if (listening !== 'asked') listening.stop();
    this.#listening.clear();
  }

  /** For what is judged, and then not carried all the same. */
  async judge(kind: ForwardKind): Promise<void> {
    const opened = await this.#ports.opened;
    if (typeof opened === 'string' || this.#isOver) return;
    const text = 'the gateway does not carry it';
    try {
      await offerSilently(opened.gate, {
        command: forwardCommand(kind),
        shell: opened.shell,
        terms: carriedTerms,
        run: () => ({ ok: false, code: 'not_carried', text }),
      });
    } catch (error) {
      this.#ports.log('forward not judged', error);
    }
  }

  // --- connections that the client asks for -----------------------------------------------------------------------------------------

  async #local(place: ForwardPlace | string, accept: Accept, reject: () => void): Promise<void> {
    const refuse = (text: string) => refuseChannel(this.#ports.client, reject, text);
    const session = await this.#session(place, refuse);
    if (!session || typeof place === 'string') return;
    const open = async () => {
      const host = await session.forwards.connect(place);
      return { client: accept(), host };
    };
    await this.#connect(session, { open, refuse }, forwardCommand('local', place));
  }

  // --- places where the host listens ------------------------------------------------------------------------------------------------

  async #request(
    name: string,
    { bindAddr, bindPort, socketPath }: z.infer<typeof requested>,
    accept: ((port?: number) => void) | undefined,
    reject: (() => void) | undefined,
  ): Promise<void> {
    const isTcp = bindAddr !== undefined && bindPort !== undefined;
    const place = isTcp ? tcpPlace(bindAddr, bindPort, true) : socketPlace(socketPath ?? '');
    const key = isTcp ? `${bindAddr}:${bindPort}` : (socketPath ?? '');
    const no = () => reject?.();
    switch (name) {
      case 'tcpip-forward':
      case 'streamlocal-forward@openssh.com': {
        const session = await this.#session(place, no);
        if (!session || typeof place === 'string') return;
        return this.#listen(session, key, place, isTcp ? bindAddr : '', accept, no);
      }
      case 'cancel-tcpip-forward':
      case 'cancel-streamlocal-forward@openssh.com': {
        const listening = this.#listening.get(key);
        if (listening === undefined || listening === 'asked') return no();
        listening.stop();
        this.#listening.delete(key);
        this.#ports.changed();
        return accept?.();
      }
      default:
        this.#ports.refused('not offered', name);
        return no();
    }
  }

  async #listen(
    session: ForwardSession,
    key: string,
    place: ForwardPlace,
    asked: string,
    accept: ((port?: number) => void) | undefined,
    reject: () => void,
  ): Promise<void> {
    if (this.#listening.has(key)) return reject();
    this.#listening.set(key, 'asked');
    const failed = () => {
      this.#listening.delete(key);
      this.#ports.changed();
      reject();
    };
    const begin = async (x: SshExchange) => {
      // Behind an approval the session may be over.
      if (this.#isOver) return;
      const listening = await session.forwards.listen(place, (incoming) => {
        const port = 'port' in place && place.port === 0 ? listening.port : 'port' in place ? place.port : 0;
        void this.#incoming(session, place, { asked, port }, incoming);
      });
      if (this.#isOver) return listening.stop();
      this.#listening.delete(key);
      // What the host chose is what the client calls it from now on.
      const known = 'port' in place && place.port === 0 ? `${asked}:${listening.port}` : key;
      this.#listening.set(known, listening);
      await x.deliver({ kind: 'end', outcome: { ok: true, tag: `listens, port ${listening.port}` } });
      accept?.(listening.port);
    };
    const x: SshExchange = new SshExchange(
      {
        send(sent) {
          begin(sent).catch((error: unknown) => {
            failed();
            void sent.deliver({ kind: 'end', outcome: { ok: false, code: 'refused', text: brokenLine(error) } });
          });
        },
        deny: failed,
        holding: () => undefined,
        reply: () => undefined,
        breakOff: failed,
      },
      [forwardCommand('remote', place)],
      session.shell,
      carriedTerms,
    );
    try {
      await session.gate.offer(x);
    } catch (error) {
      this.#ports.log('forward failed', error);
      failed();
    }
  }

  async #incoming(
    session: ForwardSession,
    place: ForwardPlace,
    { asked, port }: { readonly asked: string; readonly port: number },
    incoming: Incoming,
  ): Promise<void> {
    const refuse = () => incoming.reject();
    if (!this.#hasRoom(refuse)) return;
    const { client } = this.#ports;
    const open = async () => {
      const channel = await new Promise<ServerChannel>((resolve, reject) => {
        const done = (error: Error | undefined, opened: ServerChannel) => (error ? reject(error) : resolve(opened));
        if ('path' in place) client.openssh_forwardOutStreamLocal(place.path, done);
        else client.forwardOut(asked, port, incoming.from.host, incoming.from.port, done);
      });
      return { client: channel, host: incoming.accept() };
    };
    await this.#connect(session, { open, refuse }, forwardCommand('remote', place));
  }

  // --- both ---------------------------------------------------------------------------------------------------------------------------

  async #connect(session: ForwardSession, ends: Ends, command: SshCommand): Promise<void> {
    const connection = new ForwardConnection(ends, this.#ports.socket, this.#ports.log);
    this.#connections.add(connection);
    this.#ports.changed();
    void connection.over.then(() => {
      this.#connections.delete(connection);
      this.#ports.changed();
    });
    await connection.offer(session.gate, command, session.shell);
  }

  async #session(place: ForwardPlace | string, refuse: (text: string) => void): Promise<ForwardSession | undefined> {
    if (typeof place === 'string') {
      this.#ports.refused(`forward: ${place}`, '');
      refuse(place);
      return undefined;
    }
    const { reading, opened: opening } = this.#ports;
    const opened = await reading.until(opening);
    if (typeof opened === 'string') {
      refuse(opened);
      return undefined;
    }
    return this.#hasRoom(refuse) ? opened : undefined;
  }

  #hasRoom(refuse: (text: string) => void): boolean {
    if (!this.#isOver && this.open < this.#ports.maxForwards) return true;
    const why = this.#isOver ? 'the session ends' : `more than ${this.#ports.maxForwards} forwards at once`;
    this.#ports.refused(`limit: ${why}`, '');
    refuse(why);
    return false;
  }
}

type Accept = () => ServerChannel;

const requested = z.object({
  bindAddr: z.string().optional(),
  bindPort: z.number().optional(),
  socketPath: z.string().optional(),
});
