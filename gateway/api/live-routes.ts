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
      if (!ndjson) return over(session);
      return { ok: true, ndjson: whileGood(ndjson, () => ports.clock.now() < call.login.expiresAtMs) };
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

/** Lines as long as the token of whoever watches is good: like a session, a look does not outlive it. Not a generator: nobody could end one that waits. */
function whileGood(lines: AsyncIterable<Uint8Array>, isGood: () => boolean): AsyncIterableIterator<Uint8Array> {
  const from = lines[Symbol.asyncIterator]();
  const leave = async (): Promise<IteratorResult<Uint8Array>> => {
    await from.return?.();
    return { done: true, value: undefined };
  };
  return {
    async next() {
      const next = await from.next();
      return next.done || isGood() ? next : leave();
    },
    return: leave,
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
