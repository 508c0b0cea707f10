import { join } from 'node:path';
import type { SshTargetConfig } from '../config/index.ts';
import type { Credentials } from '../credentials/index.ts';
import {
  connectSshUpstream,
  parsePublicKey,
  type PublicKey,
  readTrustedHosts,
  type SshTarget,
} from '../protocols/ssh/index.ts';
import type { Metrics } from '../telemetry/metrics.ts';

const connectTimeoutMs = 10_000;
const keepAliveMs = 15_000;

interface SshTargetPorts {
  readonly secrets: Credentials;
  readonly metrics: Metrics;
  readonly stateDir: string;
}

/** Where `sallyport target trust` keeps what it recorded. */
export function trustedHostsFile(stateDir: string): string {
  return join(stateDir, 'trusted-hosts');
}

/** A configured host, and how it is reached. */
export function openSshTarget(config: SshTargetConfig, ports: SshTargetPorts): SshTarget {
  const { name, host, port, logins } = config;
  return {
    defaultLogin: config.login ?? Object.keys(logins)[0] ?? '',
    shell: config.shell,
    acceptEnv: config.accept_env,
    async connect(user, signal) {
      const login = Object.hasOwn(logins, user) ? logins[user] : undefined;
      const reference = login?.key ?? login?.password;
      if (!login || !reference) return undefined;
      const count = (outcome: 'ok' | 'failed') =>
        ports.metrics.counter('upstream_connects_total', { target: name, outcome }).add();
      try {
        const value = (await ports.secrets.resolve(reference)).reveal();
        // Read at each connect: what was just trusted needs no restart.
        const recorded = await readTrustedHosts(trustedHostsFile(ports.stateDir), { name, host, port });
        const hostKeys = [...config.host_keys.map(parsePublicKey).filter(isKey), ...recorded];
        const secret = login.key ? { key: value } : { password: value };
        const at = { host, port, hostKeys, connectTimeoutMs, keepAliveMs };
        const upstream = await connectSshUpstream(at, { user, secret }, signal);
        count('ok');
        return upstream;
      } catch (error) {
        count('failed');
        throw error;
      }
    },
  };
}

function isKey(read: PublicKey | string): read is PublicKey {
  return typeof read !== 'string';
}
