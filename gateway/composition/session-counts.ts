import type { Session, SessionsPort } from '../api/ports.ts';
import type { RecordingRoom } from '../recordings/index.ts';
import type { SessionRecord, SessionStore } from '../store/sessions.ts';

/** The index of sessions, with what the open ones came to so far: the index itself is told when they end. */
export function countedSessions(
  index: Pick<SessionStore, 'get' | 'list'>,
  recordings: Pick<RecordingRoom, 'countsOf'>,
): SessionsPort {
  const counted = (session: SessionRecord): Session =>
    session.endedAtMs === null ? { ...session, counts: recordings.countsOf(session.id) ?? null } : session;
  return {
    async list(filter) {
      return (await index.list(filter)).map(counted);
    },
    async get(id) {
      const session = await index.get(id);
      return session && counted(session);
    },
  };
}
