import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Answer, Wire } from '../../protocols/conformance-subject.ts';
import { parseServerMessage, serverLimit, type ServerMessage } from '../../protocols/postgres/codec/backend.ts';
import { Writer } from '../../protocols/postgres/codec/bytes.ts';
import { Framer } from '../../protocols/postgres/codec/frames.ts';
import { encodeClientMessage, encodeQuery } from '../../protocols/postgres/codec/frontend.ts';
import { encodeStartup } from '../../protocols/postgres/login/startup.ts';

const sync = encodeClientMessage({ type: 'sync' });
const maxMessageBytes = 1 << 30;

/** A PostgreSQL client that sends what it is told to, in the clear, and shows what comes back. */
export class PgWire implements Wire {
  readonly ways = ['simple', 'extended'];
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #framer = new Framer(serverLimit(maxMessageBytes));
  readonly #chunks: Buffer[] = [];
  readonly #answers: Answer[] = [];
  #texts: string[] = [];
  #failed = false;
  #waiting: PromiseWithResolvers<void> | undefined;
  #over = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    // A session that broke off is an answer; whether by FIN or by reset is the network's affair.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#over = true;
      this.#wake();
      resolve();
    });
  }

  static async open(port: number, database: string, user: string, token: string): Promise<PgWire> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    await once(socket, 'connect');
    return PgWire.login(socket, database, user, token);
  }

  /** Logs in with a token and waits for the first ReadyForQuery. */
  static async login(socket: Socket, database: string, user: string, token: string): Promise<PgWire> {
    const wire = new PgWire(socket);
    const startup = [
      ['user', user],
      ['database', database],
    ] as const;
    wire.write(encodeStartup(startup));
    wire.write(new Writer().message(0x70).text(token).take());
    const greeting = await wire.answer();
    if (!greeting.ok) throw new Error(`not let in: ${greeting.text}`);
    return wire;
  }

  encode(text: string, way: string): Buffer {
    if (way === 'simple') return encodeQuery(text);
    const none = { parameterFormats: [], parameters: [], resultFormats: [] };
    return Buffer.concat([
      encodeClientMessage({ type: 'parse', statement: '', text, parameterTypes: [] }),
      encodeClientMessage({ type: 'bind', portal: '', statement: '', ...none }),
      encodeClientMessage({ type: 'describe', what: 'portal', name: '' }),
      encodeClientMessage({ type: 'execute', portal: '', maxRows: 0 }),
      sync,
    ]);
  }

  write(bytes: Buffer): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  async answer(): Promise<Answer> {
    for (;;) {
      const next = this.#answers.shift();
      if (next) return next;
      if (this.#over) return { ok: false, text: this.#texts.join('\n') };
      this.#waiting ??= Promise.withResolvers();
      await this.#waiting.promise;
    }
  }

  received(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  stopReading(): void {
    this.#socket.pause();
  }

  readOn(): void {
    this.#socket.resume();
  }

  hangUp(): void {
    this.#socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
    await this.closed;
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#framer.push(chunk);
    while (this.#framer.next()) this.#read(parseServerMessage(this.#framer));
  }

  #read(message: ServerMessage): void {
    switch (message.type) {
      case 'ready':
        this.#answers.push({ ok: !this.#failed, text: this.#texts.join('\n') });
        this.#texts = [];
        this.#failed = false;
        this.#wake();
        return;
      case 'error':
      case 'notice':
        this.#failed ||= message.type === 'error';
        // Where the server's own source stands is no part of what a person reads.
        this.#texts.push(...[...message.fields].filter(([field]) => !'FLR'.includes(field)).map(([, text]) => text));
        return;
      case 'dataRow':
        this.#texts.push(message.values.map((value) => value?.toString() ?? 'NULL').join(' | '));
        return;
      default:
        return;
    }
  }

  #wake(): void {
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }
}
