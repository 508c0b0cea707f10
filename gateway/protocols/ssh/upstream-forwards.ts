import type { AcceptConnection, Client, Channel, RejectConnection } from 'ssh2';
import { SallyportError } from '../../contract/errors.ts';
import type { ForwardPlace } from '../../facts/forwards/index.ts';

/** A connection that somebody made to where the host listens for a forward. */
export interface Incoming {
  /** Who made it, as the host says; empty and 0 for a socket in its file system. */
  readonly from: { readonly host: string; readonly port: number };
  accept(): Channel;
  reject(): void;
}

/** Where a forward listens. */
export interface Listening {
  /** 0 for a socket in the file system. */
  readonly port: number;
  stop(): void;
}

/** The forwards of one connection to a host: it is the host that connects and listens, with what it can reach. */
export class UpstreamForwards {
  readonly #client: Client;
  readonly #lost: AbortSignal;
  readonly #listeners = new Map<string, (incoming: Incoming) => void>();

  constructor(client: Client, lost: AbortSignal) {
    this.#client = client;
    this.#lost = lost;
    const take = (key: string, from: Incoming['from'], accept: AcceptConnection<Channel>, reject: RejectConnection) => {
      const listener = this.#listeners.get(key);
      if (listener) listener({ from, accept, reject });
      else reject();
    };
    client.on('tcp connection', ({ destIP, destPort, srcIP, srcPort }, accept, reject) =>
      take(`${destIP}:${destPort}`, { host: srcIP, port: srcPort }, accept, reject),
    );
    client.on('unix connection', ({ socketPath }, accept, reject) =>
      take(socketPath, { host: '', port: 0 }, accept, reject),
    );
  }

  /** @throws SallyportError `upstream-refused` when the host does not connect, `upstream-lost` */
  connect(to: ForwardPlace): Promise<Channel> {
    return this.#ask<Channel>('connect', (done) => {
      if ('path' in to) this.#client.openssh_forwardOutStreamLocal(to.path, done);
      // Who connects to the gateway is nothing that the host has to know.
      else this.#client.forwardOut('127.0.0.1', 0, to.host, to.port, done);
    });
  }

  /** @throws SallyportError `upstream-refused` when the host does not listen there, `upstream-lost` */
  async listen(at: ForwardPlace, onIncoming: (incoming: Incoming) => void): Promise<Listening> {
    if ('path' in at) {
      const { path } = at;
      await this.#ask<void>('listen', (done) =>
        this.#client.openssh_forwardInStreamLocal(path, (error) => done(error, undefined)),
      );
      this.#listeners.set(path, onIncoming);
      return {
        port: 0,
        stop: () => this.#stop(path, () => this.#client.openssh_unforwardInStreamLocal(path, () => undefined)),
      };
    }
    const { host } = at;
    const port = await this.#ask<number>('listen', (done) => this.#client.forwardIn(host, at.port, done));
    const key = `${host}:${port}`;
    this.#listeners.set(key, onIncoming);
    return { port, stop: () => this.#stop(key, () => this.#client.unforwardIn(host, port)) };
  }

  #stop(key: string, cancel: () => void): void {
    this.#listeners.delete(key);
    if (!this.#lost.aborted) cancel();
  }

  #ask<T>(what: string, go: (done: (error: Error | null | undefined, value: T) => void) => void): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    if (this.#lost.aborted) reject(this.#lost.reason);
    else {
      this.#lost.addEventListener('abort', () => reject(this.#lost.reason), { once: true });
      go((error, value) => {
        if (error) reject(new SallyportError('upstream-refused', `the host does not ${what}: ${error.message}`));
        else resolve(value);
      });
    }
    return promise;
  }
}
