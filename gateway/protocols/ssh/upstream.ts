import { once } from 'node:events';
import ssh2, { type AnyAuthMethod, Client, type ClientChannel, type ParsedKey, type PseudoTtyOptions } from 'ssh2';
import { SallyportError } from '../../contract/errors.ts';
import type { Shell } from '../../facts/shell/index.ts';
import { askedOfTargets } from './algorithms.ts';
import { certificateSuffix } from './certificate.ts';
import { type ChannelSizes, forLibrary } from './channel-sizes.ts';
import { guardHost } from './host-guard.ts';
import { UpstreamForwards } from './upstream-forwards.ts';
import { fingerprint, type PublicKey, publicKeyOf } from './public-key.ts';

export interface SshUpstreamTarget {
  readonly host: string;
  readonly port: number;
  /** The keys that the host may show. Empty: none is trusted, and nobody gets in. */
  readonly hostKeys: readonly PublicKey[];
  /** For TCP, key exchange and login together. */
  readonly connectTimeoutMs: number;
  readonly keepAliveMs: number;
  readonly sizes: ChannelSizes;
}

export interface SshUpstreamCredential {
  readonly user: string;
  readonly secret: HostSecret;
}

/** A private key in OpenSSH's or PEM's form, with a certificate over it where the host trusts an authority; or a password. */
export type HostSecret =
  { readonly key: string; readonly certificate?: Buffer } | { readonly password: string; readonly certificate?: never };

/** One host. */
export interface SshTarget {
  /** The login that is used where the client names none. */
  readonly defaultLogin: string;
  /** The shell that the host's logins have: it reads each line after us. */
  readonly shell: Shell;
  /** Whether the host is asked which shell it is: @see askLoginShell */
  readonly asksShell: boolean;
  /** Names of variables that clients may set; `*` at the end stands for anything. */
  readonly acceptEnv: readonly string[];
  /**
   * @param who for the host's own log, where the gateway can say it there: principal and session
   * @returns undefined when the gateway has no credential for this login. @throws SallyportError
   */
  connect(user: string, who: string, signal: AbortSignal): Promise<SshUpstream | undefined>;
}

/** A host, logged in. */
export interface SshUpstream extends Disposable {
  /** @throws SallyportError `upstream-refused` when the host will not run it, `upstream-lost` */
  exec(line: string, options: ExecOptions): Promise<ClientChannel>;
  /** The login's own shell. @throws as `exec` */
  shell(options: ExecOptions): Promise<ClientChannel>;
  /** One of the programs in the host's configuration. @throws as `exec` */
  subsystem(name: string): Promise<ClientChannel>;
  readonly forwards: UpstreamForwards;
  /** Aborts when the connection is over, whoever ended it. Its reason is a SallyportError: `upstream-lost`, `protocol-violation`. */
  readonly lost: AbortSignal;
}

export interface ExecOptions {
  readonly env: { readonly [name: string]: string };
  readonly pty: PseudoTtyOptions | undefined;
}

/**
 * Connects, checks the host's key against the pinned ones and logs in.
 * @throws SallyportError `host-key-unknown`, `upstream-auth`, `upstream-refused`, `upstream-timeout`, `upstream-lost`, `credential-missing` for a
 * key that cannot be read
 */
export async function connectSshUpstream(
  target: SshUpstreamTarget,
  { user, secret }: SshUpstreamCredential,
  signal: AbortSignal,
): Promise<SshUpstream> {
  if (target.hostKeys.length === 0)
    throw new SallyportError('host-key-unknown', `no host key of ${target.host}:${target.port} is trusted`);
  const client = new Client();
  // What is lost is told by `close`, before the login and behind it; without a listener an error would end the process.
  client.on('error', () => undefined);
  let shown: string | undefined;
  const lost = new AbortController();
  client.on('close', () => lost.abort(new SallyportError('upstream-lost', `${target.host} closed the connection`)));
  const late = AbortSignal.timeout(target.connectTimeoutMs);
  const stop = AbortSignal.any([signal, late]);
  try {
    const ready = once(client, 'ready', { signal: stop });
    client.connect({
      host: target.host,
      port: target.port,
      username: user,
      algorithms: askedOfTargets(target.hostKeys.map(({ type }) => type)),
      hostVerifier: (key: Buffer) => {
        if (target.hostKeys.some(({ blob }) => blob.equals(key))) return true;
        shown = fingerprint(key);
        return false;
      },
      // Only this one method, in the clear to nobody: a host must not talk the gateway into another.
      authHandler: [methodOf(user, secret)],
      readyTimeout: 0,
      keepaliveInterval: target.keepAliveMs,
      keepaliveCountMax: 4,
      ...forLibrary(target.sizes),
    });
    guardHost(client, (why) => lost.abort(new SallyportError('protocol-violation', `${target.host}: ${why}`)));
    // A key that is typed goes at once: it would wait 40 ms for the host's acknowledgement of the one before.
    client.setNoDelay(true);
    await ready;
  } catch (error) {
    client.destroy();
    if (stop.reason === late.reason && late.aborted) throw tooLate(target);
    throw failureOf(error, target, shown);
  }
  return {
    lost: lost.signal,
    exec: (line, { env, pty }) =>
      opened(lost.signal, (done) => client.exec(line, { env: { ...env }, ...(pty ? { pty } : {}) }, done)),
    shell: ({ env, pty }) => opened(lost.signal, (done) => client.shell(pty ?? false, { env: { ...env } }, done)),
    subsystem: (name) => opened(lost.signal, (done) => client.subsys(name, done)),
    forwards: new UpstreamForwards(client, lost.signal),
    [Symbol.dispose]: () => void client.end(),
  };
}

