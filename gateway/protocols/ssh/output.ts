import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { ServerChannel } from 'ssh2';
import type { Wait } from '../../contract/wait.ts';

/** Bytes that may wait in the client's socket before what they come from is stopped. */
const socketRoomBytes = 256 * 1024;

/** Where ssh2 keeps the window, and what did not fit it. */
interface Inside {
  /** `_kexinit` is there while keys are exchanged: until then the library keeps all that is to be sent. */
  readonly _client: EventEmitter & { readonly _protocol: { readonly _kexinit: Buffer | undefined } };
  readonly outgoing: { readonly window: number };
  _chunk?: unknown;
  _chunkcb?: unknown;
  _chunkErr?: unknown;
  _chunkcbErr?: unknown;
}

/**
 * What goes to the client on one channel: one piece after the other, whichever stream it is for. The library (1.17.0) keeps what did not
 * fit the window and forgets to forget it, so that two streams waiting at once would send old bytes again.
 */
export class ChannelOutput {
  readonly #channel: ServerChannel & Inside;
  readonly #socket: Socket;
  #last: Promise<void> | undefined;
  #isClosed = false;
  /** Ends the one wait that is going on. */
  #wake: (() => void) | undefined;

  constructor(channel: ServerChannel, socket: Socket) {
    this.#channel = channel as ServerChannel & Inside; // the library's own fields, 1.17.0
    this.#socket = socket;
  }

  /** The client has closed the channel, or the connection is over: what waits is given up. The library calls nobody back then. */
  abandon(): void {
    this.#isClosed = true;
    this.#wake?.();
  }

  /** The promise, if any, resolves when the client can take more. */
  write(stream: 'stdout' | 'stderr', bytes: Buffer): Wait {
    if (this.#isClosed || bytes.length === 0) return undefined;
    // What fits the window is on its way when `write` returns.
    const fits = this.#last === undefined && this.#channel.outgoing.window >= bytes.length;
    if (!fits) return this.#queue(() => this.#sendWhole(stream, bytes));
    this.#to(stream).write(bytes);
    return this.#hasRoom() ? undefined : this.#queue(() => this.#room());
  }

  /** Resolves when all that was written is on its way. */
  async flushed(): Promise<void> {
    await this.#last;
  }

  /** Says how it ended, behind everything else, and closes the channel. */
  async end(exit: ChannelExit): Promise<void> {
    await this.#last;
    if (this.#isClosed) return;
    if ('code' in exit) this.#channel.exit(exit.code);
    else this.#channel.exit(exit.signal, exit.coreDumped, exit.text);
    this.#channel.end();
  }

  #to(stream: 'stdout' | 'stderr') {
    return stream === 'stdout' ? this.#channel : this.#channel.stderr;
  }

  #queue(next: () => Promise<void>): Promise<void> {
    const settled: Promise<void> = (this.#last ?? Promise.resolve()).then(next).then(() => {
      if (this.#last === settled) this.#last = undefined;
    });
    this.#last = settled;
    return settled;
  }

  async #sendWhole(stream: 'stdout' | 'stderr', bytes: Buffer): Promise<void> {
    if (this.#isClosed) return;
    const channel = this.#channel;
    await this.#wait((done) => {
      this.#to(stream).write(bytes, () => {
        channel._chunk = channel._chunkcb = channel._chunkErr = channel._chunkcbErr = undefined;
        done();
      });
    });
    await this.#room();
  }

  async #room(): Promise<void> {
    while (!this.#hasRoom())
      await this.#wait((done) => {
        if (this.#isExchangingKeys()) this.#channel._client.once('rekey', done);
        else this.#socket.once('drain', done);
      });
  }

  async #wait(begin: (done: () => void) => void): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      begin(resolve);
    });
    this.#wake = undefined;
  }

  #hasRoom(): boolean {
    if (this.#isClosed || this.#socket.destroyed) return true;
    return !this.#isExchangingKeys() && this.#socket.writableLength < socketRoomBytes;
  }

  /** A client that begins and does not go on would have the library keep all of its window. */
  #isExchangingKeys(): boolean {
    return this.#channel._client._protocol._kexinit !== undefined;
  }
}

/** How a program ended. A signal is named without SIG (RFC 4254 section 6.10). */
export type ChannelExit =
  { readonly code: number } | { readonly signal: string; readonly coreDumped: boolean; readonly text: string };
