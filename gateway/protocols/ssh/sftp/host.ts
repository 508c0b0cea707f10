import type { ClientChannel } from 'ssh2';
import { SallyportError } from '../../../contract/errors.ts';
import { both, type Wait } from '../../../contract/wait.ts';
import { type HostLimits, readAnswer, readHostLimits, readVersion, type SftpAnswer } from './answers.ts';
import { carriedOf, type Extension } from './extensions.ts';
import { passOn } from '../pass-on.ts';
import { encodePacket, Packets, requestTypes as types } from './wire.ts';

/** Encodes a request under the id that the host is asked with. */
export type Encode = (id: number) => Buffer;
/** The promise, if any, resolves when more may come. */
export type OnAnswer = (answer: SftpAnswer) => Wait;

/** The least that a host has to be given of a packet: section 3. */
const leastPacketBytes = 34_000;

/** The sftp server of a host: asked under ids of the gateway's own, answered by them. */
export class SftpHost {
  readonly #channel: ClientChannel;
  readonly #packets: Packets;
  readonly #asked = new Map<number, OnAnswer>();
  readonly #broken: (error: unknown) => void;
  #version: ((packet: Buffer) => void) | undefined;
  /** The host takes no more for now. */
  #lastId = 0;
  #extensions: readonly Extension[] = [];
  #home = '/';
  #limits: HostLimits = { packet: 0, read: 0, write: 0, handles: 0 };

  /** @param broken the host does not keep to the protocol, or an answer could not be dealt with: nothing more comes of it */
  constructor(channel: ClientChannel, maxPacketBytes: number, broken: (error: unknown) => void) {
    this.#channel = channel;
    // A host was never told how large a packet may be: listings come in up to 256 KiB.
    this.#packets = new Packets(Math.max(maxPacketBytes, 256 * 1_024, leastPacketBytes));
    this.#broken = broken;
    channel.on('data', (chunk: Buffer) => this.#take(chunk));
    channel.stderr.resume(); // what a server says there nobody has judged
  }

  /** Version, home and limits. @throws SallyportError */
  async start(): Promise<void> {
    const version = new Promise<Buffer>((resolve) => (this.#version = resolve));
    void passOn(this.#channel, encodePacket(types.init, undefined, 3));
    this.#extensions = carriedOf(readVersion(await version));
    const home = await this.realPath('.');
    if (home.kind !== 'name' || home.first?.startsWith('/') !== true)
      throw new SallyportError('upstream-refused', 'the host does not say where its sftp begins');
    this.#home = home.first;
    if (!this.#extensions.some(({ name }) => name === 'limits@openssh.com')) return;
    const limits = await this.question((id) => encodePacket(types.extended, id, 'limits@openssh.com'));
    if (limits.kind === 'extended') this.#limits = readHostLimits(limits.packet);
  }

  /** Those of the host that are carried. */
  get extensions(): readonly Extension[] {
    return this.#extensions;
  }

  /** Where relative paths begin. */
  get home(): string {
    return this.#home;
  }

  get limits(): HostLimits {
    return this.#limits;
  }

  /** @returns a promise while the host takes no more */
  ask(encode: Encode, onAnswer: OnAnswer): Wait {
    let id = this.#lastId;
    do id = (id + 1) >>> 0;
    while (this.#asked.has(id));
    this.#lastId = id;
    this.#asked.set(id, onAnswer);
    return passOn(this.#channel, encode(id));
  }

  /** For what the gateway itself wants to know. */
  question(encode: Encode): Promise<SftpAnswer> {
    return new Promise((resolve) => {
      void this.ask(encode, (answer) => {
        resolve(answer);
        return undefined;
      });
    });
  }

  /** Where a path leads to, behind every link. */
  realPath(path: string): Promise<SftpAnswer> {
    return this.question((id) => encodePacket(types.realpath, id, path));
  }

  /** Nothing more is asked. */
  end(): void {
    this.#channel.end();
  }

  close(): void {
    this.#asked.clear();
    this.#channel.close();
  }

  #take(chunk: Buffer): void {
    let wait: Wait;
    try {
      for (const packet of this.#packets.push(chunk)) wait = both(wait, this.#answered(packet));
    } catch (error) {
      return this.#broken(error);
    }
    if (!wait) return;
    this.#channel.pause();
    wait.then(
      () => this.#channel.resume(),
      (error: unknown) => this.#broken(error),
    );
  }

  #answered(packet: Buffer): Wait {
    if (this.#version) {
      this.#version(packet);
      this.#version = undefined;
      return undefined;
    }
    const answer = readAnswer(packet);
    const id = packet.readUInt32BE(5);
    const onAnswer = this.#asked.get(id);
    if (!onAnswer) throw new SallyportError('protocol-violation', 'the host answers what it was not asked');
    this.#asked.delete(id);
    return onAnswer(answer);
  }
}
