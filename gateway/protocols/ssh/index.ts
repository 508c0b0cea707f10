import ssh2 from 'ssh2';
import type { FrontDoor } from '../front-door.ts';
import { offered } from './algorithms.ts';
import { type ChannelSizes, forLibrary } from './channel-sizes.ts';
import { disconnectReasons, guard } from './guard.ts';
import { offerLogins, type SshLogins } from './handshake.ts';
import { assertPatched } from './library.ts';
import { ClientReading } from './reading.ts';
import { SshSession, type SshSessionPorts } from './session.ts';
import { Room } from './sftp/room.ts';
import { CommandShares } from './shares.ts';

export type { DeviceLoginPrompt, Proven } from './handshake.ts';
export { fingerprint, parsePublicKey, type PublicKey, publicKeyLine } from './public-key.ts';
export { shellQuestion } from './login-shell.ts';
export type { SshTarget } from './upstream.ts';
export type { ChannelSizes };
export { SshCodes } from './codes.ts';
export { SshKeys } from './keys.ts';
export { newHostKey, newKeyPair, publicHalf } from './host-key.ts';
export { readTrustedHosts, trustHost } from './trusted-hosts.ts';
export { connectSshUpstream, type HostSecret, readHostKey } from './upstream.ts';
export { certificateEndMs, readCertificate } from './certificate.ts';
export {
  type Authority,
  authorityLine,
  certificateLine,
  gatewayName,
  hostCertificate,
  openAuthority,
  understoodOfUsers,
  upstreamCertificate,
  userCertificate,
} from './authority.ts';

export interface SshOptions extends SshSessionPorts, SshLogins {
  /** PEM or OpenSSH's form. What clients know the gateway by. */
  readonly hostKey: string;
  /** A certificate over it that is good now, in its wire form. */
  readonly hostCertificate: () => Buffer;
}

const maxApplicationLength = 64;
/**
 * OpenSSH's sftp has the two paths of a symbolic link in its own order, and asyncssh, libssh and WinSCP take that order only where the version
 * line names it. Behind the space is the comment (RFC 4253 section 4.2), in which nobody looks for the faults of a release.
 */
const version = 'Sallyport (sftp as OpenSSH_9.2)';

/** SSH's front door: README.md in this folder tells the life of a connection. */
export function openSsh(options: SshOptions): FrontDoor {
  assertPatched();
  const room = new Room(options.limits.sftp.maxMaskedTotalBytes);
  const shares = new CommandShares(options.limits.maxChannelsPerPrincipal);
  return {
    async serve(connection) {
      const { socket, peer, signal } = connection;
      socket.setNoDelay(true);
      const over = Promise.withResolvers<void>();
      let session: SshSession | undefined;
      let application = '';
      const refusedLogin = (why: string) => options.admission.refusedLogin('ssh', { ip: peer.ip, application }, why);

      // One for each connection: the library gives its listener no way to tell which socket a client came by.
      const hostKey = { key: options.hostKey, certificate: options.hostCertificate() };
      const server = new ssh2.Server(
        {
          hostKeys: [hostKey],
          algorithms: offered,
          ident: version,
          keepaliveInterval: options.limits.keepAliveMs,
          keepaliveCountMax: options.limits.maxUnanswered,
          ...forLibrary(options.limits.sizes),
        },
        (client, { header }) => {
          application = header.versions.software.replace(/[^ -~]/g, '?').slice(0, maxApplicationLength);
          const reading = new ClientReading(socket);
          const door = guard(client, {
            onViolation: (why) => (session ? session.refused(why, '') : refusedLogin(why)),
            onRefused: (what) => session?.notOffered(what),
            onPassed: () => reading.answered(),
          });
          let isBroken = false;
          client.on('error', (error) => {
            if (levelOf(error) === 'client-timeout') session?.unanswered();
            // What the library cannot decrypt or parse. It hangs up by itself, and says the same of what was on its way.
            if (isBroken || isHangUp(error)) return;
            isBroken = true;
            session?.refused(`protocol: ${error.message}`, '');
          });
          const draining = AbortSignal.any([connection.draining, connection.loginDeadline]);
          draining.addEventListener('abort', () => {
            if (!session)
              door.disconnect(
                disconnectReasons.byApplication,
                connection.draining.aborted ? 'the gateway is stopping' : 'the login took too long',
              );
          });
          offerLogins(
            client,
            options,
            {
              onProven(login, asked) {
                const who = `${login.principal.issuer} ${login.principal.id}`;
                const place = connection.admit(who);
                if (place !== 'admitted') {
                  const why = 'you have too many connections to this gateway';
                  return door.disconnect(disconnectReasons.tooManyConnections, why);
                }
                const { draining: stopping } = connection;
                session = new SshSession(
                  {
                    client,
                    socket,
                    reading,
                    login,
                    ip: peer.ip,
                    application,
                    signal,
                    draining: stopping,
                    room,
                    share: shares.of(who),
                    ...asked,
                  },
                  options,
                );
                void session.run().then((why) => {
                  if (socket.writable) door.disconnect(disconnectReasons.byApplication, why);
                  over.resolve();
                });
              },
              onRefused: refusedLogin,
              tell: (text) => door.tell(text),
              onGivenUp: (why) => door.disconnect(disconnectReasons.byApplication, why),
            },
            AbortSignal.any([signal, connection.loginDeadline]),
          );
        },
      );
      server.on('error', () => undefined);
      signal.addEventListener('abort', () => {
        if (!session) over.resolve();
      });
      server.injectSocket(socket);
      await over.promise;
    },

    refuse(socket, why) {
      const what = why === 'too-many-connections' ? 'connections' : 'connections that have not logged in';
      // Lines before the version are a server's way to speak to people (RFC 4253 section 4.2); `ssh -v` and `nc` show them.
      socket.end(`the gateway has too many ${what}\r\n`);
      return undefined;
    },
  };
}

function isHangUp(error: Error): boolean {
  const level = levelOf(error);
  return level === 'socket' || level === 'client-timeout' || 'code' in error;
}

function levelOf(error: Error): unknown {
  return 'level' in error ? error.level : undefined;
}
