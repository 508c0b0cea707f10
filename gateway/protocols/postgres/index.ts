import type { SecureContext } from 'node:tls';
import type { FrontDoor } from '../front-door.ts';
import { encodeError, type Report } from './codec/errors.ts';
import type { HandshakeOptions } from './login/handshake-terms.ts';
import { acceptClient } from './login/handshake.ts';
import { CancelKeys } from './session/cancel.ts';
import { openSession, type OpenPorts } from './session/open.ts';

export { forgetfulKeeper } from './catalog/labels.ts';
export { catalogReader } from './catalog/reader.ts';
export { type CatalogReader, TargetCatalog } from './catalog/catalog.ts';
export type { PgTarget } from './session/open.ts';
export { connectUpstream, type UpstreamTarget } from './login/upstream.ts';

export interface PostgresOptions extends Omit<OpenPorts, 'cancelKeys'> {
  readonly tls: SecureContext | undefined;
  readonly allowCleartextOnLoopback: boolean;
  readonly mechanism: HandshakeOptions['mechanism'];
  readonly discovery: HandshakeOptions['discovery'];
  readonly stepMs: number;
  readonly authenticate: HandshakeOptions['authenticate'];
}

/** PostgreSQL's front door: README.md in this folder tells the life of a connection. */
export function openPostgres(options: PostgresOptions): FrontDoor {
  const cancelKeys = new CancelKeys();
  const handshake: Omit<HandshakeOptions, 'tls' | 'discovery'> = {
    allowCleartextOnLoopback: options.allowCleartextOnLoopback,
    mechanism: options.mechanism,
    stepMs: options.stepMs,
    turnAway: () => undefined,
    authenticate: options.authenticate,
  };
  const { tls, discovery } = options;
  const full: HandshakeOptions = { ...handshake, ...(tls ? { tls } : {}), ...(discovery ? { discovery } : {}) };
  const ports: OpenPorts = { ...options, cancelKeys };

  return {
    async serve(connection) {
      const { ip } = connection.peer;
      const signal = AbortSignal.any([connection.signal, connection.loginDeadline]);
      const arrival = await acceptClient(connection.socket, full, signal);
      switch (arrival.kind) {
        case 'gone':
          return;
        case 'cancel':
          cancelKeys.cancel(arrival.key);
          arrival.socket.end();
          return;
        case 'refused':
          options.admission.refusedLogin(
            'postgres',
            { ip, application: arrival.startup?.application ?? '' },
            arrival.why,
          );
          return;
        case 'client': {
          const place = connection.admit(`${arrival.login.principal.issuer} ${arrival.login.principal.id}`);
          const no = place === 'admitted' ? await openSession(arrival, ip, ports, connection) : tooMany;
          if (no && arrival.socket.writable) arrival.socket.end(encodeError(no));
          return;
        }
        default:
          return arrival satisfies never;
      }
    },

    refuse(socket, why) {
      const what = why === 'too-many-connections' ? 'connections' : 'connections that have not logged in';
      socket.end(encodeError({ severity: 'FATAL', sqlstate: '53300', message: `the gateway has too many ${what}` }));
      return undefined;
    },
  };
}

const tooMany: Report = {
  severity: 'FATAL',
  sqlstate: '53300',
  message: 'you have too many connections to this gateway',
  hint: 'Close some, or ask for a higher connections_per_principal.',
};
