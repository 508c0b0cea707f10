import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import ssh2, { type ClientChannel } from 'ssh2';
import type { Answer, Wire } from '../../protocols/conformance-subject.ts';
import { requestTypes as types, statuses } from '../../protocols/ssh/sftp/wire.ts';
import { none, openBits, RawSftp } from '../ssh/raw-sftp.ts';
import { frameKinds, frame, Frames, Tap } from './ssh-wire.ts';

const pieceBytes = 261_120;
/** Pieces that are asked for at once when a file turns out to be longer than one. */
const ahead = 250;

/** sftp over ssh2's client: operations by their text, packets of nobody's, and bytes. */
export class SftpWire implements Wire {
  readonly ways: readonly string[] = ['sftp'];
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #sftp: RawSftp;
  readonly #chunks: Buffer[];
  readonly #answers: Promise<Answer>[] = [];
  readonly #over: Promise<Answer>;
  readonly #frames: Frames;
  #stopsAtPieces = false;

  private constructor(socket: Socket, tap: Tap, sftp: RawSftp, chunks: Buffer[]) {
    this.#socket = socket;
    this.#frames = new Frames(tap, (kind, body) => this.#send(kind, body));
    this.#sftp = sftp;
    this.#chunks = chunks;
    const { channel } = sftp;
    for (const stream of [channel, channel.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    this.closed = new Promise((resolve) => {
      channel.once('close', resolve);
      socket.once('close', () => resolve());
    });
    this.#over = this.closed.then(() => ({ ok: false, text: sftp.err || 'the connection is over' }));
  }

  static async open(port: number, user: string, key: string): Promise<SftpWire> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    const tap = new Tap(socket);
    const client = new ssh2.Client();
    client.on('error', () => undefined);
    client.connect({ sock: tap, username: user, privateKey: key });
    await once(client, 'ready');
    const channel = await new Promise<ClientChannel>((resolve, reject) => {
      client.subsys('sftp', (error, opened) => (error ? reject(error) : resolve(opened)));
    });
    return new SftpWire(socket, tap, new RawSftp(client, channel), chunks);
  }

  encode(text: string): Buffer {
    return frame('exec', text);
  }

  write(bytes: Buffer): void {
    this.#frames.write(bytes);
  }

  answer(): Promise<Answer> {
    return Promise.race([this.#answers.shift() ?? this.#over, this.#over]);
  }

  received(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  stopReading(): void {
    this.#stopsAtPieces = true;
  }

  readOn(): void {
    this.#stopsAtPieces = false;
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
    if (kind === frameKinds.exec) return void this.#answers.push(this.#operation(body.toString()));
    this.#sftp.channel.write(body);
    if (kind === frameKinds.payload && body.length >= 9)
      this.#answers.push(this.#sftp.answer(body.readUInt32BE(5)).then((packet) => this.#read(packet)));
  }

  async #operation(text: string): Promise<Answer> {
    const [operation = '', path = ''] = [text.split(' ')[0], text.split(' ').at(-1)];
    switch (operation) {
      case 'mkdir':
        return this.#read(await this.#sftp.answer(this.#sftp.send(types.mkdir, path, none)));
      case 'stat':
        return this.#read(await this.#sftp.answer(this.#sftp.send(types.stat, path)));
      default:
        return this.#download(path);
    }
  }

  async #download(path: string): Promise<Answer> {
    const opened = await this.#sftp.answer(this.#sftp.send(types.open, path, openBits.read, none));
    if (opened[4] !== 102) return this.#read(opened);
    const handle = opened.subarray(13);
    const read = (i: number) => this.#sftp.send(types.read, handle, BigInt(i * pieceBytes), pieceBytes);
    let packet = await this.#sftp.answer(read(0));
    if (packet[4] !== 103) return this.#read(packet);
    const text = packet.toString('latin1', 13, 1_000);
    if (packet.length === 13 + pieceBytes) {
      const asked = Array.from({ length: ahead }, (_, i) => read(i + 1));
      if (this.#stopsAtPieces) this.#socket.pause();
      for (const id of asked) packet = await this.#sftp.answer(id);
      const answer = this.#read(packet);
      if (packet[4] === 101 && packet.readUInt32BE(9) !== statuses.eof) return answer;
    }
    const closed = this.#read(await this.#sftp.answer(this.#sftp.send(types.close, handle)));
    return closed.ok ? { ok: true, text } : closed;
  }

  /** Whatever is no status did as it was asked. What a person reads of a denial is on standard error too. */
  #read(packet: Buffer): Answer {
    if (packet[4] !== 101) return { ok: true, text: packet.toString('latin1', 9) };
    const text = packet.toString('utf8', 17, 17 + packet.readUInt32BE(13));
    return { ok: packet.readUInt32BE(9) === statuses.ok, text };
  }
}
