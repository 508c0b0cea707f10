import { asId, type SessionId } from '../contract/ids.ts';
import type { Handlers } from './handlers.ts';
import { judge, logRefused } from './judge.ts';
import type { ApiPorts, Session } from './ports.ts';
import { problem } from './problem.ts';
import { subjectOf } from './reading-routes.ts';

/** Sessions that go on: watched while they do, and ended. */
export function liveRoutes(ports: ApiPorts): Pick<Handlers, 'sessionsWatch' | 'sessionsKill'> {
  const over = (session: Session | undefined) =>
    session === undefined || session.endedAtMs === null
      ? problem('not_found', 'no such session is open on this gateway')
      : problem('not_found', 'this session is over', `What it was: sallyport sessions replay ${session.id}`);
  return {
    async sessionsWatch({ call, id }) {
      const session = await ports.sessions.get(id);
      const subject = subjectOf(id, session);
      const released = await judge(ports, call, 'sessions.watch', subject, 'flushed');
      if (!released.ok) return released;
      // As for a recording: no row limit can be kept on it.
      if (released.maxRows !== Infinity) {
        await logRefused(ports, call, 'sessions.watch', subject, 'limit');
        return problem('denied', 'denied: policy asks for a limit that a recording cannot carry');
      }
      const ndjson = await ports.watchRecording(asId<SessionId>(id));
      return ndjson ? { ok: true, ndjson } : over(session);
    },

    async sessionsKill({ call, id, body }) {
      const session = await ports.sessions.get(id);
      const released = await judge(ports, call, 'sessions.kill', subjectOf(id, session), 'flushed');
      if (!released.ok) return released;
      const why = body.reason === '' ? '' : `: ${body.reason}`;
      const isEnded = ports.endSession(asId<SessionId>(id), `session ended by ${call.principal.id}${why}`);
      return isEnded ? { ok: true, json: { session: id } } : over(session);
    },
  };
}
