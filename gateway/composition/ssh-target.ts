import { join } from 'node:path';
import type { Config, SshTargetConfig } from '../config/index.ts';
import type { Clock } from '../contract/ports.ts';
import type { Credentials } from '../credentials/index.ts';
import {
  type ChannelSizes,
  connectSshUpstream,
  type HostSecret,
  parsePublicKey,
  type PublicKey,
  readTrustedHosts,
  type SshTarget,
  upstreamCertificate,
} from '../protocols/ssh/index.ts';
import { sshAuthority } from './ssh-host-key.ts';

const keepAliveMs = 15_000;

interface SshTargetPorts {
  readonly secrets: Credentials;
  /** Told how each connection went. */
  readonly connected: (ok: boolean) => void;
  readonly stateDir: string;
  readonly clock: Clock;
  /** Where the key is configured that vouches for the gateway to hosts. */
  readonly sshListener: Config['listen']['ssh'];
}

/** Of channels, on both sides of the gateway. */
export function channelSizes(listener: NonNullable<Config['listen']['ssh']>): ChannelSizes {
  return { windowBytes: listener.window_bytes, packetBytes: listener.packet_bytes };
}

/** Where `sallyport target trust` keeps what it recorded. */
export function trustedHostsFile(stateDir: string): string {
  return join(stateDir, 'trusted-hosts');
}

/** A configured host, and how it is reached. */
export function openSshTarget(config: SshTargetConfig, ports: SshTargetPorts): SshTarget {
  const { name, host, port, connect_ms: connectTimeoutMs, logins } = config;
  return {
    defaultLogin: config.login ?? Object.keys(logins)[0] ?? '',
    shell: config.shell,
    asksShell: config.ask_shell,
    acceptEnv: config.accept_env,
    async connect(user, who, signal) {
      const login = Object.hasOwn(logins, user) ? logins[user] : undefined;
      if (!login) return undefined;
      try {
        // Read at each connect: what was just trusted needs no restart.
        const recorded = await readTrustedHosts(trustedHostsFile(ports.stateDir), { name, host, port });
        const hostKeys = [...config.host_keys.map(parsePublicKey).filter(isKey), ...recorded];
        const secret = await secretOf(login, user, who, ports);
        if (!secret) return undefined;
        if (!ports.sshListener) throw new TypeError('nobody asks for a host where no door leads to one');
        const sizes = channelSizes(ports.sshListener);
        const at = { host, port, hostKeys, connectTimeoutMs, keepAliveMs, sizes };
        const upstream = await connectSshUpstream(at, { user, secret }, signal);
        ports.connected(true);
        return upstream;
      } catch (error) {
        ports.connected(false);
        throw error;
      }
    },
  };
}

type SshLogin = SshTargetConfig['logins'][string];

/** What is shown to the host. @param who is written into a certificate: the host's log names them */
async function secretOf(
  { key, password }: SshLogin,
  user: string,
  who: string,
  { secrets, clock, sshListener, stateDir }: SshTargetPorts,
): Promise<HostSecret | undefined> {
  if (key) return { key: (await secrets.resolve(key)).reveal() };
  if (password) return { password: (await secrets.resolve(password)).reveal() };
  const authority = await sshAuthority('upstream_ca_key', sshListener, stateDir, secrets);
  return upstreamCertificate(authority, user, who, clock.now());
}

function isKey(read: PublicKey | string): read is PublicKey {
  return typeof read !== 'string';
}
