import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { sshString, uint32 } from '../conformance/ssh-raw.ts';

/** A client that has not exchanged keys yet, and sends what it likes: RFC 4253 sections 6 and 7.1, in the clear. */
export interface BareClient extends Disposable {
  send(payload: Buffer): void;
  /** All that the server has said by its end, or as soon as `enough` holds: its version line, and then packets. */
  said(enough?: (payloads: readonly Buffer[]) => boolean): Promise<readonly Buffer[]>;
}

export const messages = { disconnect: 1, ignore: 2, kexInit: 20, newKeys: 21, ecdhInit: 30, ecdhReply: 31 } as const;

/** @param software that it says it is */
export async function openBareClient(port: number, software = 'bare'): Promise<BareClient> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  let bytes = Buffer.alloc(0);
  let ended = false;
  socket.on('error', () => undefined).on('close', () => (ended = true));
  socket.on('data', (more: Buffer) => (bytes = Buffer.concat([bytes, more])));
  await once(socket, 'connect');
  socket.write(`SSH-2.0-${software}\r\n`);
  return {
    send: (payload) => void socket.write(packet(payload)),
    async said(enough = () => false) {
      while (!ended && !enough(payloadsIn(bytes))) await turn(socket);
      return payloadsIn(bytes);
    },
    [Symbol.dispose]: () => void socket.destroy(),
  };
}

/** The first offers of a client: of everything the first that the gateway takes, but of the key exchange. */
export function kexInit(...kex: readonly string[]): Buffer {
  const both = (list: string) => [list, list];
  const lists = [
    kex.join(','),
    'ssh-ed25519',
    ...both('aes256-gcm@openssh.com'),
    ...both('hmac-sha2-256-etm@openssh.com'),
  ];
  const names = [...lists, ...both('none'), ...both('')].map((list) => sshString(list));
  return Buffer.concat([Buffer.of(messages.kexInit), Buffer.alloc(16, 7), ...names, Buffer.of(0), uint32(0)]);
}

/** In the clear, as before the first keys (RFC 4253 section 6). */
export function packet(payload: Buffer): Buffer {
  const padding = 8 + ((8 - ((5 + payload.length) % 8)) % 8);
  return Buffer.concat([uint32(1 + payload.length + padding), Buffer.of(padding), payload, Buffer.alloc(padding)]);
}

function payloadsIn(bytes: Buffer): readonly Buffer[] {
  const payloads: Buffer[] = [];
  let at = bytes.indexOf('\n') + 1;
  while (at > 0 && at + 5 <= bytes.length) {
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) break;
    payloads.push(bytes.subarray(at + 5, end - (bytes[at + 4] ?? 0)));
    at = end;
  }
  return payloads;
}

async function turn(socket: Socket): Promise<void> {
  await Promise.race([once(socket, 'data'), once(socket, 'close')]);
}
