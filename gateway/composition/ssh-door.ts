import type { Config } from '../config/index.ts';
import type { Clock } from '../contract/ports.ts';
import type { Login } from '../contract/principal.ts';
import type { Credentials } from '../credentials/index.ts';
import { loginElsewhere } from '../identity/login.ts';
import { openListener } from '../listen/listener.ts';
import {
  certificateLine,
  fingerprint,
  hostCertificate,
  openSsh,
  publicHalf,
  type PublicKey,
  publicKeyLine,
  readCertificate,
  SshCodes,
  SshKeys,
  type DeviceLoginPrompt,
  type Proven,
  understoodOfUsers,
  userCertificate,
} from '../protocols/ssh/index.ts';
import { keepAliveMs, type DoorPorts } from './door.ts';
import { sshAuthority, sshKey } from './ssh-host-key.ts';
import { channelSizes } from './ssh-target.ts';

export interface SshDoorPorts extends DoorPorts {
  readonly secrets: Credentials;
  readonly clock: Clock;
}

/** Ten minutes: a client that is stopped answers nothing, and may be let go on. */
const maxUnanswered = 40;

/** What whoever registered a key may know: all of it is public. Lines are as OpenSSH writes them. */
export interface RegisteredSshKey {
  readonly fingerprint: string;
  readonly certificate: string;
  readonly hostKey: string;
  readonly authority: string;
}

/** The listener for SSH with all that is behind it. */
export interface SshDoor extends AsyncDisposable {
  readonly address: { readonly host: string; readonly port: number };
  /** Of the host key that clients see. */
  readonly fingerprint: string;
  /** Lets a public key stand for this login until it ends. @returns a sentence when it is not taken */
  register(line: string, login: Login): RegisteredSshKey | string;
  /** A one-time code for one login to one target. @returns a sentence when there is none */
  issueCode(target: string, login: Login): { readonly code: string; readonly expiresAtMs: number } | string;
  /** Takes back what a principal registered. @param issuer any, unless given @returns how many keys there were */
  forget(principal: string, issuer?: string): number;
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
  const codes = new SshCodes(clock, listen.registered_keys);
  const hostKey = await sshKey('host_key', listen, config.state_dir, ports.secrets);
  const authority = await sshAuthority('ca_key', listen, config.state_dir, ports.secrets);
  const shown = publicHalf(hostKey);
  const certificateLogin = (blob: Buffer): { readonly key: PublicKey; readonly login: Login } | string => {
    const authorities = [authority.publicKey];
    const check = { kind: 'user', authorities, nowMs: clock.now(), understood: understoodOfUsers } as const;
    const read = readCertificate(blob, check);
    if (typeof read === 'string') return read;
    const login = keys.findCertified(read);
    return login ? { key: read.key, login } : `a certificate of a login that is over: ${fingerprint(read.key.blob)}`;
  };
  const protocol = openSsh({
    hostKey,
    hostCertificate: hostCertificate(authority, shown, () => clock.now()),
    admission,
    nextId,
    target: (name) => targets.ssh(name),
    keyLogin: (blob) => keys.find(blob),
    certificateLogin,
    codeLogin: (given, target) => codes.redeem(given, target),
    deviceLogin: deviceLogin(config, ports),
    maxAttempts: listen.auth_attempts,
    limits: {
      sizes: channelSizes(listen),
      maxChannels: listen.channels,
      maxChannelsPerPrincipal: listen.channels_per_principal,
      maxForwards: listen.forwards,
      maxLineBytes: config.limits.statement_bytes,
      keepAliveMs,
      maxUnanswered,
      maxTerminalBytes: config.recordings.max_terminal_bytes,
      sftp: {
        maxPacketBytes: listen.sftp.packet_bytes,
        maxRequests: listen.sftp.requests,
        maxHandles: listen.sftp.handles,
        maxPathBytes: listen.sftp.path_bytes,
        maxMaskedFileBytes: listen.sftp.masked_file_bytes,
        maxMaskedBytes: listen.sftp.masked_bytes,
        maxMaskedTotalBytes: listen.sftp.masked_total_bytes,
      },
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
      if (typeof registered === 'string') return registered;
      const { key, serial } = registered;
      const { principal, expiresAtMs: untilMs } = login;
      const nowMs = clock.now();
      const about = { key, serial, principal: principal.id, loggedInAt: principal.auth.at, nowMs, untilMs };
      return {
        fingerprint: registered.fingerprint,
        certificate: certificateLine(userCertificate(authority, about), key),
        hostKey: publicKeyLine(shown),
        authority: publicKeyLine(authority.publicKey),
      };
    },
    issueCode: (target, login) =>
      targets.ssh(target) ? codes.issue(target, login) : `there is no SSH target ${JSON.stringify(target)}`,
    forget(principal, issuer) {
      codes.forget(principal, issuer);
      return keys.forget(principal, issuer);
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
