import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import ssh2, { type ClientChannel } from 'ssh2';
import { type Field, encodePacket, Packets, requestTypes as types } from '../../protocols/ssh/sftp/wire.ts';
import type { SshRig } from './rig.ts';

/** Attributes: none. */
export const none: Field = 0;
/** Of an open. */
export const openBits = { read: 1, write: 2, create: 8 } as const;

/** An sftp client that says what no client would. */
export class RawSftp {
  readonly client: ssh2.Client;
  readonly channel: ClientChannel;
  readonly #packets = new Packets(1_000_000);
  readonly #answers = new Map<number, Buffer>();
  #wake = Promise.withResolvers<void>();
  #lastId = 0;
  err = '';

  constructor(client: ssh2.Client, channel: ClientChannel) {
    this.client = client;
    this.channel = channel;
    channel.on('data', (chunk: Buffer) => {
      for (const packet of this.#packets.push(chunk)) this.#answers.set(packet.readUInt32BE(5), packet);
      this.#wake.resolve();
      this.#wake = Promise.withResolvers<void>();
    });
    channel.stderr.on('data', (chunk: Buffer) => (this.err += chunk.toString()));
    channel.write(encodePacket(types.init, undefined, 3));
  }

  send(type: number, ...fields: readonly Field[]): number {
    const id = 100 + this.#lastId++;
    this.channel.write(encodePacket(type, id, ...fields));
    return id;
  }

  async answer(id: number): Promise<Buffer> {
    for (;;) {
      const found = this.#answers.get(id);
      if (found) return found;
      await this.#wake.promise;
    }
  }

  has(id: number): boolean {
    return this.#answers.has(id);
  }

  /** @returns the status, and its text */
  async status(id: number): Promise<readonly [number, string]> {
    const packet = await this.answer(id);
    if (packet[4] !== 101) throw new Error(`type ${packet[4]} is no status`);
    return [packet.readUInt32BE(9), packet.toString('utf8', 17, 17 + packet.readUInt32BE(13))];
  }

  async ask(type: number, ...fields: readonly Field[]): Promise<readonly [number, string]> {
    return this.status(this.send(type, ...fields));
  }

  async open(path: string, bits: number): Promise<Buffer> {
    const packet = await this.answer(this.send(types.open, path, bits, none));
    if (packet[4] !== 102) throw new Error(packet.toString('latin1'));
    return packet.subarray(13);
  }
}

/** @param client another channel over the same connection */
export async function connectRawSftp(world: SshRig, principal = 'olga', client?: ssh2.Client): Promise<RawSftp> {
  if (client) return openRawSftp(client);
  return loginRawSftp(world.port, await readFile(await world.login(principal)));
}

/** @param privateKey in OpenSSH's form */
export async function loginRawSftp(port: number, privateKey: string | Buffer): Promise<RawSftp> {
  const client = new ssh2.Client();
  client.on('error', () => undefined);
  client.connect({ host: '127.0.0.1', port, username: 'web1', privateKey });
  await once(client, 'ready');
  return openRawSftp(client);
}

async function openRawSftp(connected: ssh2.Client): Promise<RawSftp> {
  const channel = await new Promise<ClientChannel>((resolve, reject) => {
    connected.subsys('sftp', (error, opened) => (error ? reject(error) : resolve(opened)));
  });
  return new RawSftp(connected, channel);
}
