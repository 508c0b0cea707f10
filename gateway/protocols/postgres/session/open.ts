import { SallyportError } from '../../../contract/errors.ts';
import type { Admission } from '../../../contract/gate.ts';
import { asId, type SessionId } from '../../../contract/ids.ts';
import { encodeGreeting, encodeParameterStatus } from '../codec/backend.ts';
import type { TargetCatalog } from '../catalog/catalog.ts';
import { SessionCatalog } from '../catalog/session-catalog.ts';
import { brokenReport, denialReport, type Report } from '../codec/errors.ts';
import type { Arrival } from '../login/handshake.ts';
import type { CancelKeys } from './cancel.ts';
import { applySettings } from './settings.ts';
import { PgSession } from './session.ts';
import { searchPathQuery, standingOf } from './own.ts';
import { pinned, type Upstream } from '../login/upstream.ts';

/** One database of one target. */
export interface PgTarget {
  readonly catalog: TargetCatalog;
  /** @returns undefined when the gateway has no credential for this login. @throws SallyportError upstream-* */
  connect(user: string, application: string, signal: AbortSignal): Promise<Upstream | undefined>;
}

export interface OpenPorts {
  readonly admission: Admission;
  readonly nextId: () => string;
  /** @param database undefined for the target's own */
  target(name: string, database: string | undefined): PgTarget | undefined;
  readonly cancelKeys: CancelKeys;
  readonly limits: PgLimits;
  readonly log: (
    message: string,
    fields: {
      readonly session: string;
      readonly target?: string;
      readonly user?: string;
      readonly error?: unknown;
      readonly why?: string;
    },
  ) => void;
}

export interface PgLimits {
  readonly maxMessageBytes: number;
  readonly maxBufferBytes: number;
  readonly keepAliveMs: number;
  readonly idleMs?: number | undefined;
}

/**
 * Takes a proven client through the second door: admission, the target's own login, the start-up settings, and then the session.
 * Resolves when the session is over. @returns what the client has to be told when it did not come to one
 */
export async function openSession(
  arrival: Arrival & { readonly kind: 'client' },
  ip: string,
  ports: OpenPorts,
  { signal, draining }: { readonly signal: AbortSignal; readonly draining: AbortSignal },
): Promise<Report | undefined> {
  const { startup, login, socket } = arrival;
  const id = asId<SessionId>(ports.nextId());
  const [name = '', ...rest] = startup.database.split('/');
  const database = rest.length > 0 ? rest.join('/') : undefined;
  const client = { ip, application: startup.application };
  const admitted = await ports.admission.admit({
    id,
    login,
    protocol: 'postgres',
    target: name,
    user: startup.user,
    client,
  });
  const detail = `session ${id}`;
  if (!admitted.ok) return { ...refusal(admitted), detail };
  const { gate } = admitted;
  let reason = 'not connected';
  try {
    const target = ports.target(name, database);
    if (!target)
      return { ...fatal('3D000', `target "${name}" has no database "${database ?? ''}"`), detail, hint: databaseHint };
    const application = `sallyport ${id}`;
    await using upstream = await target.connect(startup.user, application, signal);
    if (!upstream)
      return {
        ...fatal('28000', `the gateway has no login "${startup.user}" for target "${name}"`),
        detail,
        hint: userHint,
      };
    const major = Number.parseInt(upstream.parameters.get('server_version') ?? '', 10);
    await target.catalog.refreshIfStale(signal);
    const why = await applySettings(startup.settings, { gate, catalog: target.catalog, upstream, major }, signal);
    if (why !== undefined)
      return typeof why === 'string' ? fatal('22023', why) : { ...denialReport(why), severity: 'FATAL' };
    const searchPathEpoch = target.catalog.epoch;
    const { rows } = await upstream.simpleQuery(searchPathQuery, signal);
    using catalog = new SessionCatalog(target.catalog, id);
    const session = new PgSession({
      client: socket,
      server: upstream.socket,
      gate,
      catalog,
      major,
      standing: standingOf(rows),
      searchPathEpoch,
      ...ports.limits,
      cancelUpstream: () =>
        upstream.cancel(AbortSignal.timeout(10_000)).catch((error: unknown) => {
          ports.log('cancel request lost', { session: id, error });
        }),
      pinned,
      heartbeat: encodeParameterStatus('client_encoding', 'UTF8'),
      log: (message, error) => ports.log(message, { session: id, error }),
    });
    using registered = ports.cancelKeys.register(startup.agreedMinor, () => session.cancel());
    const parameters = new Map(upstream.parameters).set('application_name', startup.application);
    socket.write(encodeGreeting(parameters, registered.key, 'I'));
    reason = await session.run(draining);
    return undefined;
  } catch (error) {
    reason = error instanceof SallyportError ? error.code : 'failed';
    ports.log('session failed', { session: id, target: startup.database, user: startup.user, error });
    return { ...brokenReport(error), detail, hint: logHint };
  } finally {
    await gate.end(reason).catch((error: unknown) => ports.log('session end not recorded', { session: id, error }));
  }
}

const databaseHint =
  'The database of a connection is the name of a target, or TARGET/DATABASE for another of its databases. "sallyport target list" says which are yours.';
const userHint =
  'The user of a connection is a login of the target, not your own name. "sallyport target list" says which there are for you.';

const logHint = 'The log of the gateway says why, under this session.';
const hints = { no_target: databaseHint, denied: undefined, unavailable: logHint } as const;

function refusal(no: Awaited<ReturnType<Admission['admit']>> & { ok: false }): Report {
  const sqlstate = { no_target: '3D000', denied: '28000', unavailable: '57P03' }[no.code];
  const report = fatal(sqlstate, no.message);
  const hint = no.hint ?? hints[no.code];
  return hint === undefined ? report : { ...report, hint };
}

function fatal(sqlstate: string, message: string): Report {
  return { severity: 'FATAL', sqlstate, message };
}