function methodOf(username: string, secret: HostSecret): AnyAuthMethod {
  if ('password' in secret) return { type: 'password', username, password: secret.password };
  const key = ssh2.utils.parseKey(secret.key);
  if (key instanceof Error) throw new SallyportError('credential-missing', `the key cannot be read: ${key.message}`);
  return { type: 'publickey', username, key: secret.certificate ? certified(key, secret.certificate) : key };
}

/** The key that signs, shown as its certificate. */
function certified(key: ParsedKey, certificate: Buffer): ParsedKey {
  const shown = {
    type: { value: `${key.type}${certificateSuffix}` },
    getPublicSSH: { value: () => certificate },
  };
  return Object.create(key, shown) as ParsedKey; // a key in all but what it shows
}

function opened(
  lost: AbortSignal,
  open: (done: (error: Error | undefined, channel: ClientChannel) => void) => void,
): Promise<ClientChannel> {
  const { promise, resolve, reject } = Promise.withResolvers<ClientChannel>();
  if (lost.aborted) {
    reject(lost.reason);
    return promise;
  }
  lost.addEventListener('abort', () => reject(lost.reason), { once: true });
  open((error, channel) => {
    if (error)
      reject(new SallyportError('upstream-refused', `the host does not run it: ${error.message}`, { cause: error }));
    else resolve(channel);
  });
  return promise;
}

/** The key that a host shows, without logging in: for `sallyport target trust`. @throws SallyportError `upstream-refused` */
export async function readHostKey(host: string, port: number, signal: AbortSignal): Promise<PublicKey> {
  const client = new Client();
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  client.on('error', reject).on('close', () => reject(new Error('the host hung up')));
  const aborted = () => reject(signal.reason);
  signal.addEventListener('abort', aborted, { once: true });
  client.connect({
    host,
    port,
    username: 'sallyport',
    algorithms: askedOfTargets(),
    hostVerifier: (key: Buffer) => {
      resolve(key);
      return false;
    },
    readyTimeout: 0,
  });
  try {
    const key = publicKeyOf(await promise);
    if (typeof key === 'string') throw new Error(key);
    return key;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SallyportError('upstream-refused', `no host key from ${host}:${port}: ${why}`, { cause });
  } finally {
    signal.removeEventListener('abort', aborted);
    client.destroy();
  }
}

function tooLate({ host, port, connectTimeoutMs }: SshUpstreamTarget): SallyportError {
  const why = `${host}:${port} did not let the gateway in within ${connectTimeoutMs / 1_000} s`;
  return new SallyportError('upstream-timeout', why);
}

function failureOf(
  error: unknown,
  { host, port, hostKeys }: SshUpstreamTarget,
  shown: string | undefined,
): SallyportError {
  const at = `${host}:${port}`;
  if (shown !== undefined) {
    const trusted = hostKeys.map(({ blob }) => fingerprint(blob)).join(', ');
    return new SallyportError('host-key-unknown', `${at} shows the key ${shown}; trusted is ${trusted}`);
  }
  if (error instanceof SallyportError) return error;
  const why = error instanceof Error ? error.message : String(error);
  const level = error instanceof Error && 'level' in error ? error.level : undefined;
  if (level === 'client-authentication') return new SallyportError('upstream-auth', `${at} refused the login: ${why}`);
  return new SallyportError('upstream-refused', `cannot connect to ${at}: ${why}`, { cause: error });
}
