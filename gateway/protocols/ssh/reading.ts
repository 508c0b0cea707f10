import type { Socket } from 'node:net';

/** Answers that a client may leave unread. More than output waits for (output.ts), so that what a host prints never stops the client's own bytes. */
const maxUnreadBytes = 1024 * 1024;
/** What a client asked for and nobody has dealt with yet. */
const maxWaiting = 100;

/**
 * When a client is read: not while it leaves our answers unread, nor while too much of what it asked for is still being dealt with. The
 * library answers each message at once, whether anybody takes the answer or not. Who never reads on is found by keep-alives.
 */
export class ClientReading {
  readonly #socket: Socket;
  #isUnread = false;
  #waiting = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** To be called behind each message. */
  answered(): void {
    const socket = this.#socket;
    if (this.#isUnread || socket.writableLength <= maxUnreadBytes) return;
    this.#isUnread = true;
    socket.pause();
    socket.once('drain', () => {
      this.#isUnread = false;
      this.#goOn();
    });
  }

  /** Counts `work` as not dealt with until it has settled. Nothing that waits for people: a client that is not read cannot hang up. */
  async until<Result>(work: Promise<Result>): Promise<Result> {
    if (++this.#waiting === maxWaiting) this.#socket.pause();
    try {
      return await work;
    } finally {
      this.#waiting--;
      this.#goOn();
    }
  }

  #goOn(): void {
    if (!this.#isUnread && this.#waiting < maxWaiting && this.#socket.isPaused()) this.#socket.resume();
  }
}
