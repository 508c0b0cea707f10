import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import ssh2, { type ClientChannel } from 'ssh2';
import type { Answer, Wire } from '../../protocols/conformance-subject.ts';
import { sendRaw } from './ssh-raw.ts';

/** What the suite's bytes mean: SSH encrypts, and no two messages are the same bytes twice, so the wire encrypts what it is given whole. */
export const frameKinds = { exec: 0, payload: 1, bytes: 2 } as const;

/** A message of the suite: its length, its kind, and a command line, an SSH message before encryption, or bytes for the socket. */
export function frame(kind: keyof typeof frameKinds, content: string | Buffer): Buffer {
  const body = Buffer.from(content);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(1 + body.length);
  head.writeUInt8(frameKinds[kind], 4);
  return Buffer.concat([head, body]);
}

/** Puts messages together from the pieces that the suite writes, and has what is sent of each cut like them. */
export class Frames {
  readonly #tap: Tap;
  readonly #send: (kind: number, body: Buffer) => void;
  #pending: Buffer = Buffer.alloc(0);
  #pieces: number[] = [];

  constructor(tap: Tap, send: (kind: number, body: Buffer) => void) {
    this.#tap = tap;
    this.#send = send;
  }

  write(bytes: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, bytes]);
    this.#pieces.push(bytes.length);
    while (this.#pending.length >= 5 && this.#pending.length >= 4 + this.#pending.readUInt32BE(0)) {
      const end = 4 + this.#pending.readUInt32BE(0);
      this.#tap.cutLike(this.#pieces);
      this.#send(this.#pending.readUInt8(4), this.#pending.subarray(5, end));
      this.#pending = this.#pending.subarray(end);
    }
    if (this.#pending.length === 0) this.#pieces = [];
  }
}

/** ssh2 as a client whose every packet is cut where the suite cut the message that it carries. */
export class SshWire implements Wire {
  readonly ways: readonly string[] = ['exec'];
  readonly closed: Promise<void>;
  readonly #client: ssh2.Client;
  readonly #socket: Socket;
  readonly #chunks: Buffer[] = [];
  readonly #answers: Promise<Answer>[] = [];
  readonly #loose = Promise.withResolvers<Answer>();
  readonly #frames: Frames;
  #pty = false;
  #stopAtOutput = false;
  #why = '';

  private constructor(client: ssh2.Client, socket: Socket, tap: Tap) {
    this.#client = client;
    this.#socket = socket;
    this.#frames = new Frames(tap, (kind, body) => this.#send(kind, body));
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    socket.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
    socket.on('close', () => {
      this.#loose.resolve({ ok: false, text: this.#why || 'the connection is over' });
      resolve();
    });
    client.on('error', (error) => (this.#why ||= error.message));
  }

  static async open(port: number, user: string, key: string): Promise<SshWire> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    const tap = new Tap(socket);
    const client = new ssh2.Client();
    const wire = new SshWire(client, socket, tap);
    client.connect({ sock: tap, username: user, privateKey: key, algorithms: { cipher: ['aes128-gcm@openssh.com'] } });
    await Promise.race([once(client, 'ready'), wire.closed]);
    return wire;
  }

  encode(text: string, way: string): Buffer {
    this.#pty = way !== 'exec';
    return frame('exec', text);
  }

  write(bytes: Buffer): void {
    this.#frames.write(bytes);
  }

  answer(): Promise<Answer> {
    return Promise.race([this.#answers.shift() ?? this.#loose.promise, this.#loose.promise]);
  }

  /** As it came, and as it reads: the suite looks for words in it, and for signs of life. */
  received(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** From the first byte of output on: a command takes an answer before it is sent, to the question for a channel. */
  stopReading(): void {
    this.#stopAtOutput = true;
  }

  readOn(): void {
    this.#stopAtOutput = false;
    this.#socket.resume();
  }

  hangUp(): void {
    this.#socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
    await this.closed;
  }

  #send(kind: number, body: Buffer): void {
    if (kind === frameKinds.exec) this.#answers.push(this.#exec(body.toString()));
    else if (kind === frameKinds.payload) sendRaw(this.#client, body);
    else this.#socket.write(body);
  }

  #exec(line: string): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#client.exec(line, { pty: this.#pty }, (error, channel) => {
      if (error) return resolve({ ok: false, text: error.message });
      return this.#collect(channel, resolve);
    });
    return promise;
  }

  #collect(channel: ClientChannel, resolve: (answer: Answer) => void): void {
    let text = '';
    let code: number | null = null;
    const take = (chunk: Buffer) => {
      if (this.#stopAtOutput) this.#socket.pause();
      this.#chunks.push(chunk);
      // A large answer is counted, not read.
      if (text.length < 100_000) text += chunk.toString();
    };
    channel.on('data', take);
    channel.stderr.on('data', take);
    channel.on('exit', (given: number | null) => (code = given));
    channel.on('close', () => resolve({ ok: code === 0, text }));
    channel.end();
  }
}

/** A socket between: what goes out is cut into pieces of given lengths, each on its own. */
export class Tap extends Duplex {
  readonly #socket: Socket;
  #lengths: readonly number[] = [];

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.push(chunk));
    socket.on('end', () => this.push(null));
    socket.on('close', () => this.destroy());
  }

  /** The last length goes on for what is left. */
  cutLike(lengths: readonly number[]): void {
    this.#lengths = [...lengths];
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    let at = 0;
    for (let i = 0; at < chunk.length; i++) {
      const length =
        this.#lengths.length > 1 ? (this.#lengths[Math.min(i, this.#lengths.length - 1)] ?? 1) : chunk.length;
      this.#socket.write(chunk.subarray(at, at + length));
      at += length;
    }
    done();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end();
    done();
  }
}
