import { once } from 'node:events';
import { Socket } from 'node:net';
import pg from 'pg';

/** One way to the same database. */
export interface Peer {
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** ReadyForQuery outside a transaction. No row of ours holds these bytes: text has no zeros in it. */
const ready = Buffer.from('Z\0\0\0\x05I', 'latin1');
/** Room for a command tag, or for most of an error. */
const tailBytes = 512;

/** A session that says nothing. @param ca PEM; with it the session is over TLS */
export async function openSession(peer: Peer, ca?: string): Promise<pg.Client> {
  const client = new pg.Client({ ...peer, host: '127.0.0.1', ...(ca === undefined ? {} : { ssl: { ca } }) });
  client.on('error', () => undefined); // whoever uses it next is told
  await client.connect();
  return client;
}

/**
 * A session for reading more than a driver could read: the driver logs in, then the bytes are ours and only counted.
 * What takes a client's time would hide what takes the gateway's.
 */
export class Reader implements Disposable {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async open(peer: Peer): Promise<Reader> {
    const socket = new Socket();
    socket.setNoDelay(true);
    const client = new pg.Client({ ...peer, host: '127.0.0.1', stream: () => socket });
    client.on('error', () => undefined);
    await client.connect();
    socket.removeAllListeners('data');
    return new Reader(socket);
  }

  /**
   * Runs a query and reads all of its answer.
   * @param rows how many it must have, by its command tag
   * @throws Error with what came instead
   */
  async read(sql: string, rows: number): Promise<void> {
    const done = Buffer.from(`SELECT ${String(rows)}\0`, 'latin1');
    const query = Buffer.from(`${sql}\0`);
    const header = Buffer.alloc(5, 'Q');
    header.writeInt32BE(query.length + 4, 1);
    const answer = new Promise<void>((resolve, reject) => {
      let tail: Buffer = Buffer.alloc(0);
      const onData = (chunk: Buffer): void => {
        tail = (chunk.length >= tailBytes ? chunk : Buffer.concat([tail, chunk])).subarray(-tailBytes);
        if (!tail.subarray(-ready.length).equals(ready)) return;
        if (tail.subarray(0, -ready.length).subarray(-done.length).equals(done)) settle(resolve);
        else settle(() => reject(new Error(`${sql}: ${tail.toString('latin1')}`)));
      };
      const onClose = (): void => settle(() => reject(new Error(`${sql}: the connection was closed`)));
      const settle = (how: () => void): void => {
        this.#socket.off('data', onData).off('close', onClose);
        how();
      };
      this.#socket.on('data', onData).once('close', onClose);
    });
    if (!this.#socket.write(Buffer.concat([header, query]))) await once(this.#socket, 'drain');
    return answer;
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}
