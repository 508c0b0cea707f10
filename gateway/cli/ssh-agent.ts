import { once } from 'node:events';
import { connect } from 'node:net';
import { uint32, WireReader, wireString } from '../protocols/ssh/wire.ts';

/** A key agent that answers, as OpenSSH's: draft-ietf-sshm-ssh-agent. */
export interface KeyAgent {
  /** Wire forms of the keys and certificates that it holds. */
  identities(): Promise<readonly Buffer[]>;
  /** Adds an Ed25519 key, alone and with its certificate. The agent forgets both by itself. */
  add(key: AgentKey): Promise<void>;
  /** What it does not hold is no error. */
  remove(identity: Buffer): Promise<void>;
}

export interface AgentKey {
  /** The 32 bytes of the public key, and the 64 of private and public half together (RFC 8709). */
  readonly publicBytes: Buffer;
  readonly privateBytes: Buffer;
  readonly certificate: Buffer;
  readonly comment: string;
  readonly lifetimeSeconds: number;
}

const request = { identities: 11, remove: 18, addConstrained: 25 } as const;
const answer = { success: 6, identities: 12 } as const;
const lifetimeConstraint = 1;
const maxAnswerBytes = 256 * 1024;
const timeoutMs = 5_000;

/** @param path SSH_AUTH_SOCK @returns undefined when no agent answers there */
export async function openKeyAgent(path: string | undefined): Promise<KeyAgent | undefined> {
  if (!path) return undefined;
  const agent: KeyAgent = {
    async identities() {
      const said = await ask(path, Buffer.of(request.identities));
      if (said[0] !== answer.identities) throw new Error('the key agent names no keys');
      const read = new WireReader(said.subarray(1));
      const count = read.uint32() ?? 0;
      const found: Buffer[] = [];
      for (let i = 0; i < count && !read.isDone; i++) {
        const blob = read.string();
        read.string(); // the comment
        if (blob) found.push(blob);
      }
      return found;
    },
    async add({ publicBytes, privateBytes, certificate, comment, lifetimeSeconds }) {
      const type = 'ssh-ed25519';
      const [pub, both] = [wireString(publicBytes), wireString(privateBytes)];
      const constraint = Buffer.concat([Buffer.of(lifetimeConstraint), uint32(lifetimeSeconds)]);
      for (const key of [
        [wireString(type), pub, both],
        [wireString(`${type}-cert-v01@openssh.com`), wireString(certificate), pub, both],
      ]) {
        const message = [Buffer.of(request.addConstrained), ...key, wireString(comment), constraint];
        const said = await ask(path, Buffer.concat(message));
        if (said[0] !== answer.success) throw new Error('the key agent does not take the key');
      }
    },
    async remove(identity) {
      await ask(path, Buffer.concat([Buffer.of(request.remove), wireString(identity)]));
    },
  };
  return agent.identities().then(
    () => agent,
    () => undefined,
  );
}

/** One question over a connection of its own. @throws Error when there is no answer */
async function ask(path: string, message: Buffer): Promise<Buffer> {
  const socket = connect(path);
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    await once(socket, 'connect', { signal });
    socket.write(wireString(message));
    let said = Buffer.alloc(0);
    for (;;) {
      const length = said.length < 4 ? undefined : said.readUInt32BE();
      if (length !== undefined && (length === 0 || length > maxAnswerBytes))
        throw new Error('the key agent does not speak its protocol');
      if (length !== undefined && said.length >= 4 + length) return said.subarray(4, 4 + length);
      const [more] = (await once(socket, 'data', { signal })) as [Buffer]; // a socket without an encoding
      said = Buffer.concat([said, more]);
    }
  } finally {
    socket.destroy();
  }
}
