import {
  type ChannelSizes,
  connectSshUpstream,
  hostCertificate,
  newHostKey,
  openAuthority,
  openSsh,
  parsePublicKey,
  publicHalf,
} from '../../protocols/ssh/index.ts';
import type { Listener } from '../../listen/listener.ts';
import type { World } from '../../protocols/conformance-subject.ts';
import { openDoor } from '../conformance/door.ts';
import { ana, openWorld } from '../conformance/world.ts';

export interface FrontOptions {
  /** Where the gateway finds the host, or what stands in front of it. */
  readonly port: number;
  /** `ssh-ed25519 AAAA...` */
  readonly hostKey: string;
  readonly user: string;
  /** The private key that lets the gateway in. */
  readonly key: string;
  readonly connectTimeoutMs?: number;
  readonly sizes?: ChannelSizes;
  /** Towards the host. */
  readonly keepAliveMs?: number;
  /** False for a host that has no shell to ask. */
  readonly asksShell?: boolean;
}

/** The adapter alone, in front of one host, under the real enforcement with ports that keep what they are given: the target `web1`. */
export interface SshFront extends AsyncDisposable {
  readonly world: World;
  readonly listener: Listener;
  /** Ana's, who may log in. */
  readonly userKey: string;
  /** Sessions that have reached the host. */
  readonly sessions: number;
  /** Lines of the gateway's log. */
  readonly log: readonly string[];
}

export async function openFront(options: FrontOptions): Promise<SshFront> {
  const { port, user, key, connectTimeoutMs = 10_000, keepAliveMs = 10_000, asksShell = true } = options;
  const { world, admission, nextId } = openWorld('web1', 'detector:card');
  const userKey = newHostKey();
  const known = publicHalf(userKey);
  const hostKey = parsePublicKey(options.hostKey);
  if (typeof hostKey === 'string') throw new Error(hostKey);
  const { sizes = { windowBytes: 2_097_152, packetBytes: 32_768 } } = options;
  const upstream = { host: '127.0.0.1', port, hostKeys: [hostKey], connectTimeoutMs, keepAliveMs, sizes };
  let sessions = 0;
  const log: string[] = [];
  const gatewayKey = newHostKey();
  const protocol = openSsh({
    hostKey: gatewayKey,
    hostCertificate: hostCertificate(openAuthority(newHostKey()), publicHalf(gatewayKey), Date.now),
    admission,
    nextId,
    target: () => ({
      defaultLogin: user,
      shell: 'bash',
      asksShell,
      acceptEnv: [],
      async connect(asked, _who, signal) {
        const connected = await connectSshUpstream(upstream, { user: asked, secret: { key } }, signal);
        sessions++;
        return connected;
      },
    }),
    keyLogin: (blob) => (blob.equals(known.blob) ? { principal: ana, expiresAtMs: Date.now() + 3_600_000 } : undefined),
    certificateLogin: () => 'no certificate is taken',
    codeLogin: () => 'no code is taken',
    deviceLogin: undefined,
    maxAttempts: 3,
    limits: {
      sizes,
      maxChannels: 10,
      maxChannelsPerPrincipal: 100,
      maxForwards: 10,
      maxLineBytes: 65_536,
      maxTerminalBytes: 1_000_000,
      keepAliveMs: 20,
      maxUnanswered: 1_000_000,
      sftp: {
        ...{ maxPacketBytes: 262_144, maxRequests: 512, maxHandles: 100, maxPathBytes: 4_096 },
        ...{ maxMaskedFileBytes: 1_000_000, maxMaskedBytes: 2_000_000, maxMaskedTotalBytes: 4_000_000 },
      },
    },
    log: (message, { error }) => void log.push(error instanceof Error ? `${message}: ${error.message}` : message),
  });
  const listener = await openDoor(protocol, 2_000);
  return {
    world,
    listener,
    userKey,
    get sessions() {
      return sessions;
    },
    log,
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  };
}
