import { asId } from '../contract/ids.ts';
import type { SessionId } from '../contract/ids.ts';
import type { Handlers } from './handlers.ts';
import { judge, logRefused } from './judge.ts';
import type { Subject } from './judge.ts';
import type { ApiPorts, Session } from './ports.ts';
import { problem } from './problem.ts';
import { viewAuditEntry, viewSession } from './views.ts';

type Reading = Pick<
  Handlers,
  'sessionsList' | 'sessionsShow' | 'recording' | 'auditQuery' | 'policyStatus' | 'policyShadow'
>;

/** Sessions, recordings, the log and policy's status: what can be looked at. Looking is logged. */
export function readingRoutes(ports: ApiPorts): Reading {
  return {
    async sessionsList({ call, query }) {
      const released = await judge(
        ports,
        call,
        'sessions.list',
        { kind: 'session', id: '*', owner: query.principal ?? '' },
        'written',
      );
      if (!released.ok) return released;
      const { principal, target, open, since, until, limit } = query;
      const filter = defined({
        principal,
        target,
        open,
        sinceMs: since,
        untilMs: until,
        limit: Math.min(limit, released.maxRows),
      });
      return { ok: true, json: { sessions: (await ports.sessions.list(filter)).map(viewSession) } };
    },

    async sessionsShow({ call, id }) {
      const session = await ports.sessions.get(id);
      const released = await judge(ports, call, 'sessions.show', subjectOf(id, session), 'written');
      if (!released.ok) return released;
      return session ? { ok: true, json: viewSession(session) } : problem('not_found', 'there is no such session');
    },

    async recording({ call, id }) {
      const session = await ports.sessions.get(id);
      const released = await judge(ports, call, 'sessions.replay', subjectOf(id, session), 'flushed');
      if (!released.ok) return released;
      // A row limit cannot be kept on a recording: what is in it went out in its own time, under its own limits.
      if (released.maxRows !== Infinity) {
        await logRefused(ports, call, 'sessions.replay', subjectOf(id, session), 'limit');
        return problem('denied', 'denied: policy asks for a limit that a recording cannot carry');
      }
      const ndjson = session && (await ports.readRecording(asId<SessionId>(id)));
      return ndjson ? { ok: true, ndjson } : problem('not_found', 'there is no recording of such a session');
    },

    async auditQuery({ call, query }) {
      const released = await judge(
        ports,
        call,
        'audit.query',
        { kind: 'audit', id: '*', owner: query.identity ?? '' },
        'written',
      );
      if (!released.ok) return released;
      const { since, until, limit, ...rest } = query;
      const filter = defined({ ...rest, sinceMs: since, untilMs: until, limit: Math.min(limit, released.maxRows) });
      return { ok: true, json: { entries: (await ports.queryAudit(filter)).map(viewAuditEntry) } };
    },

    async policyStatus({ call }) {
      const released = await judge(
        ports,
        call,
        'policy.status',
        { kind: 'policy', id: 'active', owner: '' },
        'written',
      );
      return released.ok ? { ok: true, json: ports.policyStatus() } : released;
    },

    async policyShadow({ call, query }) {
      const subject = { kind: 'policy', id: 'shadow', owner: '' } as const;
      const released = await judge(ports, call, 'policy.shadow', subject, 'written');
      if (!released.ok) return released;
      const report = ports.shadowReport(Math.min(query.limit, released.maxRows));
      if (report) return { ok: true, json: report };
      return problem('not_found', 'there is no shadow bundle: set policy.shadow in the configuration');
    },
  };
}

export function subjectOf(id: string, session: Session | undefined): Subject {
  return { kind: 'session', id, owner: session?.frame.principal.id ?? '', session: id };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the members that are undefined. */
function defined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Defined<T>; // what was filtered out is what the type leaves out
}
