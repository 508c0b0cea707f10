import type { Config } from '../config/index.ts';
import type { Admission } from '../contract/gate.ts';
import type { Clock } from '../contract/ports.ts';
import type { Login } from '../contract/principal.ts';
import type { RequestId } from '../contract/ids.ts';
import type { Credentials } from '../credentials/index.ts';
import type { Identity } from '../identity/identity.ts';
import { loginElsewhere } from '../identity/login.ts';
import type { ListenEvent } from '../listen/events.ts';
import { openListener } from '../listen/listener.ts';
import type { ConnectionRegistry } from '../listen/registry.ts';
import {
  fingerprint,
  openSsh,
  publicHalf,
  publicKeyLine,
  SshKeys,
  type DeviceLoginPrompt,
  type Proven,
} from '../protocols/ssh/index.ts';
import type { Log } from '../telemetry/log.ts';
import { sshHostKey } from './ssh-host-key.ts';
import type { Targets } from './targets.ts';

export interface SshDoorPorts {
  readonly admission: Admission;
  readonly nextId: () => RequestId;
  readonly secrets: Credentials;
  readonly targets: Targets;
  readonly registry: ConnectionRegistry;
  readonly clock: Clock;
  readonly log: Log;
  readonly onEvent: (event: ListenEvent) => void;
  /** The one in force: it changes with the configuration. */
  readonly identity: () => Identity;
}

const keepAliveMs = 15_000;
/** Ten minutes: a client that is stopped answers nothing, and may be let go on. */
const maxUnanswered = 40;

/** The listener for SSH with all that is behind it. */
export interface SshDoor extends AsyncDisposable {
  readonly address: { readonly host: string; readonly port: number };
  /** Of the host key that clients see. */
  readonly fingerprint: string;
  /** Lets a public key stand for this login until it ends. @returns a sentence when it is not taken */
  register(line: string, login: Login): { readonly fingerprint: string; readonly hostKey: string } | string;
  drain(deadlineMs: number): Promise<number>;
}

/** @throws SallyportError `credential-missing` when the host key cannot be read, `config-invalid` when the address cannot be had */
export async function openSshDoor(
  config: Config,
  listen: NonNullable<Config['listen']['ssh']>,
  ports: SshDoorPorts,
): Promise<SshDoor> {
  const { admission, nextId, targets, registry, clock, log, onEvent } = ports;
  const keys = new SshKeys(clock, listen.registered_keys);
  const hostKey = await sshHostKey(listen, config.state_dir, ports.secrets);
  const shown = publicHalf(hostKey);
  const protocol = openSsh({
    hostKey,
    admission,
    nextId,
    target: (name) => targets.ssh(name),
    keyLogin: (blob) => keys.find(blob),
    deviceLogin: deviceLogin(config, ports),
    maxAttempts: listen.auth_attempts,
    limits: {
      maxChannels: listen.channels,
      maxLineBytes: config.limits.statement_bytes,
      keepAliveMs,
      maxUnanswered,
      idleMs: config.sessions.idle_s === undefined ? undefined : config.sessions.idle_s * 1_000,
    },
    log: (message, { session, error }) => log.say('warn', { session, err: error }, message),
  });
  const listener = await openListener({
    host: listen.host,
    port: listen.port,
    unauthenticatedMs: listen.login_ms,
    registry,
    onConnection: (connection) => protocol.serve(connection),
    refuse: (socket, why) => void protocol.refuse(socket, why),
    onEvent,
  });
  return {
    address: { host: listener.host, port: listener.port },
    fingerprint: fingerprint(shown.blob),
    register(line, login) {
      const registered = keys.register(line, login);
      return typeof registered === 'string' ? registered : { ...registered, hostKey: publicKeyLine(shown) };
    },
    drain: (deadlineMs) => listener.drain(deadlineMs),
    [Symbol.asyncDispose]: () => listener.close(),
  };
}

/** The issuer that people without a token are sent to, as for PostgreSQL's clients: the first that offers it. */
function deviceLogin(config: Config, { identity, clock }: SshDoorPorts) {
  const issuer = config.identity.issuers.find((one) => one.device_login);
  if (!issuer?.device_login) return undefined;
  const { client_id: clientId, scope } = issuer.device_login;
  return async (show: (prompt: DeviceLoginPrompt) => void, signal: AbortSignal): Promise<Proven> => {
    const options = { issuer: issuer.issuer, clientId, scope, clock };
    const granted = await loginElsewhere(options, ({ urlWithCode: url, code }) => show({ url, code }), signal);
    return granted.ok ? identity().verify(granted.token, 'jwt') : granted;
  };
}
