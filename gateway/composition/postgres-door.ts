import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { Config } from '../config/index.ts';
import { type Listener, openListener } from '../listen/listener.ts';
import { openPostgres } from '../protocols/postgres/index.ts';
import { keepAliveMs, type DoorPorts } from './door.ts';

/**
 * The listener for PostgreSQL with all that is behind it.
 * @throws SallyportError `config-invalid` when the address cannot be had
 */
export async function openPostgresDoor(config: Config, ports: DoorPorts): Promise<Listener> {
  const { admission, nextId, targets, registry, log, onEvent, identity } = ports;
  const { host, port, tls, auth, cleartext_loopback } = config.listen.postgres;
  const challenge = identity().oauthChallenge();
  const protocol = openPostgres({
    tls:
      tls &&
      createSecureContext({ cert: await readFile(tls.cert), key: await readFile(tls.key), minVersion: 'TLSv1.2' }),
    allowCleartextOnLoopback: cleartext_loopback,
    mechanism: auth === 'oauth' ? 'oauth' : 'cleartext',
    discovery: challenge && { configurationUrl: challenge.openid_configuration, scope: challenge.scope },
    stepMs: config.limits.unauthenticated_ms,
    authenticate: async (token, method) => {
      const verdict = await identity().verify(token, method);
      return verdict.ok ? verdict : { ok: false, message: verdict.message };
    },
    admission,
    nextId,
    target: (name, database) => targets.postgres(name, database),
    limits: {
      maxMessageBytes: config.limits.message_bytes,
      maxBufferBytes: config.limits.session_buffer_bytes,
      keepAliveMs,
      idleMs: config.sessions.idle_s === undefined ? undefined : config.sessions.idle_s * 1_000,
    },
    log: (message, { error, ...about }) => log.say('warn', { ...about, err: error }, message),
  });
  return openListener({
    host,
    port,
    registry,
    onConnection: (connection) => protocol.serve(connection),
    refuse: (socket, why) => void protocol.refuse(socket, why),
    onEvent,
  });
}
