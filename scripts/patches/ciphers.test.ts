import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { beforeAll, describe, expect, test } from 'vitest';
import { askedOfTargets } from '../../gateway/protocols/ssh/algorithms.ts';

/** What `lib/protocol/crypto.js` of ssh2 has for us. */
interface Ciphers {
  init: Promise<void>;
  readonly CIPHER_INFO: { readonly [name: string]: { readonly keyLen: number; readonly ivLen: number } };
  readonly MAC_INFO: { readonly [name: string]: { readonly len: number } };
  createCipher(config: { readonly outbound: object }): Cipher;
  createDecipher(config: { readonly inbound: object }): { decrypt(data: Buffer, from: number, to: number): unknown };
}
interface Cipher {
  allocPacket(payloadBytes: number): Buffer;
  encrypt(packet: Buffer): void;
}
const ssh2 = createRequire(import.meta.url)('ssh2/lib/protocol/crypto.js') as Ciphers; // it has no types
beforeAll(() => ssh2.init);

/** Both ends of a connection, as they are behind a key exchange. */
function pair(name: string, mac: string) {
  const cipherInfo = ssh2.CIPHER_INFO[name];
  const macInfo = ssh2.MAC_INFO[mac];
  if (!cipherInfo || !macInfo) throw new Error(`no ${name} with ${mac}`);
  const [key, iv, macKey] = [cipherInfo.keyLen, cipherInfo.ivLen, macInfo.len].map((length) => randomBytes(length));
  const seqno = 2 ** 32 - 3; // it begins anew below
  const written: Buffer[] = [];
  const read: Buffer[] = [];
  const cipher = ssh2.createCipher({
    outbound: {
      ...{ seqno, cipherInfo, macInfo, macKey },
      cipherKey: key,
      cipherIV: Buffer.from(iv ?? []),
      onWrite: (bytes: Buffer) => written.push(Buffer.from(bytes)),
    },
  });
  const decipher = ssh2.createDecipher({
    inbound: {
      ...{ seqno, decipherInfo: cipherInfo, macInfo, macKey },
      decipherKey: key,
      decipherIV: Buffer.from(iv ?? []),
      onPayload: (payload: Buffer) => void read.push(Buffer.from(payload)),
    },
  });
  return {
    read,
    send(payload: Buffer): Buffer {
      const packet = cipher.allocPacket(payload.length);
      packet.set(payload, 5);
      cipher.encrypt(packet);
      return Buffer.concat(written.splice(0));
    },
    take: (bytes: Buffer) => void decipher.decrypt(bytes, 0, bytes.length),
  };
}

const { cipher, hmac } = askedOfTargets() as { readonly cipher: readonly string[]; readonly hmac: readonly string[] };
const withMacs = cipher.flatMap((name) =>
  name.endsWith('-ctr') ? hmac.map((mac) => [name, mac] as const) : [[name, hmac[0] ?? ''] as const],
);

describe.each(withMacs)('%s with %s', (name, mac) => {
  test('payloads of all lengths arrive as they were sent, each in one write', () => {
    const { send, take, read } = pair(name, mac);
    const payloads = [...Array(70).keys(), 4_095, 32_768, 34_000].map((length) => randomBytes(length + 1));
    for (const payload of payloads) take(send(payload));
    expect(read).toEqual(payloads);
  });

  test('wherever the network cuts them', () => {
    const { send, take, read } = pair(name, mac);
    const payloads = [1, 40, 300].map((length) => randomBytes(length));
    const stream = Buffer.concat(payloads.map(send));
    for (let at = 0; at < stream.length; at++) take(stream.subarray(at, at + 1));
    expect(read).toEqual(payloads);
    for (let cut = 1; cut < 120; cut++) {
      const [one, two] = [randomBytes(33), randomBytes(50)];
      const both = Buffer.concat([send(one), send(two)]);
      take(both.subarray(0, cut));
      take(both.subarray(cut));
      expect(read.splice(-2)).toEqual([one, two]);
    }
  });

  test('a bit that was changed anywhere is noticed before anything is passed on', () => {
    const length = pair(name, mac).send(Buffer.alloc(40)).length;
    for (let at = 4; at < length; at++) {
      const { send, take, read } = pair(name, mac);
      const bytes = send(Buffer.alloc(40));
      bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
      // A length that was changed before it could be checked waits for more, which is checked then.
      expect(
        () => {
          take(bytes);
          take(Buffer.alloc(40_000));
        },
        `byte ${String(at)}`,
      ).toThrow();
      expect(read).toEqual([]);
    }
  });

  test('what is said twice looks different, padding included', () => {
    const { send } = pair(name, mac);
    const said = Array.from({ length: 500 }, () => send(Buffer.alloc(40)).toString('hex'));
    expect(new Set(said).size).toBe(500);
  });
});
